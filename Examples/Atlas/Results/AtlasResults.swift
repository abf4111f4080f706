internal import ArgumentParser
internal import AtlasExperiments
internal import Clew
internal import Foundation

/// Measures Atlas's interventions.
@main
struct AtlasResults: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "atlas-results",
    abstract: "Measures what swapping and removing features does to Atlas, and writes results.md.")

  @Option(help: "The folder of Atlas's model.") var model = Atlas.modelPath
  @Option(help: "The folder of its transcoders.") var transcoders = Atlas.transcodersPath
  @Option(help: "The folder that then holds results.md.") var output = "Examples/Atlas"
  @Option(help: "Threads to use; results do not depend on it. (default: all processors)") var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
  }

  func run() throws {
    Parallel.threadCount = threads ?? ProcessInfo.processInfo.activeProcessorCount
    // A folder that cannot be written is found before the work.
    let files = try FileBatch(folder: URL(filePath: output))
    let opened = try TracingModel(model: URL(filePath: model), transcoders: URL(filePath: transcoders))
    var lastPhase = ""
    let page = try ResultsPage(Atlas(model: opened)) { phase, _ in
      if phase != lastPhase { FileHandle.standardError.write(Data("\(phase) …\n".utf8)) }
      lastPhase = phase
    }
    let markdown = page.markdown(
      command:
        "swift run --package-path . -c release atlas-results --model \(model) --transcoders \(transcoders)")
    try files.stage("results.md", Array(markdown.utf8))
    try files.commit()
    FileHandle.standardOutput.write(Data(markdown.utf8))
  }
}
