internal import ArgumentParser
internal import AtlasExperiments
internal import Clew
internal import Dispatch
internal import Explorer
internal import Foundation
internal import Synchronization

/// Serves the explorer's page.
struct ExploreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explore",
    abstract: "Opens graphs in the browser.",
    discussion: """
      Serves a page on this machine's own address until Ctrl-C. Without a graph it shows the demo's question, and \
      lists what was traced into the output folder and opened in the page before. A prompt traced in the page gets a \
      folder in the output folder; a file opened in the page is kept in the folder _uploads there. What you pin, group, \
      label and set is kept beside each graph: in view.json in a trace's folder, in NAME.view.json beside a graph file \
      NAME.json.
      """)

  @Argument(
    help:
      "Graph files of any known maker, or folders of traces. (default: the demo's question, traced at the first time, and what is in the output folder)"
  )
  var graphs: [String] = []
  @Option(help: "The model that answers in the page. (default: Atlas)", completion: .directory)
  var model: String?
  @Option(
    help: "Its transcoders, whose examples of features the page shows. (default: Atlas's)",
    completion: .directory)
  var transcoders: String?
  @Option(help: "The folder that gets a folder for each prompt traced in the page.", completion: .directory)
  var output = "Output"
  @Option(help: "The port; 0 for any that is free.") var port: UInt16 = 7321
  @Option(
    help:
      "The address to listen on. With any but this machine's own, a token is needed to open the page; it is part of the address that is printed."
  )
  var host = "127.0.0.1"
  @Flag(inversion: .prefixedNo, help: "Open the page in the browser.") var open = true
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    guard (model == nil) == (transcoders == nil) else {
      throw ValidationError("--model and --transcoders come together: transcoders are made for one model.")
    }
    if output.isEmpty { throw ValidationError("--output must name a folder.") }
  }

  func run() throws {
    threads.apply()
    let transcodersFolder =
      try transcoders.map { try WeightFolder.transcoders($0) } ?? Atlas.folder(Atlas.transcodersPath)
    let opened = try TracingModel(
      model: model.map { try WeightFolder.model($0) } ?? Atlas.folder(Atlas.modelPath),
      transcoders: transcodersFolder)
    let library = try ExampleLibrary(
      folder: transcodersFolder, isAskedFor: transcoders != nil, tokenizer: opened.tokenizer)
    let service = LiveService(
      opened, examples: library, output: URL(filePath: output),
      command: ["clew"] + CommandLine.arguments.dropFirst())
    var settings = ExplorerSettings(host: host, port: port)
    settings.uploads = URL(filePath: output).appending(path: "_uploads")
    if !settings.isLoopback { settings.token = Self.newToken() }
    let server = try ExplorerServer(
      settings: settings, sources: try sources(library, service), model: service)
    Interruption.whatIsKept = "what you changed is kept"
    // Graphs stay open if the model's files are damaged; what is asked of the model is then refused.
    TornFiles.readZeros()
    try Self.waiting { [open, isSecret = settings.token != nil] in
      try await server.run { address in
        let said = "clew: the explorer is at \(address.absoluteString) (Ctrl-C ends it)"
        // The page is served all the same; where standard output is lost, its address is said elsewhere.
        do { try Terminal.output(said + "\n") } catch { Terminal.complain(said) }
        if open { Self.openBrowser(address, isSecret: isSecret) }
      }
    }
  }

  private func sources(_ library: ExampleLibrary?, _ service: LiveService) throws -> [GraphSource] {
    guard !graphs.isEmpty else {
      // There is something to look at before anything was made; what was pinned in it last time is still there.
      let question = TraceOrder(prompt: Atlas.question)
      let known = service.folder(of: question)
      let first = try known.map { try source(of: $0, library, service) } ?? service.source(of: question)
      return [first] + found(besides: first, library, service)
    }
    return try graphs.map { try source(of: GraphInput($0), library, service) }
  }

  /// What was traced and opened before, the latest last.
  private func found(
    besides first: GraphSource, _ library: ExampleLibrary?, _ service: LiveService
  ) -> [GraphSource] {
    let folder = URL(filePath: output)
    let traces = TraceFolders(parent: folder).latest(Self.mostFound)
      .filter { $0.lastPathComponent != first.viewFile?.deletingLastPathComponent().lastPathComponent }
      // A folder that has just gone is none that was found.
      .compactMap { try? source(of: GraphInput($0.relativePath), library, service) }
    return traces + UploadFolder(folder.appending(path: "_uploads")).sources.suffix(Self.mostFound)
  }

  /// The most traces and the most files that are listed without being named.
  private static let mostFound = 500

  private func source(
    of input: GraphInput, _ library: ExampleLibrary?, _ service: LiveService
  ) throws -> GraphSource {
    // What cannot be read is found before the server starts.
    guard FileManager.default.isReadableFile(atPath: input.file) else {
      throw GraphError.fileFailed(path: input.file, action: "read", reason: "there is no such file")
    }
    let name =
      input.isTraceFolder
      ? URL(filePath: input.path).standardizedFileURL.lastPathComponent
      : URL(filePath: input.path).deletingPathExtension().lastPathComponent
    let own = library?.ifMade(for: input)
    let order = service.order(of: input)
    return GraphSource(
      name: name, purpose: order.flatMap { service.purpose(of: $0) },
      viewFile: input.isPiped ? nil : URL(filePath: SavedView.sidecarPath(besideGraph: input.path)),
      prompt: order?.prompt,
      order: try order.map { try LiveService.data($0) }, features: own
    ) { try input.opened(labels: own) }
  }

  // MARK: The server's surroundings

  /// A word that nobody guesses.
  private static func newToken() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in String(generator.next(), radix: 36) }.joined()
  }

  /// Runs something asynchronous to its end.
  private static func waiting(_ body: @escaping @Sendable () async throws -> Void) throws {
    let failure = Mutex<(any Error)?>(nil)
    let end = DispatchSemaphore(value: 0)
    let box = Box(failure)
    Task {
      do { try await body() } catch { box.failure.withLock { $0 = error } }
      end.signal()
    }
    end.wait()
    if let error = box.failure.withLock({ $0 }) { throw error }
  }

  /// Opens a page. One whose address holds a token is opened through a file that nobody else can read: what a command is
  /// given, all users of a machine can see.
  private static func openBrowser(_ address: URL, isSecret: Bool) {
    let environment = ProcessInfo.processInfo.environment
    #if os(Linux)
      guard environment["DISPLAY"] != nil || environment["WAYLAND_DISPLAY"] != nil else { return }
      let opener = "xdg-open"
    #else
      let opener = "open"
    #endif
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    guard let page = isSecret ? leadingPage(to: address) : address else { return }
    process.arguments = [opener, page.absoluteString]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try? process.run()
  }

  /// A file that leads a browser on to an address.
  private static func leadingPage(to address: URL) -> URL? {
    let file = FileManager.default.temporaryDirectory.appending(path: "clew-\(UUID().uuidString).html")
    let text = #"<!doctype html><meta http-equiv="refresh" content="0;url=\#(address.absoluteString)">"#
    guard
      FileManager.default.createFile(
        atPath: file.path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    else { return nil }
    // The browser has read it by then; its token ends with the server anyway.
    DispatchQueue.global().asyncAfter(deadline: .now() + 30) { try? FileManager.default.removeItem(at: file) }
    return file
  }
}

/// What a task and its starter share.
private final class Box: Sendable {
  let failure: Mutex<(any Error)?>
  init(_ failure: consuming Mutex<(any Error)?>) { self.failure = failure }
}
