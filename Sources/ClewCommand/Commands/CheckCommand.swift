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
    name: .shortAndLong,
    help:
      "The folder that then holds the files. (default: Output/check-<name>, with -2, -3 … beside another check)",
    completion: .directory)
  var output: String?
  @Flag(help: "Let the report replace another one, or files of its names, that --output holds.")
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
    let command = ["clew"] + CommandLine.arguments.dropFirst()
    // A folder that cannot be written is found before the work, not after it; unused, it is taken away again.
    let (folder, claim) = try place(for: command)
    defer { withExtendedLifetime(claim) {} }
    let bar = ProgressBar(isQuiet: quiet)
    defer { bar.clear() }
    bar.show("opening the model", fraction: 0)
    var models = [try self.models.open()]
    if let against { models.append(try models[0].replacingTranscoders(WeightFolder.transcoders(against))) }
    let check = try TranscoderCheck.run(try request(models[0], folder, bar), models: models) {
      bar.show($0, fraction: $1)
    }
    try check.write(to: folder, command: command)
    bar.clear()
    if json {
      try Terminal.output(String(decoding: try check.json(command: command).bytes(), as: UTF8.self) + "\n")
    } else if !quiet {
      try Terminal.output(CheckText.text(check, folder: folder.relativePath))
    }
  }

  /// The folder for the report: the one that was named, or else the first of the default's numbers that is free.
  private func place(for command: [String]) throws -> (folder: URL, claim: WriteClaim) {
    if let output {
      let folder = URL(filePath: output)
      let claim = try WriteClaim(folder: folder)
      if !overwrite, let holds = Self.holds(folder, otherThan: command) {
        throw OutputError.occupied(folder: folder.relativePath, holds: holds)
      }
      return (folder, claim)
    }
    for number in 1... {
      let folder = URL(filePath: "Output/check-\(name)" + (number == 1 ? "" : "-\(number)"))
      guard Self.holds(folder, otherThan: command) == nil, let claim = try Self.unlessBusy(folder) else {
        continue
      }
      // Another may have been quicker.
      if Self.holds(folder, otherThan: command) == nil { return (folder, claim) }
    }
    preconditionFailure("the numbers have come to an end")
  }

  private static func unlessBusy(_ folder: URL) throws -> WriteClaim? {
    do { return try WriteClaim(folder: folder) } catch FileError.busy { return nil }
  }

  /// What a folder holds that a report would replace, but for one of the same command.
  private static func holds(_ folder: URL, otherThan command: [String]) -> String? {
    let there = TranscoderCheck.fileNames.first {
      FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
    }
    guard let there else { return nil }
    guard let data = try? Data(contentsOf: folder.appending(path: "check.json")) else {
      return "the \(there) of something else than a check"
    }
    let known = (try? JSON(parsing: [UInt8](data)))?.object?["command"]?.array?.compactMap(\.string)
    return known.map(asked) == asked(command) ? nil : "another check"
  }

  /// A command without the options that change nothing in its report.
  private static func asked(_ command: [String]) -> [String] {
    let (flags, options) = (
      ["--json", "--quiet", "--overwrite"], ["--threads", "--memory", "--output", "-o"]
    )
    var asked: [String] = []
    var skipsValue = false
    for word in command {
      defer { skipsValue = options.contains(word) }
      if skipsValue || flags.contains(word)
        || options.contains(where: { word == $0 || word.hasPrefix("\($0)=") })
      {
        continue
      }
      asked.append(word)
    }
    return asked
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
