public import Attribution
public import Tokenization
internal import Transformers

/// What to trace, in plain values, as a page or a script asks for it.
///
/// Only ``prompt`` need be there; the rest has the values of ``TraceRequest``.
public struct TraceOrder: Codable, Hashable, Sendable {
  /// What was typed; see ``PromptInput/text``.
  public var prompt: String
  /// The tokens to read, exactly these; see ``PromptInput/tokens``.
  public var tokens: [Token]?
  /// What is put in front of a text; see ``PromptInput/opening``.
  public var opening: String?
  /// How many of the prompt's tokens are read, see ``TraceRequest/tokenCount``.
  public var tokenCount: Int?
  /// Targets as a user writes them: a token, `A-B`, `token:ID`, `feature:LAYER/INDEX@POSITION`. A position counts in the
  /// prompt as cut. None stands for the likeliest answers.
  public var targets: [String]?
  public var coverage: Double?
  public var maxLogits: Int?
  public var logitMass: Double?
  /// The most feature rows that are computed.
  public var maxRows: Int?
  public var nodeShare: Double?
  public var edgeShare: Double?
  /// Features to change while the prompt runs; the changed run is traced.
  public var changes: [FeatureChange]?
  /// What is held meanwhile: nothing if `nil`, or attention patterns.
  public var mode: InterventionMode?
  /// The graph's name; made from the prompt if `nil`.
  public var slug: String?

  /// The most targets of an order.
  public static let mostTargets = 256

  public init(prompt: String, tokens: [Token]? = nil, tokenCount: Int? = nil, targets: [String]? = nil) {
    self.prompt = prompt
    self.tokens = tokens
    self.tokenCount = tokenCount
    self.targets = targets
  }

  /// The prompt that is asked for.
  public var input: PromptInput { PromptInput(prompt, tokens: tokens, opening: opening) }

  /// The request, with targets found in the vocabulary.
  /// - Throws: ``AttributionError`` for a target or a cut that the prompt does not have, ``TransformerError`` for a token that
  ///   the model does not have, ``ExploringError`` for a name that could be a path.
  public func request(for model: TracingModel) throws -> TraceRequest {
    if let slug, !PromptTrace.isSlug(slug) { throw ExploringError.badName(slug) }
    let vocabularyCount = model.transformer.configuration.vocabularyCount
    if let token = tokens?.first(where: { !(0..<vocabularyCount).contains(Int($0)) }) {
      throw TransformerError.unknownToken(id: Int(token), vocabulary: vocabularyCount)
    }
    var request = TraceRequest(input)
    request.tokenCount = tokenCount
    request.slug = slug
    if let coverage { request.settings.coverage = coverage }
    if let maxLogits { request.settings.maxLogits = maxLogits }
    if let logitMass { request.settings.logitMass = logitMass }
    request.settings.rowLimit = maxRows
    if let nodeShare { request.nodeShare = nodeShare }
    if let edgeShare { request.edgeShare = edgeShare }
    if let changes { request.changes = changes }
    if let mode { request.mode = mode }
    guard request.mode == .free || request.mode == .frozenAttention else {
      throw ExploringError.cannotTraceHeld
    }
    if let targets, !targets.isEmpty {
      guard targets.count <= Self.mostTargets else {
        throw ExploringError.outOfRange(
          name: "the number of targets", value: targets.count, range: 1...Self.mostTargets)
      }
      request.targetNames = targets
      let count = try request.tokens(with: model.tokenizer).tokens.count
      guard count > 0 else { throw TransformerError.emptyPrompt }
      request.settings.targets = try targets.map {
        try AttributionTarget($0, tokenizer: model.tokenizer, positionCount: count)
      }
    }
    return request
  }
}
