internal import AtlasWorld
internal import Clew

/// Compares what the graph says a feature does to the answer with what happens when it is taken away.
public struct EffectComparison: Sendable {
  /// One feature of one prompt.
  public struct Pair: Sendable {
    /// By the graph: the sum over all paths.
    public let predicted: Double
    /// By a run with attention held.
    public let measuredWithAttentionHeld: Double
    /// By a run in which everything is recomputed.
    public let measured: Double
  }

  public let pairs: [Pair]

  /// - Parameters:
  ///   - promptCount: How many held-out two-hop questions, the first of the list shuffled with the seed.
  ///   - featuresPerPrompt: How many of a prompt's active features, drawn with the seed.
  public init(
    _ atlas: Atlas, promptCount: Int = 30, featuresPerPrompt: Int = 20, seed: UInt64 = 2,
    progress: (Double) -> Void = { _ in }
  ) throws {
    var generator = SeededGenerator(seed: seed)
    let questions = World.questions(.twoHop, heldOut: true).shuffled(using: &generator).prefix(promptCount)
    var pairs: [Pair] = []
    for (number, question) in questions.enumerated() {
      pairs += try Self.pairs(atlas, question, featuresPerPrompt, &generator)
      progress(Double(number + 1) / Double(promptCount))
    }
    self.pairs = pairs
  }

  private static func pairs(
    _ atlas: Atlas, _ question: Question, _ count: Int, _ generator: inout SeededGenerator
  ) throws -> [Pair] {
    var request = TraceRequest(prompt: question.prompt)
    request.settings.coverage = 1
    request.settings.maxLogits = 1
    let result = try PromptTrace.trace(request, with: atlas.model).result
    let model = result.model
    guard let target = result.logits.first else { return [] }
    let effects = result.graph.linearEffects(on: result.layout.logits.lowerBound)
    let before = value(of: target.token, model.recording.lastLogits)
    let entries = model.activations.entries
    return try entries.indices.shuffled(using: &generator).prefix(count).sorted().map { place in
      let edit = FeatureEdit(feature: entries[place].feature, position: entries[place].position, value: 0)
      func change(_ mode: InterventionMode) throws -> Double {
        value(of: target.token, try model.run(setting: [edit], mode: mode).recording.lastLogits) - before
      }
      return Pair(
        predicted: -effects[place], measuredWithAttentionHeld: try change(.frozenAttention),
        measured: try change(.free))
    }
  }

  /// A token's logit less the mean of all, which is what graphs attribute.
  private static func value(of token: Token, _ logits: [Float]) -> Double {
    Double(logits[Int(token)]) - logits.reduce(0) { $0 + Double($1) } / Double(logits.count)
  }

  /// Pearson's correlation of what is predicted with something measured.
  public func correlation(with measured: KeyPath<Pair, Double>) -> Double {
    Self.correlation(pairs.map(\.predicted), pairs.map { $0[keyPath: measured] })
  }

  /// The correlation of the ranks.
  public func rankCorrelation(with measured: KeyPath<Pair, Double>) -> Double {
    Self.correlation(Self.ranks(pairs.map(\.predicted)), Self.ranks(pairs.map { $0[keyPath: measured] }))
  }

  /// Pearson's correlation; 0 where one side does not vary.
  public static func correlation(_ x: [Double], _ y: [Double]) -> Double {
    let count = Double(max(1, x.count))
    let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      xx += (a - meanX) * (a - meanX)
      yy += (b - meanY) * (b - meanY)
      xy += (a - meanX) * (b - meanY)
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : 0
  }

  /// The rank of each value; equal values share the mean of theirs.
  static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = values
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in order[start..<end] { ranks[place] = Double(start + end - 1) / 2 }
      start = end
    }
    return ranks
  }
}
