internal import ArgumentParser
internal import Clew
internal import Foundation

let versionText = Version.current

/// Folders of weights as commands take them: paths, or names on the Hugging Face hub of what was fetched before.
enum WeightFolder {
  /// A model's folder.
  static func model(_ name: String) throws -> URL { try folder(name, .model) }
  /// A folder of transcoders.
  static func transcoders(_ name: String) throws -> URL { try folder(name, .transcoders) }

  private static func folder(_ name: String, _ wanted: ForeignWeights.Wanted) throws -> URL {
    // It would be the folder that the command runs in.
    guard !name.isEmpty else {
      throw ValidationError(
        "The \(wanted == .model ? "model's" : "transcoders'") folder is an empty name; a variable may not be set."
      )
    }
    return try HubReference.folder(name, of: wanted)
  }

  /// What help texts say of a model's folder.
  static var modelHelp: ArgumentHelp {
    "The model's folder in Hugging Face layout (config.json, tokenizer.json, safetensors), or its name on the hub, such as google/gemma-2-2b, once fetched."
  }
}

/// Where the model and its transcoders lie.
struct ModelOptions: ParsableArguments {
  @Option(help: WeightFolder.modelHelp, completion: .directory) var model: String
  @Option(
    help:
      "The transcoders' folder: config.yaml and safetensors (circuit-tracer), or files of Gemma Scope, SAELens or sparsify; or OWNER/NAME[/FOLDER][@REVISION] on the Hugging Face hub, once fetched.",
    completion: .directory)
  var transcoders: String

  /// The model's folder.
  func modelFolder() throws -> URL { try WeightFolder.model(model) }
  /// The transcoders' folder.
  func transcodersFolder() throws -> URL { try WeightFolder.transcoders(transcoders) }

  /// - Parameter tellsNotes: Whether notes on the model are told here; what is printed of a trace has them as well.
  func open(tellsNotes: Bool = true) throws -> TracingModel {
    let opened = try TracingModel(model: try modelFolder(), transcoders: try transcodersFolder())
    if tellsNotes { opened.transformer.tellNotes() }
    return opened
  }
}

extension Transformer {
  /// Says on standard error what a reader should know of how the model's folder was read.
  func tellNotes() {
    for note in notes { Terminal.complain("clew: note on \(folder.relativePath): \(note).") }
  }
}

/// How many processors to use.
struct ThreadOptions: ParsableArguments {
  @Option(help: "Threads to use; results do not depend on it. (default: all processors)")
  var threads: Int?

  func validate() throws {
    if let threads { try SizeLimits.check("threads", threads, SizeLimits.threads) }
  }

  func apply() { Parallel.threadCount = threads ?? ProcessInfo.processInfo.activeProcessorCount }
}

/// How much of the machine a trace may use.
struct ResourceOptions: ParsableArguments {
  @OptionGroup var threads: ThreadOptions
  @Option(
    help: ArgumentHelp(
      "The most memory to use, such as 512M, 8G or 1T; what cannot fit is refused, before work begins where it can be foreseen. (default: what is free)",
      valueName: "size"))
  var memory: ByteSize?

  func apply() { threads.apply() }
}

/// A size as options take it: `512M`, `8G`, `1.5GiB`, `512 MiB`, `2t`, or plain bytes; units are powers of 1024.
struct ByteSize: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) { self.init(argument) }

  init?(_ text: String) {
    let pattern = #/((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[0-9]{1,2})?) *(?:([kmgt])(?:i?b)?|b)?/#
      .ignoresCase()
    guard let match = text.wholeMatch(of: pattern), let number = Double(match.1), number > 0 else {
      return nil
    }
    let units: [Substring: Int] = ["k": 10, "m": 20, "g": 30, "t": 40]
    let shift = match.2.flatMap { units[Substring($0.lowercased())] } ?? 0
    let bytes = number * Double(1 << shift)
    guard bytes >= 1, bytes < 1e15 else { return nil }
    self.bytes = Int(bytes)
  }
}

/// Sizes that options may have, so that no sum of them overflows; what fits this machine is found out later.
enum SizeLimits {
  static let threads = 1...1024
  static let layers = 1...256
  static let width = 1...1 << 15
  static let vocabulary = 2...1 << 22
  static let features = 1...1 << 24
  static let batch = 1...1 << 20
  static let tokens = 1...1 << 32

  /// Refuses an option's value outside a range.
  static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
      throw ValidationError(
        "--\(name) is \(value), but must lie in \(range.lowerBound) to \(range.upperBound).")
    }
  }
}

/// A part of a whole, 0 to 1.
func checkShare(_ value: Double, _ name: String) throws {
  guard (0...1).contains(value) else {
    throw ValidationError("--\(name) is \(value), but must lie in 0 to 1.")
  }
}
