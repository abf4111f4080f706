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
    help: "The transcoders' folder in circuit-tracer's layout: config.yaml and safetensors.",
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
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
  }

  func apply() { Parallel.threadCount = threads ?? ProcessInfo.processInfo.activeProcessorCount }
}

/// How much of the machine to use.
struct ResourceOptions: ParsableArguments {
  @OptionGroup var threads: ThreadOptions
  @Option(
    help: ArgumentHelp(
      "The most memory to use, such as 512M or 8G; what cannot fit is refused before work begins. (default: what is free)",
      valueName: "size"))
  var memory: String?

  func validate() throws {
    if memory != nil, memoryBytes == nil {
      throw ValidationError("--memory must be a size such as 512M or 8G.")
    }
  }

  var memoryBytes: Int? {
    guard let memory else { return nil }
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("G", 30), ("M", 20), ("K", 10), ("", 0)]
    for (unit, shift) in units where memory.hasSuffix(unit) {
      guard let number = Double(memory.dropLast(unit.count)), number > 0 else { continue }
      let bytes = number * Double(1 << shift)
      return bytes < 1e15 ? Int(bytes) : nil
    }
    return nil
  }

  func apply() { threads.apply() }
}

/// A part of a whole, 0 to 1.
func checkShare(_ value: Double, _ name: String) throws {
  guard (0...1).contains(value) else {
    throw ValidationError("--\(name) is \(value), but must lie in 0 to 1.")
  }
}
