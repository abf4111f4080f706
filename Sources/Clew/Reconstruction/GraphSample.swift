internal import Attribution
internal import AttributionGraphs
internal import ReplacementModels
public import Tokenization
internal import Transcoding
internal import Transformers

/// The scores of one prompt's graph.
public struct GraphSample: Sendable {
  public let prompt: String
  public let tokenCount: Int
  public let replacement: Double
  public let completeness: Double
  public let activeFeatures: Int
  public let nodes: Int
  /// Nodes that pruning keeps (0.8 of the influence).
  public let keptNodes: Int

  /// Traces a prompt at coverage 1.
  /// - Parameter isExact: Whether the tokens are traced as they are; otherwise a special one comes in front if they begin
  ///   with none.
  public init(
    _ tokens: [Token], with model: TracingModel, isExact: Bool = false, workingMemory: Int = 1 << 30
  ) throws {
    let prompt =
      isExact
      ? Prompt(exactly: tokens, tokenizer: model.tokenizer) : Prompt(tokens, tokenizer: model.tokenizer)
    let local = try LocalReplacementModel(
      of: model.transformer, transcoder: model.transcoder,
      recording: try model.transformer.record(prompt.tokens))
    var settings = AttributionSettings()
    settings.coverage = 1
    settings.workingMemory = workingMemory
    let result = try Attributor.attribute(
      local, prompt: prompt, tokenizer: model.tokenizer, settings: settings)
    let scores = result.graph.scores()
    self.prompt = prompt.text
    tokenCount = prompt.tokens.count
    replacement = scores.replacement
    completeness = scores.completeness
    activeFeatures = local.activations.count
    nodes = result.graph.nodes.count
    keptNodes = try result.graph.pruned(nodeShare: 0.8, edgeShare: 0.98).graph.nodes.count
  }

  /// The first distinct beginnings of texts, of a length; shorter texts as they are.
  public static func beginnings(of rows: [[Token]], count: Int, length: Int) -> [[Token]] {
    var seen: Set<[Token]> = []
    var result: [[Token]] = []
    for row in rows where result.count < count && row.count > 1 {
      let beginning = Array(row.prefix(length))
      if seen.insert(beginning).inserted { result.append(beginning) }
    }
    return result
  }
}

/// Mean, spread and least of some numbers.
public struct Spread: Sendable {
  public let mean: Double
  /// The standard deviation, with one less than the count below the sum; 0 for a single number.
  public let deviation: Double
  public let least: Double

  public init(_ values: [Double]) {
    let count = Double(max(1, values.count))
    let mean = values.reduce(0, +) / count
    self.mean = mean
    deviation =
      values.count > 1
      ? (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot() : 0
    least = values.min() ?? 0
  }
}
