internal import Foundation
public import Tensors
public import Tokenization

/// Trains a transformer to predict the next token, by AdamW.
///
/// A batch is cut into pieces, the pieces are dealt to a fixed number of lanes, and the lanes' gradients are added
/// in a fixed order, so that the result does not depend on the number of threads.
public struct LanguageModelTrainer {
  /// How steps are taken.
  public struct Settings: Sendable {
    public var optimizer = Adam(beta1: 0.9, beta2: 0.98)
    /// Decoupled weight decay of matrices; gains and biases have none.
    public var weightDecay: Float = 0.1
    /// The part of the learning rate that embeddings learn at.
    public var embeddingShare: Float = 1
    /// The gradient's largest norm.
    public var largestNorm = 1.0

    public init() {}
  }

  public let configuration: TransformerConfiguration
  public let settings: Settings
  public private(set) var parameters: TransformerParameters
  /// Steps taken.
  public private(set) var stepCount = 0
  private var moments: [[Float]]
  private var squares: [[Float]]
  private let lanes: [Lane]

  private static let laneCount = 2
  private static let pieceRows = 512

  /// - Parameters:
  ///   - model: The model to start from.
  ///   - longest: The longest text, in tokens.
  public init(_ model: Transformer, settings: Settings = Settings(), longest: Int) {
    configuration = model.configuration
    self.settings = settings
    parameters = TransformerParameters(model)
    let zeros = parameters.zeros
    moments = zeros.lists
    squares = moments
    lanes = (0..<Self.laneCount).map { _ in
      Lane(
        tape: TransformerTape(for: model, capacity: max(Self.pieceRows, longest), longest: longest),
        gradient: zeros)
    }
  }

  /// The model as it is now.
  public var model: Transformer {
    parameters.model(configuration, folder: URL(filePath: "."))
  }

  /// What one step did.
  public struct Step: Sendable {
    /// The batch's mean cross-entropy before the step, nats a token.
    public let loss: Double
    /// The gradient's norm before it was clipped.
    public let gradientNorm: Double
  }

  /// Takes one step.
  /// - Parameters:
  ///   - texts: Each with a weight for every token but the first.
  ///   - rate: The learning rate.
  /// - Throws: ``TransformerError/trainingDiverged(step:)`` if the loss or the gradient is not finite; the
  ///   parameters are then as before.
  public mutating func step(
    _ texts: [(text: [Token], weights: [Float])], rate: Float
  ) throws(TransformerError) -> Step {
    let pieces = Self.pieces(texts)
    let total = pieces.reduce(0) { $0 + $1.totalWeight }
    guard total > 0 else { throw .emptyPrompt }
    run(pieces, scale: Float(1 / total))
    lanes[0].add(lanes.dropFirst())
    let gradient = lanes[0].lists
    let norm = gradient.reduce(0) { $0 + Kernels.sumOfSquares($1) }.squareRoot()
    let loss = lanes.reduce(0) { $0 + $1.loss } / total
    guard norm.isFinite, loss.isFinite else { throw .trainingDiverged(step: stepCount + 1) }
    stepCount += 1
    var place = 0
    parameters.visit { list, kind in
      settings.optimizer.step(
        &list, gradient: gradient[place], moments: &moments[place], squares: &squares[place],
        gradientScale: Float(norm > settings.largestNorm ? settings.largestNorm / norm : 1),
        rate: kind == .embedding ? settings.embeddingShare * rate : rate,
        decay: kind == .vector ? 0 : settings.weightDecay, number: stepCount)
      place += 1
    }
    return Step(loss: loss, gradientNorm: norm)
  }

  /// Forward and back for every piece; the lanes hold the gradients afterwards.
  private func run(_ pieces: [TextBatch], scale: Float) {
    let model = model
    let lanes = lanes
    Parallel.forEach(lanes.count) { number in
      lanes[number].begin()
      for piece in stride(from: number, to: pieces.count, by: lanes.count) {
        lanes[number].run(model, pieces[piece], scale: scale)
      }
    }
  }

  /// Batches of whole texts, as many rows each as a tape likes.
  static func pieces(_ texts: [(text: [Token], weights: [Float])]) -> [TextBatch] {
    var pieces: [TextBatch] = []
    var current: [(text: [Token], weights: [Float])] = []
    var rows = 0
    for text in texts {
      if rows + text.text.count > pieceRows, !current.isEmpty {
        pieces.append(TextBatch(current))
        current = []
        rows = 0
      }
      current.append(text)
      rows += text.text.count
    }
    if !current.isEmpty { pieces.append(TextBatch(current)) }
    return pieces
  }
}

/// One worker's memory.
private final class Lane: @unchecked Sendable {
  // Only one thread works on a lane at a time.
  private var tape: TransformerTape
  private var gradient: TransformerParameters?
  private(set) var loss = 0.0

  init(tape: TransformerTape, gradient: TransformerParameters) {
    self.tape = tape
    self.gradient = gradient
  }

  func begin() {
    loss = 0
    gradient?.visit { list, _ in
      list.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    }
  }

  func run(_ model: Transformer, _ batch: TextBatch, scale: Float) {
    loss += tape.crossEntropy(model, batch, scale: scale, gradient: &gradient)
  }

  var lists: [[Float]] { gradient?.lists ?? [] }

  /// Adds other lanes' gradients, in their order.
  func add(_ others: ArraySlice<Lane>) {
    for other in others {
      let addends = other.lists
      var place = 0
      gradient?.visit { list, _ in
        let addend = addends[place]
        for i in list.indices { list[i] += addend[i] }
        place += 1
      }
    }
  }
}
