import Foundation
import TestSupport
import Testing
import TinyModels

/// The built `clew` command, run as users run it.
struct ClewProcess {
  /// How a run ended.
  struct Outcome {
    let status: Int32
    let output: String
    let error: String
  }

  let process = Process()
  private let streams: TemporaryFolder
  private let ended: AsyncStream<Int32>

  /// Starts the command.
  /// - Parameters:
  ///   - shell: What bash does first, in the process that becomes `clew`: `$$` is its process number.
  ///   - folder: The folder it works in.
  init(_ arguments: [String], after shell: String = "", in folder: URL? = nil) throws {
    streams = try TemporaryFolder()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", "\(shell)\nexec \"$0\" \"$@\"", BuiltCommand.clew.path] + arguments
    process.currentDirectoryURL = folder ?? streams.url
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: try streams.write("out", []))
    process.standardError = try FileHandle(forWritingTo: try streams.write("error", []))
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    ended = stream
    process.terminationHandler = {
      // A signal that ended it counts as shells count it.
      continuation.yield($0.terminationStatus + ($0.terminationReason == .uncaughtSignal ? 128 : 0))
      continuation.finish()
    }
    try process.run()
  }

  /// Waits for its end.
  func outcome() async throws -> Outcome {
    var status: Int32 = -1
    for await code in ended { status = code }
    func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: streams.url(name)), as: UTF8.self)
    }
    return Outcome(status: status, output: try text("out"), error: try text("error"))
  }

  /// Waits until it has come to the step at which a test lets it hold.
  func waitUntilItHolds() async throws {
    let tasks = "/proc/\(process.processIdentifier)/task"
    try await poll(within: .seconds(60), "clew to hold") {
      let numbers = try FileManager.default.contentsOfDirectory(atPath: tasks)
      let waits = numbers.map { try? String(contentsOfFile: "\(tasks)/\($0)/wchan", encoding: .utf8) }
      return waits.contains { $0?.hasSuffix("nanosleep") == true } ? true : nil
    }
  }

  /// Runs the command to its end.
  static func run(
    _ arguments: [String], after shell: String = "", in folder: URL? = nil
  ) async throws -> Outcome {
    try await ClewProcess(arguments, after: shell, in: folder).outcome()
  }
}

extension ClewProcess.Outcome {
  /// Expects what a user sees when something is wrong: the status, and one sentence that names the trouble.
  func expectComplaint(
    _ words: String..., status expected: Int32 = 1, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(status == expected, "\(error)", sourceLocation: sourceLocation)
    #expect(output.isEmpty, sourceLocation: sourceLocation)
    // A log hears every ten seconds how far a command is, and some are held for longer.
    let lines = error.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.hasSuffix(" %") && !$0.hasSuffix(" left") }
    #expect(lines.count == 2 && lines[1].isEmpty, "\(error)", sourceLocation: sourceLocation)
    #expect(error.hasPrefix("clew: ") && error.hasSuffix(".\n"), "\(error)", sourceLocation: sourceLocation)
    for word in words { #expect(error.contains(word), "\(error)", sourceLocation: sourceLocation) }
  }
}

/// A folder that `clew trace` writes to, and what a test put there before.
struct OutputFolder {
  static let traceFiles = [
    "graph.dot", "graph.json", "graph.safetensors", "graph.svg", "report.md", "run.json",
  ]

  let parent: TemporaryFolder
  var url: URL { parent.url("result") }
  private let before: [String: Data]

  /// A folder with a graph from an earlier day, or none.
  init(isThere: Bool = true) throws {
    parent = try TemporaryFolder()
    if isThere {
      try parent.write("result/graph.json", "an older graph".utf8)
      try parent.write("result/notes.txt", "my own".utf8)
    }
    before = try Self.contents(of: parent)
  }

  /// Expects what was there before, byte for byte, and nothing else.
  func expectUntouched(sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(try Self.contents(of: parent) == before, sourceLocation: sourceLocation)
    #expect(
      FileManager.default.fileExists(atPath: url.path) == !before.isEmpty, sourceLocation: sourceLocation)
  }

  /// The files of a finished trace by name.
  func files() throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in Self.traceFiles { files[name] = try Data(contentsOf: url.appending(path: name)) }
    return files
  }

  private static func contents(of folder: TemporaryFolder) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for path in try folder.files() { contents[path] = try Data(contentsOf: folder.url(path)) }
    return contents
  }
}

/// The arguments of a trace of the tiny model, which may replace what an output folder holds.
func traceArguments(
  _ prompt: String = "w3 w14 w15 w9", of model: TinyModel, to output: OutputFolder? = nil, _ more: String...
) -> [String] {
  ["trace", prompt, "--model", model.model.path, "--transcoders", model.transcoders.path]
    + (output.map { ["--output", $0.url.path, "--overwrite"] } ?? []) + more
}
