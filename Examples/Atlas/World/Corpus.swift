internal import Tensors
public import Tokenization

/// Documents of the world in an order that a seed decides; none is held out.
public struct Corpus: Sendable {
  /// How much of each kind there is.
  public struct Mixture: Sendable {
    /// Weights by kind; a kind without one does not occur.
    public var weights: [Question.Kind: Double]

    /// - Parameter weights: By kind, of any sum.
    public init(_ weights: [Question.Kind: Double]) { self.weights = weights }

    /// What Atlas is trained on.
    public static let standard = Mixture([
      .oneHop: 0.18, .twoHop: 0.34, .opposites: 0.05, .mixedOpposites: 0.05, .givers: 0.12, .years: 0.06,
      .sums: 0.20,
    ])

    func kind(at place: Double) -> Question.Kind {
      let kinds = Question.Kind.allCases.filter { weights[$0, default: 0] > 0 }
      let total = kinds.reduce(0) { $0 + weights[$1, default: 0] }
      var rest = place * total
      for kind in kinds {
        rest -= weights[kind, default: 0]
        if rest < 0 { return kind }
      }
      return kinds.last ?? .oneHop
    }
  }

  public var mixture: Mixture
  private var generator: SeededGenerator

  public init(seed: UInt64, mixture: Mixture = .standard) {
    self.mixture = mixture
    generator = SeededGenerator(seed: seed)
  }

  /// The next document.
  public mutating func next() -> Document {
    let kind = mixture.kind(at: generator.unit())
    return World.draw(kind, heldOut: false, &generator).document
  }

  /// The next documents as rows of tokens, each with BOS in front.
  public mutating func rows(
    _ count: Int, tokenizer: Tokenizer
  ) throws(TokenizationError) -> [[Token]] {
    var rows: [[Token]] = []
    for _ in 0..<count { rows.append(try tokenizer.encode(next().text)) }
    return rows
  }
}

extension World {
  /// The tokenizer of the world, learnt from its documents.
  ///
  /// It is learnt from a list that holds every listed question once, held-out ones included, so that it does not
  /// tell them from others, and ``sampleCount`` of each drawn kind.
  /// - Parameter vocabularyLimit: The most tokens.
  public static func tokenizer(vocabularyLimit: Int = 2048) -> BytePairTrainer {
    var trainer = BytePairTrainer(vocabularyLimit: vocabularyLimit)
    trainer.leastCountOfWholeWords = 2
    for kind in Question.Kind.allCases {
      for heldOut in [false, true] {
        for question in questions(kind, heldOut: heldOut) { trainer.add(question.document.text) }
      }
    }
    return trainer
  }
}
