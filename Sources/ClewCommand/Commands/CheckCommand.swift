internal import ArgumentParser
internal import Clew
internal import Foundation

/// Measures how far transcoders can be trusted.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Measures how well transcoders reconstruct a model, and what replacing it costs.",
    discussion: """
      It measures on one prompt, on text files (--text; documents end at a blank line and are cut where the model's context ends), or on rows of \
      token numbers (--tokens and --offsets). The folder Output/check-<name> then holds report.html, a page that opens in \
      any browser, report.md and check.json. They say, layer by layer, how much of the MLP outputs the features miss, \
      how often features fire, what replacing one MLP or all of them does to the answers, and how much of the graphs of \
      some prompts comes from errors. Each figure stands beside its definition. Position 0 has no features: it counts in \
      no mean, and keeps its MLPs when others are replaced. A FVU over 1 means that a constant would do better; then \
      the neighbouring hooks are tried.
      """)

  @Argument(help: "A text to measure on.") var prompt: String?
  @OptionGroup var opening: OpeningOptions
  @OptionGroup var models: ModelOptions
  @Option(
    help: "A second folder of transcoders for the same model, to stand beside the first.",
    completion: .directory)
  var against: String?
  @OptionGroup var texts: CorpusOptions
  @Option(help: "The most positions to measure on.") var positions = 100_000
  @Option(
    help: "A file of prompts to trace, one a line. (default: the beginnings of the texts)",
    completion: .file())
  var prompts: String?
  @Option(help: "How many prompts to trace from the beginnings of the texts, 24 tokens each.") var graphs = 12
  @Flag(help: "Measure reconstruction alone: do not run the model with its MLPs replaced.")
  var reconstructionOnly = false
  @Flag(help: "Do not replace one layer at a time, which takes half a run more for each layer.")
  var skipSingleLayers = false
  @Option(
    name: .shortAndLong, help: "The folder that then holds the files. (default: Output/check-<name>)",
    completion: .directory)
  var output: String?
  @Flag(help: "Let the report replace files of its names that --output holds from something else.")
  var overwrite = false
  @OptionGroup var threads: ThreadOptions
  @Option(
    help: ArgumentHelp(
      "Working memory for the rows of the sample graphs, such as 512M or 2G: less of it makes smaller batches, of one row at least for each thread. Results do not depend on it. (default: 1G)",
      valueName: "size"
    ))
  var memory: ByteSize?
  @Flag(help: "Print check.json on standard output.") var json = false
  @Flag(help: "Print nothing but errors.") var quiet = false

  func validate() throws {
    guard [prompt != nil, texts.promptTokens != nil, texts.isGiven].filter(\.self).count == 1 else {
      throw ValidationError("Give either a prompt, its tokens with --tokens, \(CorpusOptions.choice).")
    }
    if texts.isGiven, opening.bos != nil {
      throw ValidationError("--bos opens a prompt, and none is given. Leave it out.")
    }
    _ = try input
    guard positions > 0 else { throw ValidationError("--positions must be at least 1.") }
    guard graphs >= 0 else { throw ValidationError("--graphs must be 0 or more.") }
    if output == "" { throw ValidationError("--output must name a folder.") }
  }

  /// The prompt to measure on, if it is one.
  private var input: PromptInput? {
    get throws {
      guard prompt != nil || texts.promptTokens != nil else { return nil }
      return try PromptInput(given: prompt, tokens: texts.promptTokens, bos: opening.bos)
    }
  }

  func run() throws {
    threads.apply()
    let folder = URL(filePath: output ?? "Output/check-\(name)")
    // A folder that cannot be written is found before the work, not after it; unused, it is taken away again.
    let claim = try WriteClaim(folder: folder)
    defer { withExtendedLifetime(claim) {} }
    if !overwrite { try checkPlace(folder) }
    let bar = ProgressBar(isQuiet: quiet)
    defer { bar.clear() }
    bar.show("opening the model", fraction: 0)
    var models = [try self.models.open()]
    if let against { models.append(try models[0].replacingTranscoders(WeightFolder.transcoders(against))) }
    let check = try TranscoderCheck.run(try request(models[0], folder, bar), models: models) {
      bar.show($0, fraction: $1)
    }
    let command = ["clew"] + CommandLine.arguments.dropFirst()
    try check.write(to: folder, command: command)
    bar.clear()
    if json {
      try Terminal.output(String(decoding: try check.json(command: command).bytes(), as: UTF8.self) + "\n")
    } else if !quiet {
      try Terminal.output(CheckText.text(check, folder: folder.relativePath))
    }
  }

  /// Refuses a folder in which a file of the report's names is of something else.
  private func checkPlace(_ folder: URL) throws {
    func isThere(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: folder.appending(path: name).path)
    }
    guard !isThere("check.json"), let name = TranscoderCheck.fileNames.first(where: isThere) else { return }
    throw OutputError.occupied(
      folder: folder.relativePath, holds: "the \(name) of something else than a check")
  }

  private var name: String {
    let first = URL(filePath: models.transcoders).lastPathComponent
    return against.map { "\(first)-\(URL(filePath: $0).lastPathComponent)" } ?? first
  }

  private func request(_ model: TracingModel, _ folder: URL, _ bar: ProgressBar) throws -> CheckRequest {
    let configuration = model.transformer.configuration
    let texts: CheckTexts
    let input = try input
    if let input {
      texts = try CheckTexts(input, tokenizer: model.tokenizer)
    } else {
      let corpus = try self.texts.open(
        model.transformer, model.tokenizer, keepingTextIn: folder.appending(path: SampledCorpus.fileName),
        replaces: true, bar)
      texts = try CheckTexts(corpus, limit: positions)
    }
    var request = CheckRequest(texts: texts)
    request.settings.measuresBehaviour = !reconstructionOnly
    request.settings.replacesSingleLayers = !skipSingleLayers
    if let memory { request.workingMemory = memory.bytes }
    if let prompts {
      request.graphPrompts = try CheckTexts.lines(
        of: prompts, tokenizer: model.tokenizer, context: configuration.contextLength)
    } else {
      request.graphPrompts = GraphSample.beginnings(
        of: texts.rows, count: graphs, length: input == nil ? 24 : configuration.contextLength)
    }
    return request
  }
}
