public import Foundation
public import Tensors

/// Every learned number of a transformer as float32 in memory; weights in training, gradients and an optimiser's
/// moments all have this shape.
public struct TransformerParameters: Sendable, Equatable {
  /// `[vocabulary, dModel]`; serves as the unembedding too where the model ties them.
  public var embedding: Matrix
  /// `[context, dModel]`, for learned positions.
  public var positionEmbedding: Matrix?
  /// `[layer]`.
  public var blocks: [BlockParameters]
  public var finalNorm: NormParameters
  /// `[vocabulary, dModel]`; `nil` where the model ties it to the embedding.
  public var unembedding: Matrix?

  /// A linear map's numbers.
  public struct LinearParameters: Sendable, Equatable {
    /// `[outputs, inputs]`.
    public var weight: Matrix
    /// `[outputs]`, or empty.
    public var bias: [Float]

    init(_ linear: Linear) {
      weight = linear.weight.matrix()
      bias = linear.bias ?? []
    }

    var linear: Linear { Linear(weight: WeightMatrix(weight), bias: bias.isEmpty ? nil : bias) }

    /// Adds a map's gradient: `gy` at its output, `x` its input.
    mutating func addGradient(_ gy: Matrix, _ x: Matrix, rows: Int) {
      Kernels.addWeightGradient(gy, x, rows: rows, to: &weight)
      if !bias.isEmpty { Kernels.addRows(gy, rows: rows, to: &bias) }
    }
  }

  /// A norm's numbers.
  public struct NormParameters: Sendable, Equatable {
    /// `[dModel]`.
    public var gain: [Float]
    /// `[dModel]`; empty for RMS norms.
    public var bias: [Float]

    init(_ norm: NormLayer) {
      gain = norm.gain
      bias = norm.kind.centers ? norm.bias : []
    }

    func norm(_ kind: Norm) -> NormLayer {
      NormLayer(kind: kind, gain: gain, bias: bias.isEmpty ? Array(repeating: 0, count: gain.count) : bias)
    }
  }

  /// A layer's numbers.
  public struct BlockParameters: Sendable, Equatable {
    public var attentionNorm: NormParameters
    public var query, key, value, output: LinearParameters
    public var mlpNorm: NormParameters
    public var gate: LinearParameters?
    public var up, down: LinearParameters

    init(_ block: Block) {
      attentionNorm = NormParameters(block.attentionNorm)
      query = LinearParameters(block.attention.query)
      key = LinearParameters(block.attention.key)
      value = LinearParameters(block.attention.value)
      output = LinearParameters(block.attention.output)
      mlpNorm = NormParameters(block.mlpNorm)
      gate = block.mlp.gate.map { LinearParameters($0) }
      up = LinearParameters(block.mlp.up)
      down = LinearParameters(block.mlp.down)
    }

    func block(_ configuration: TransformerConfiguration) -> Block {
      Block(
        attentionNorm: attentionNorm.norm(configuration.norm),
        attention: AttentionLayer(
          query: query.linear, key: key.linear, value: value.linear, output: output.linear),
        mlpNorm: mlpNorm.norm(configuration.norm),
        feedForward: .dense(
          MLPLayer(
            gate: gate?.linear, up: up.linear, down: down.linear, activation: configuration.activation)))
    }
  }
}

extension TransformerParameters {
  /// A model's numbers, copied.
  public init(_ model: Transformer) {
    embedding = model.embedding.matrix()
    positionEmbedding = model.positionEmbedding?.matrix()
    blocks = model.blocks.map { BlockParameters($0) }
    finalNorm = NormParameters(model.finalNorm)
    unembedding = model.configuration.tiesEmbeddings ? nil : model.unembedding.matrix()
  }

  /// Zeros in the shape of these.
  public var zeros: TransformerParameters {
    var result = self
    result.visit { list, _ in list = Array(repeating: 0, count: list.count) }
    return result
  }

  /// A model with these numbers. It shares them until one side changes.
  public func model(_ configuration: TransformerConfiguration, folder: URL) -> Transformer {
    let embedding = WeightMatrix(embedding)
    return Transformer(
      configuration: configuration, embedding: embedding,
      positionEmbedding: positionEmbedding.map { WeightMatrix($0) },
      blocks: blocks.map { $0.block(configuration) }, finalNorm: finalNorm.norm(configuration.norm),
      unembedding: unembedding.map { WeightMatrix($0) } ?? embedding, folder: folder)
  }

  /// What a list of numbers is, for those who treat matrices and vectors differently.
  public enum ListKind: Sendable {
    /// The weight of a linear map.
    case matrix
    /// An embedding or the unembedding.
    case embedding
    /// A gain or a bias.
    case vector
  }

  /// Calls `body` with every list of numbers, always in the same order.
  public mutating func visit(_ body: (inout [Float], ListKind) -> Void) {
    func visit(_ linear: inout LinearParameters) {
      body(&linear.weight.values, .matrix)
      body(&linear.bias, .vector)
    }
    func visit(_ norm: inout NormParameters) {
      body(&norm.gain, .vector)
      body(&norm.bias, .vector)
    }
    body(&embedding.values, .embedding)
    positionEmbedding.change { body(&$0.values, .embedding) }
    for layer in blocks.indices {
      visit(&blocks[layer].attentionNorm)
      visit(&blocks[layer].query)
      visit(&blocks[layer].key)
      visit(&blocks[layer].value)
      visit(&blocks[layer].output)
      visit(&blocks[layer].mlpNorm)
      blocks[layer].gate.change { visit(&$0) }
      visit(&blocks[layer].up)
      visit(&blocks[layer].down)
    }
    visit(&finalNorm)
    unembedding.change { body(&$0.values, .embedding) }
  }

  /// Every list of numbers, in the order of ``visit(_:)``.
  public var lists: [[Float]] {
    var copy = self
    var result: [[Float]] = []
    copy.visit { list, _ in result.append(list) }
    return result
  }

  /// How many numbers there are.
  public var count: Int { lists.reduce(0) { $0 + $1.count } }
}
