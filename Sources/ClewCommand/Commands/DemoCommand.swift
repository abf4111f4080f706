internal import ArgumentParser
internal import AtlasExperiments
internal import Clew
internal import Foundation

/// Traces a question on the demo world's model and proves the path.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Traces a question on Atlas, the small model in this repository, and tests its path.",
    discussion: """
      The question is "\(Atlas.question)". The demo prints the answer and the strongest path from Dallas to it through a feature of Texas, \
      writes the graph and the figure to Output/demo, and then replaces the features of Texas by those of California. \
      Nothing is downloaded. Give --model and --transcoders to use another training of Atlas.
      """)

  @Option(
    help: "The folder of Atlas's model. (default: \(Atlas.modelPath) in the repository)",
    completion: .directory)
  var model: String?
  @Option(
    help: "The folder of its transcoders. (default: \(Atlas.transcodersPath) in the repository)",
    completion: .directory)
  var transcoders: String?
  @Option(
    help:
      "The folder that then holds the files. (default: Output/demo, with a number where something else has taken it)",
    completion: .directory)
  var output: String?
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print nothing but errors.") var quiet = false

  func validate() throws {
    if output?.isEmpty == true { throw ValidationError("--output must name a folder.") }
  }

  func run() throws {
    threads.apply()
    let bar = ProgressBar(isQuiet: quiet)
    defer { bar.clear() }
    bar.show("opening Atlas", fraction: 0)
    let opened = try TracingModel(
      model: model.map { try WeightFolder.model($0) } ?? Atlas.folder(Atlas.modelPath),
      transcoders: transcoders.map { try WeightFolder.transcoders($0) } ?? Atlas.folder(Atlas.transcodersPath)
    )
    let request = TraceRequest(prompt: Atlas.question).fingerprint(with: opened)
    let place =
      if let output {
        try TraceFolders.place(URL(filePath: output), for: request, overwrites: false)
      } else {
        try TraceFolders(parent: URL(filePath: "Output")).place(named: "demo", for: request)
      }
    let output = place.url.relativePath
    let demo = try Demo(Atlas(model: opened)) { bar.show($0.phase, fraction: $0.fraction) }
    bar.show("writing \(output)", fraction: 1)
    try withExtendedLifetime(place) {
      try demo.trace.write(
        to: $0.url, model: opened, command: ["clew"] + CommandLine.arguments.dropFirst())
    }
    bar.clear()
    if !quiet { try Terminal.output(text(demo, output)) }
  }

  private func text(_ demo: Demo, _ output: String) -> String {
    let path =
      demo.path.isEmpty
      ? "no path of features leads from Dallas to the answer" : demo.path.joined(separator: "\n          → ")
    let proof =
      demo.isProven
      ? "so the answer came by way of Texas."
      : "which is not \(Self.plain(demo.wanted)): these transcoders do not carry the path."
    return """
      question  \(Atlas.question)
      answer    \(Self.plain(demo.answer.text)) (\(Self.percent(demo.answer.probability)))
      path      \(path)
      proof     \(demo.placeFeatureCount) features of Texas are active. With \(demo.editCount) features moved from what cities of
                Texas activate to what those of \(demo.otherPlace) do, and as far again,
                the answer is \(Self.plain(demo.answerAfterSwap.text)) \
      (\(Self.percent(demo.answerAfterSwap.probability))), \(proof)
      result    \(output): graph.svg is the figure, report.md says what it leaves out
      next      ./clew render \(output)/graph.json --help says how to draw it otherwise

      """
  }

  private static func percent(_ value: Double) -> String { NumberText.percent(value, decimals: 1) }
  private static func plain(_ text: String) -> String {
    text.hasPrefix(" ") ? String(text.dropFirst()) : text
  }
}
