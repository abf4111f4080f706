internal import ArgumentParser
internal import Clew
internal import Foundation

let versionText = Version.current

/// Where the model and its transcoders lie.
struct ModelOptions: ParsableArguments {
  @Option(
    help: "The model's folder in Hugging Face layout: config.json, tokenizer.json, safetensors.",
    completion: .directory)
  var model: String
  @Option(
    help:
      "The transcoders' folder: config.yaml and safetensors (circuit-tracer), or files of Gemma Scope, SAELens or sparsify.",
    completion: .directory)
  var transcoders: String

  func open() throws -> TracingModel {
    try TracingModel(model: URL(filePath: model), transcoders: URL(filePath: transcoders))
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
      "The most memory to use, such as 512M or 8G; what cannot fit is refused, before work begins where it can be foreseen. (default: what is free)",
      valueName: "size"))
  var memory: ByteSize?

  func apply() { threads.apply() }
}

/// A size as options take it: `512M`, `8G`, `1.5GiB`, `512 MiB`, or plain bytes.
struct ByteSize: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) { self.init(argument) }

  init?(_ text: String) {
    let text = text.filter { $0 != " " }
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("G", 30), ("M", 20), ("K", 10), ("", 0)]
    for (unit, shift) in units where text.hasSuffix(unit) {
      guard let number = Double(text.dropLast(unit.count)), number > 0 else { continue }
      let bytes = number * Double(1 << shift)
      guard bytes < 1e15 else { return nil }
      self.bytes = Int(bytes)
      return
    }
    return nil
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
