public import Attribution
public import AttributionGraphs
public import FeatureExamples
public import Foundation
public import ReplacementModels
internal import Tensors
public import Tokenization
public import Transcoding
public import Transformers

/// A model with its tokenizer and transcoders, opened and ready.
public struct TracingModel: Sendable {
  public let transformer: Transformer
  public let tokenizer: Tokenizer
  public let transcoder: Transcoder

  /// Opens a model's folder and a folder of transcoders made for it.
  public init(model: URL, transcoders: URL) throws {
    transformer = try Transformer(folder: model)
    tokenizer = try Tokenizer(folder: model)
    transcoder = try Transcoder(folder: transcoders)
    try transcoder.checkFetched(layers: transformer.blocks.count)
  }

  private init(transformer: Transformer, tokenizer: Tokenizer, transcoder: Transcoder) {
    (self.transformer, self.tokenizer, self.transcoder) = (transformer, tokenizer, transcoder)
  }

  /// The same model with other transcoders.
  public func replacingTranscoders(_ folder: URL) throws -> TracingModel {
    let other = try Transcoder(folder: folder)
    try other.checkFetched(layers: transformer.blocks.count)
    return TracingModel(transformer: transformer, tokenizer: tokenizer, transcoder: other)
  }
}

/// What to trace, and how to cut the graph.
public struct TraceRequest: Sendable {
  /// The prompt: a text with what stands in front of it, or the very tokens.
  public var input: PromptInput
  /// What was typed.
  public var prompt: String {
    get { input.text }
    set { input.text = newValue }
  }
  /// How many of the prompt's tokens are read, the special one in front included; all if `nil`. Cut behind position
  /// `p`, the prompt has `p + 1` tokens, and what is traced is what the model expects next there.
  public var tokenCount: Int?
  public var settings = AttributionSettings()
  /// The targets as a user wrote them, which name the graph; none for the likeliest answers.
  public var targetNames: [String] = []
  /// The part of the influence that kept nodes have.
  public var nodeShare = 0.8
  /// The part of the edge scores that kept edges have.
  public var edgeShare = 0.98
  /// Features that are changed while the prompt runs: what is traced is the changed run.
  public var changes: [FeatureChange] = []
  /// What is held meanwhile; MLP outputs cannot be.
  public var mode = InterventionMode.free
  /// How the rows are stored.
  public var storage = RowStorage.automatic
  /// The graph's name; made from the prompt if `nil`.
  public var slug: String?

  public init(prompt: String) { input = PromptInput(prompt) }

  public init(_ input: PromptInput) { self.input = input }

  /// The prompt as the model reads it, cut where it is to be.
  /// - Throws: ``AttributionError`` if it cannot be split, or has no such many tokens.
  public func tokens(with tokenizer: Tokenizer) throws(AttributionError) -> Prompt {
    let whole = try Prompt(input, tokenizer: tokenizer)
    guard let tokenCount else { return whole }
    guard (1...max(1, whole.tokens.count)).contains(tokenCount) else {
      throw .badSetting(
        name: "the number of tokens read", value: "\(tokenCount)", range: "1 to \(whole.tokens.count)")
    }
    return Prompt(exactly: Array(whole.tokens.prefix(tokenCount)), tokenizer: tokenizer)
  }
}

/// A prompt traced from end to end: the whole graph, its scores, and what pruning left.
public struct PromptTrace: Sendable {
  /// What was asked for; how it is to be stored may still change.
  public var request: TraceRequest
  public let prompt: Prompt
  public let result: AttributionResult
  public let influence: Influence
  public let scores: GraphScores
  public let pruning: Pruning
  /// How well the features reconstruct this prompt's MLP outputs, `[layer]`.
  public let reconstruction: [ReconstructionTally]
  /// What a reader should know before trusting the trace; usually nothing.
  public let notes: [String]
  /// Seconds by phase.
  public let phases: [PhaseClock.Phase]

  /// Runs, encodes, attributes, prunes and scores.
  /// - Parameters:
  ///   - known: What the same tokens gave before, unchanged; they are then neither run nor encoded again.
  ///   - labels: The features' labels, if they have been read already; otherwise they are read beside the weights.
  ///   - foreseen: Called before the first row is computed with the most bytes that `graph.safetensors` can take; what it
  ///     throws ends the trace.
  ///   - progress: Called now and then from the thread that traces.
  ///   - isCancelled: Asked often, from any thread, whether the trace is still wanted.
  /// - Throws: ``AttributionError/cancelled`` if it is not, and what each phase throws.
  public static func trace(
    _ request: TraceRequest, with model: TracingModel, reusing known: LocalReplacementModel? = nil,
    labels: FeatureLabels? = nil, foreseen: (Int) throws -> Void = { _ in },
    progress: @escaping (AttributionProgress) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws -> PromptTrace {
    var clock = PhaseClock()
    func end(_ phase: String) throws(AttributionError) {
      clock.end(phase)
      if isCancelled() { throw .cancelled }
    }
    let prompt = try request.tokens(with: model.tokenizer)
    var settings = request.settings
    settings.keepsEveryNode = request.nodeShare == 1
    var local: LocalReplacementModel
    if let known {
      precondition(known.recording.tokens == prompt.tokens, "a model of \(known.recording.tokens)")
      local = known
      clock.end("run")
    } else {
      progress(AttributionProgress(phase: "running the model", fraction: 0))
      let context = model.transformer.configuration.contextLength
      guard prompt.tokens.count <= context else {
        throw TransformerError.promptTooLong(tokens: prompt.tokens.count, context: context)
      }
      try MemoryPlan.checkRun(
        model.transformer, positions: prompt.tokens.count, limit: request.settings.memoryLimit,
        held: Memory.resident, available: Memory.available)
      let recording = try model.transformer.record(prompt.tokens)
      model.transformer.forgetPages()
      try end("run")
      progress(AttributionProgress(phase: "encoding features", fraction: 0))
      local = try LocalReplacementModel(
        of: model.transformer, transcoder: model.transcoder, recording: recording)
    }
    try end("encode")
    if !request.changes.isEmpty {
      local = try local.changed(by: request.changes, mode: request.mode)
      try end("change")
    }
    try foreseen(GraphTensors.mostBytes(request, local))
    var result = try Attributor.attribute(
      local, prompt: prompt, tokenizer: model.tokenizer, settings: settings, progress: progress,
      isCancelled: isCancelled)
    Memory.giveBack()
    result.graph.metadata = metadata(request, prompt, model, result)
    let reconstruction = local.reconstruction()
    let notes = TraceNotes.notes(on: prompt, reconstruction, result, model)
    result.graph.metadata.extra["transcoder_fit"] = TraceNotes.json(reconstruction, notes)
    clock.skip()
    result.graph.label(
      with: try labels ?? FeatureLabels(at: model.transcoder.folder, for: result.graph.featureIDs))
    try end("labels")
    progress(AttributionProgress(phase: "pruning", fraction: 1))
    let influence = Influence(of: result.graph)
    if isCancelled() { throw AttributionError.cancelled }
    let scores = GraphScores(of: result.graph, influence: influence)
    if request.settings.memoryLimit != nil {
      let core = result.graph.sizeOfCore(nodeShare: request.nodeShare, influence: influence.values)
      try result.memory.checkPruning(
        nodes: core.nodes, edges: core.edges, inPosition: core.edgesInPosition, held: Memory.resident)
    }
    var pruning = try result.graph.pruned(
      nodeShare: request.nodeShare, edgeShare: request.edgeShare, influence: influence.values)
    pruning.graph.metadata.extra["replacement_score"] = JSON(scores.replacement)
    pruning.graph.metadata.extra["completeness_score"] = JSON(scores.completeness)
    result.splitEdges(of: &pruning)
    Memory.giveBack()
    clock.end("prune")
    let first = request.changes.isEmpty ? 2 : 3
    let phases = Array(clock.phases.prefix(first)) + result.phases + Array(clock.phases.dropFirst(first))
    return PromptTrace(
      request: request, prompt: prompt, result: result, influence: influence, scores: scores,
      pruning: pruning, reconstruction: reconstruction, notes: notes, phases: phases)
  }

  private static func metadata(
    _ request: TraceRequest, _ prompt: Prompt, _ model: TracingModel, _ result: AttributionResult
  ) -> GraphMetadata {
    let settings = request.settings
    var generation: JSONObject = [
      "max_n_logits": JSON(settings.maxLogits), "desired_logit_prob": JSON(settings.logitMass),
      "coverage_asked": JSON(settings.coverage), "coverage_reached": JSON(result.coverage),
      "rows_computed": JSON(result.rowsComputed), "rows_possible": JSON(result.rowsPossible),
    ]
    if !request.changes.isEmpty { generation["changes"] = .array(request.changes.map(\.json)) }
    let coder = model.transcoder.name
    let scans = model.transcoder.configuration.layerScans
    // A list of scans gets a name of its own, and stands beside it.
    let custom = scans.isEmpty ? nil : "custom-" + Fingerprint.of(text: scans.joined(separator: "\n"))
    var metadata = GraphMetadata(
      slug: request.slug ?? slug(of: request, prompt, model.tokenizer),
      scan: model.transcoder.scan ?? custom ?? coder,
      prompt: prompt.text, promptTokens: prompt.texts, layerCount: result.layout.layerCount,
      nodeThreshold: request.nodeShare,
      info: [
        "generator": ["name": "clew", "version": .string(Version.current)],
        "transcoder_set": .string(coder), "model": .string(model.transformer.name),
        "model_fingerprint": .string(Fingerprint.of(folder: model.transformer.folder)),
        "transcoder_fingerprint": .string(Fingerprint.of(model.transcoder)),
        "trace": .string(fingerprint(of: result, prompt)),
      ],
      generationSettings: generation,
      pruningSettings: [
        "node_threshold": JSON(request.nodeShare), "edge_threshold": JSON(request.edgeShare),
      ])
    if !scans.isEmpty { metadata.extra["transcoder_list"] = .array(scans.map { .string($0) }) }
    return metadata
  }

  /// What tells files of one folder from those of another trace that came to lie there: the tokens, what was traced, and
  /// how far.
  private static func fingerprint(of result: AttributionResult, _ prompt: Prompt) -> String {
    let (nodes, weights) = (result.graph.nodes, result.graph.rootWeights)
    let targets = nodes.indices.filter { weights[$0] > 0 }.map { place in
      "\(nodes[place].id) \(nodes[place].difference.map { "\($0.tokens)" } ?? "")"
    }
    return Fingerprint.of(
      text: "\(prompt.tokens) \(targets) \(nodes.count) \(result.rowsComputed) \(result.coverage)")
  }

  /// The name of a trace that was given none: from the words that are read.
  private static func slug(of request: TraceRequest, _ prompt: Prompt, _ tokenizer: Tokenizer) -> String {
    let name =
      request.tokenCount == nil ? slug(of: request.input) : slug(of: tokenizer.decode(prompt.tokens))
    return slug(of: name, targets: request.targetNames) + (request.changes.isEmpty ? "" : "-changed")
  }

  /// A file name from a prompt: from its words, or from its tokens where no words are given.
  public static func slug(of input: PromptInput) -> String {
    guard let tokens = input.tokens, input.text.isEmpty else { return slug(of: input.text) }
    return slug(of: "tokens " + tokens.map { "\($0)" }.joined(separator: " "))
  }

  /// Whether a text can name a graph and its files: letters, digits, `_`, `.` and `-`, at most 200 of them.
  public static func isSlug(_ text: String) -> Bool {
    let isPlain = text.utf8.allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "_.-".utf8.contains($0)
    }
    return isPlain && !text.isEmpty && text.utf8.count <= 200 && text != "." && text != ".."
  }

  /// A file name from a prompt and what is traced instead of its likeliest answers: `the-capital-is`, or
  /// `the-capital-is-austin-dallas`.
  public static func slug(of text: String, targets: [String]) -> String {
    let name = ([text] + targets).map { slug(of: $0) }.joined(separator: "-").prefix(150)
    return name.hasSuffix("-") ? String(name.dropLast()) : String(name)
  }

  /// A file name from a text: its words in plain letters, at most 48 of them.
  public static func slug(of text: String) -> String {
    var slug = ""
    for scalar in text.lowercased().unicodeScalars {
      let isPlain = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
      if isPlain {
        slug.unicodeScalars.append(scalar)
      } else if !slug.isEmpty, !slug.hasSuffix("-"), scalar != "'" {
        slug += "-"
      }
    }
    let cut = slug.prefix(48)
    let trimmed = cut.hasSuffix("-") ? cut.dropLast() : cut
    return trimmed.isEmpty ? "prompt" : String(trimmed)
  }
}
