internal import ArgumentParser
internal import Clew
internal import Foundation

/// Traces a prompt and writes the graph's folder.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Traces a prompt: features, edges, scores, a pruned graph and a figure.",
    discussion: """
      The folder Output/<slug> then holds graph.json (for viewers), graph.safetensors (every computed row), graph.dot, \
      graph.svg, report.md and run.json. Read report.md for what the figure does not show. With more than \
      \(RowStorage.denseNodeLimit) nodes, or rows that were not computed, graph.safetensors holds rows without their zeros, \
      else a matrix.

      With --prompts many prompts are traced with the model opened once. A line is a prompt, or JSON such as

        {"prompt": "Fact: the capital of Texas is", "target": "Austin-Dallas", "slug": "texas"}

      where target, a text or a list, and slug may be missing, and tokens, a list of numbers, may stand for the prompt. A line that cannot be traced is named with the reason, the \
      others are traced, and the exit status is 1. Ctrl-C keeps what is finished.
      """)

  @Argument(help: "The text whose next token is traced.") var prompt: String?
  @Option(
    help: ArgumentHelp(
      "A file with one prompt a line, or lines of JSON with prompt or tokens, target and slug; - reads standard input.",
      valueName: "file"),
    completion: .file())
  var prompts: String?
  @OptionGroup var promptOptions: PromptOptions
  @OptionGroup var models: ModelOptions
  @Option(
    name: .customLong("target"),
    help: ArgumentHelp(
      "Trace this instead of the likeliest answers: a token (of Austin and ' Austin' the likelier), token:ID by its number, "
        + "A-B or token:ID-token:ID for a difference of two, or feature:LAYER/INDEX@POSITION, where -1 is the last position. "
        + "Repeatable.", valueName: "target"))
  var targets: [String] = []
  @Option(help: "The part of the influence to follow to its ends; 1 computes every row.")
  var coverage = 0.99
  @Option(help: "The part of the nodes' influence that the pruned graph keeps.") var nodeShare = 0.8
  @Option(help: "The part of the edges' influence that the pruned graph keeps.") var edgeShare = 0.98
  @Option(help: "The most answers to trace; not with --target. (default: 10)") var maxLogits: Int?
  @Option(
    help: "Answers are taken until their probabilities reach this sum; not with --target. (default: 0.95)")
  var logitMass: Double?
  @Option(help: "The most feature rows to compute. (default: no limit)") var maxRows: Int?
  @Option(
    help:
      "The folder that then holds the files; with --prompts, the folder that holds one for each. (default: Output/<slug>, with a number where another trace has taken it)",
    completion: .directory)
  var output: String?
  @Flag(help: "Let the trace replace what --output holds, whatever it is.") var overwrite = false
  @Option(
    help:
      "The graph's name: letters, digits, '_', '.' and '-', at most 200 of them. (default: from the prompt)")
  var slug: String?
  @Flag(
    help:
      "Store the rows as a matrix of 4 bytes times the number of nodes squared, however many; with --coverage 1."
  )
  var dense = false
  @Flag(
    name: .customLong("no-tensors"),
    help: "Leave graph.safetensors out: the graph can then be looked at and drawn, but not cut anew.")
  var leavesTensorsOut = false
  @OptionGroup var resources: ResourceOptions
  @Flag(help: "Print the summary as JSON on standard output; with --prompts, a line for each.") var json =
    false
  @Flag(help: "Print nothing but errors.") var quiet = false

  func validate() throws {
    switch (prompt, prompts) {
    case (nil, nil) where promptOptions.tokens == nil:
      throw ValidationError(
        "Missing a prompt: give one as text, its tokens with --tokens, or a file of prompts with --prompts.")
    case (_?, _?): throw ValidationError("A prompt and --prompts exclude each other. Leave one of them out.")
    case (nil, _?) where promptOptions.tokens != nil:
      throw ValidationError("--tokens and --prompts exclude each other. Leave one of them out.")
    case (_, nil): _ = try promptOptions.input(prompt)
    default: break
    }
    if prompts != nil, slug != nil {
      throw ValidationError("--slug names one graph. With --prompts, lines of JSON have a slug each.")
    }
    try checkShare(coverage, "coverage")
    try checkShare(nodeShare, "node-share")
    try checkShare(edgeShare, "edge-share")
    if let logitMass {
      try checkShare(logitMass, "logit-mass")
      guard logitMass > 0 else { throw ValidationError("--logit-mass must be more than 0.") }
    }
    guard maxLogits ?? 1 > 0 else { throw ValidationError("--max-logits must be at least 1.") }
    if !targets.isEmpty, maxLogits != nil || logitMass != nil {
      throw ValidationError(
        "--target names what is traced, so that \(maxLogits != nil ? "--max-logits" : "--logit-mass") would choose "
          + "nothing. Leave one of them out.")
    }
    guard maxRows ?? 1 > 0 else { throw ValidationError("--max-rows must be at least 1.") }
    if dense, coverage < 1 || maxRows != nil {
      throw ValidationError("--dense needs every row: give --coverage 1, and no --max-rows.")
    }
    if dense, leavesTensorsOut { throw ValidationError("--dense and --no-tensors exclude each other.") }
    if overwrite, output == nil || prompts != nil {
      throw ValidationError(
        "--overwrite goes with the --output of one prompt: other traces take a new name by themselves.")
    }
    if output == "" { throw ValidationError("--output must name a folder.") }
    if let slug, !PromptTrace.isSlug(slug) {
      throw ValidationError("--slug must be made of letters, digits, '_', '.' and '-', at most 200 of them.")
    }
  }

  func run() throws {
    resources.apply()
    // One prompt reads every weight once or twice; kept pages would only take memory.
    Memory.keepsPages = false
    let bar = ProgressBar(isQuiet: quiet)
    defer { bar.clear() }
    if let prompts {
      bar.show("reading prompts", fraction: 0)
      try trace(try PromptList(path: prompts), bar)
    } else {
      bar.show("opening the model", fraction: 0)
      let model = try models.open(tellsNotes: json || quiet)
      let entry = PromptList.Entry(prompt: prompt ?? "", targets: [], slug: slug)
      let (trace, folder) = try self.trace(entry, with: model, bar) { bar.show($0, fraction: $1) }
      bar.clear()
      try say(trace, folder: folder)
    }
  }

  /// Traces one prompt and writes its folder.
  /// - Parameters:
  ///   - bar: What gives way to a message.
  ///   - progress: Told what is being done, and the part of this prompt's work that is done.
  func trace(
    _ entry: PromptList.Entry, with model: TracingModel, _ bar: ProgressBar,
    progress: @escaping (String, Double) -> Void
  ) throws -> (trace: PromptTrace, folder: String) {
    let request = try request(entry, model)
    // A folder that cannot be written is found before the work, not after it; unused, it is taken away again.
    let place = try place(of: entry, for: request.fingerprint(with: model))
    let folder = place.url.relativePath
    let trace = try PromptTrace.trace(
      request, with: model, foreseen: { try foresee($0, in: folder, bar) },
      progress: { progress($0.phase, $0.fraction) })
    progress("writing \(folder)", 1)
    try withExtendedLifetime(place) { try trace.write(to: $0.url, model: model, command: commandLine) }
    return (trace, folder)
  }

  /// The prompt of an entry, with what the options say of it.
  private func input(of entry: PromptList.Entry) -> PromptInput {
    // Tokens are read as they are, with nothing in front.
    let tokens = entry.tokens ?? (prompts == nil ? promptOptions.tokens?.tokens : nil)
    return PromptInput(
      entry.prompt, tokens: tokens, opening: tokens == nil ? promptOptions.opening.bos : nil)
  }

  /// Where a prompt's files will be, kept from others.
  private func place(of entry: PromptList.Entry, for request: String) throws -> TraceFolders.Place {
    if prompts == nil, let output {
      return try TraceFolders.place(URL(filePath: output), for: request, overwrites: overwrite)
    }
    let parent = prompts == nil ? "Output" : output ?? "Output"
    let name =
      entry.slug
      ?? PromptTrace.slug(of: PromptTrace.slug(of: input(of: entry)), targets: targets(of: entry))
    return try TraceFolders(parent: URL(filePath: parent)).place(named: name, for: request)
  }

  private func say(_ trace: PromptTrace, folder: String) throws {
    if json {
      try Terminal.output(String(decoding: try trace.summary(folder: folder).bytes(), as: UTF8.self) + "\n")
    } else if !quiet {
      try Terminal.output(TraceText.text(trace, folder: folder))
    }
  }

  /// More than so many bytes of rows are announced before they are computed.
  private static let announcedSize = 256 << 20

  /// Says how much the rows may take, where it is much, and refuses what the disk has no room for.
  private func foresee(_ bytes: Int, in folder: String, _ bar: ProgressBar) throws {
    try PromptTrace.checkRoom(for: bytes, in: URL(filePath: folder))
    guard bytes > Self.announcedSize, !quiet else { return }
    bar.clear()
    Terminal.complain(
      "clew: note: graph.safetensors may take up to \(ByteText.of(bytes)); --no-tensors leaves it out.")
  }

  /// What is traced of a prompt: what its line says, or else the options.
  private func targets(of entry: PromptList.Entry) -> [String] {
    entry.targets.isEmpty ? targets : entry.targets
  }

  private func request(_ entry: PromptList.Entry, _ model: TracingModel) throws -> TraceRequest {
    var request = TraceRequest(input(of: entry))
    request.nodeShare = nodeShare
    request.edgeShare = edgeShare
    request.slug = entry.slug
    request.storage = leavesTensorsOut ? .none : dense ? .dense : .automatic
    request.settings.coverage = coverage
    if let maxLogits { request.settings.maxLogits = maxLogits }
    if let logitMass { request.settings.logitMass = logitMass }
    request.settings.rowLimit = maxRows
    request.settings.memoryLimit = resources.memory?.bytes
    request.targetNames = targets(of: entry)
    if !request.targetNames.isEmpty {
      let count = try Prompt(request.input, tokenizer: model.tokenizer).tokens.count
      guard count > 0 else { throw TransformerError.emptyPrompt }
      request.settings.targets = try request.targetNames.map {
        try AttributionTarget($0, tokenizer: model.tokenizer, positionCount: count)
      }
    }
    return request
  }

  /// The command as it can be given again: with paths as written.
  private var commandLine: [String] { ["clew"] + CommandLine.arguments.dropFirst() }
}
