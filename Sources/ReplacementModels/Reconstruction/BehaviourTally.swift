internal import Tensors

/// What a replacement does to the model's answers, summed over positions.
public struct BehaviourTally: Sendable {
  /// Positions compared: those whose next token is known.
  public private(set) var positions = 0
  private var loss = 0.0
  private var divergence = 0.0
  private var agreements = 0

  public init() {}

  /// Mean cross-entropy of the next token, in nats.
  public var crossEntropy: Double { positions > 0 ? loss / Double(positions) : 0 }
  /// Mean `KL(original ‖ replaced)`, in nats.
  public var divergenceFromOriginal: Double { positions > 0 ? divergence / Double(positions) : 0 }
  /// The share of positions whose most probable token is the original's.
  public var topAgreement: Double { positions > 0 ? Double(agreements) / Double(positions) : 0 }

  mutating func add(loss: Double, divergence: Double, agrees: Bool) {
    self.loss += loss
    self.divergence += divergence
    agreements += agrees ? 1 : 0
    positions += 1
  }
}

/// The original model's answers over one text, to compare replaced ones with.
struct OriginalAnswers {
  private let tokens: [Int]
  /// The positions that count: all but the first ones, and but the last, whose next token is not known.
  private let counted: Range<Int>
  /// Probabilities, `[position, vocabulary]`.
  private let probabilities: Matrix
  /// `Σ p · logit − log Σ exp(logit)`, the mean log-probability, by position.
  private let negativeEntropy: [Double]
  private let best: [Int]

  /// - Parameters:
  ///   - logits: `[position, vocabulary]`.
  ///   - skipped: How many positions at the beginning do not count.
  ///   - tally: Where the original's own loss is counted.
  init(tokens: [Int], logits: Matrix, skipped: Int, tally: inout BehaviourTally) {
    self.tokens = tokens
    let counted = skipped..<max(skipped, tokens.count - 1)
    self.counted = counted
    var probabilities = logits
    var best = [Int](repeating: 0, count: tokens.count)
    var means = [Double](repeating: 0, count: tokens.count)
    let width = logits.columns
    for position in counted {
      let row = logits.values.span.extracting(position * width..<(position + 1) * width)
      best[position] = Self.largest(row)
      let target = tokens[position + 1]
      let loss = Kernels.crossEntropy(&probabilities, row: position, target: target, weight: 1)
      probabilities.values[position * width + target] += 1
      let normalizer = Double(loss) + Double(row[target])
      let p = probabilities.values.span.extracting(position * width..<(position + 1) * width)
      means[position] = Double(Kernels.dot(p, row)) - normalizer
      tally.add(loss: Double(loss), divergence: 0, agrees: true)
    }
    self.probabilities = probabilities
    self.best = best
    negativeEntropy = means
  }

  /// Counts another run's answers over the same text.
  /// ```
  /// KL(p ‖ q) = Σ p log p − Σ p log q,   log q = logit − log Σ exp(logit)
  /// ```
  func compare(_ logits: Matrix, tally: inout BehaviourTally) {
    var work = logits
    let width = logits.columns
    for position in counted {
      let row = logits.values.span.extracting(position * width..<(position + 1) * width)
      let p = probabilities.values.span.extracting(position * width..<(position + 1) * width)
      let target = tokens[position + 1]
      let loss = Double(Kernels.crossEntropy(&work, row: position, target: target, weight: 1))
      let normalizer = loss + Double(row[target])
      tally.add(
        loss: loss,
        divergence: negativeEntropy[position] - (Double(Kernels.dot(p, row)) - normalizer),
        agrees: Self.largest(row) == best[position])
    }
  }

  private static func largest(_ row: Span<Float>) -> Int {
    var best = 0
    for i in 0..<row.count where row[i] > row[best] { best = i }
    return best
  }
}
