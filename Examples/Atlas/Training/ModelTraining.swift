public import AtlasWorld
public import Clew
internal import Foundation

/// How Atlas's model is made: a Llama of six layers, trained on documents of the world as they are drawn.
public struct ModelTraining {
  /// Steps of ``documentsPerStep`` documents, about 2,900 tokens.
  public var stepCount = 2000
  public var documentsPerStep = 256
  public var peakRate = 2e-3
  public var warmUp = 200
  /// How much a token of a question counts, against 1 for one of an answer.
  public var questionWeight: Float = 0.1
  /// The part of the learning rate that embeddings learn at: the slower, the more of what is known of a city is looked
  /// up by MLPs, whose features can be traced, and the less is kept in its embedding.
  public var embeddingShare: Float = 0.5
  public var seed: UInt64 = 0

  /// Large enough that fixed embeddings can tell tokens apart in the logits.
  private static let embeddingDeviation = 0.1

  public init() {}

  /// The base of the rotary position embedding.
  public static let rotaryBase = 10_000.0

  /// The shape of the model for a vocabulary.
  public static func configuration(vocabularyCount: Int) -> TransformerConfiguration {
    let rule = AttentionRule(
      scale: Float(1 / 32.0.squareRoot()), rotary: RotaryEmbedding(dHead: 32, base: rotaryBase))
    return TransformerConfiguration(
      family: "llama", layerCount: 6, dModel: 128, headCount: 4, keyValueHeadCount: 4, dHead: 32, dMLP: 384,
      vocabularyCount: vocabularyCount, contextLength: 64, norm: .rootMeanSquare(epsilon: 1e-5),
      activation: .silu, attention: Array(repeating: rule, count: 6), tiesEmbeddings: true)
  }

  /// A document's tokens and the end of the text, each but the first with its weight in the loss.
  func weighted(_ document: Document, _ tokenizer: Tokenizer) throws -> (text: [Token], weights: [Float]) {
    let question = try tokenizer.encode(document.question.prompt)
    let whole = try tokenizer.encode(document.text) + [tokenizer.endOfText].compactMap { $0 }
    return (whole, (1..<whole.count).map { $0 < question.count ? questionWeight : 1 })
  }

  /// The rate at a step: a linear start, then a cosine down to a twentieth.
  func rate(at step: Int) -> Float {
    let part = Double(step) / Double(stepCount)
    let decay = 0.05 + 0.95 * 0.5 * (1 + cos(Double.pi * part))
    return Float(peakRate * min(1, Double(step) / Double(warmUp)) * decay)
  }

  /// Trains a model.
  /// - Parameter report: Called every 100 steps with the step, the tokens so far and the mean loss.
  public func run(
    corpus: Corpus, tokenizer: Tokenizer, report: (Int, Int, Double) -> Void
  ) throws -> Transformer {
    let configuration = Self.configuration(vocabularyCount: tokenizer.vocabularyCount)
    var corpus = corpus
    var settings = LanguageModelTrainer.Settings()
    settings.embeddingShare = embeddingShare
    let start = Transformer(
      random: configuration, isGated: true, embeddingDeviation: Self.embeddingDeviation, seed: seed)
    var trainer = LanguageModelTrainer(start, settings: settings, longest: configuration.contextLength)
    var tokens = 0
    var losses = 0.0
    for step in 1...stepCount {
      let texts = try (0..<documentsPerStep).map { _ in try weighted(corpus.next(), tokenizer) }
      losses += try trainer.step(texts, rate: rate(at: step)).loss
      tokens += texts.reduce(0) { $0 + $1.text.count }
      if step % 100 == 0 {
        report(step, tokens, losses / 100)
        losses = 0
      }
    }
    return trainer.model
  }
}
