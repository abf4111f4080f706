internal import Foundation
internal import Tensors

extension Transformer {
  /// A model of random weights, to be trained: every matrix normal with the same deviation, gains 1, biases 0.
  /// - Parameters:
  ///   - isGated: Whether the MLPs have a gate.
  ///   - hasBiases: Whether linear maps have biases (GPT-2).
  ///   - deviation: The standard deviation of the weights.
  ///   - embeddingDeviation: That of the embeddings; `nil` for the same.
  ///   - seed: The same seed gives the same weights.
  public init(
    random configuration: TransformerConfiguration, isGated: Bool, hasBiases: Bool = false,
    deviation: Double = 0.02, embeddingDeviation: Double? = nil, seed: UInt64
  ) {
    let c = configuration
    var generator = SeededGenerator(seed: seed)
    func matrix(_ rows: Int, _ columns: Int, _ size: Double? = nil) -> WeightMatrix {
      let values = (0..<rows * columns).map { _ in Float((size ?? deviation) * generator.normal()) }
      return WeightMatrix(Matrix(rows: rows, columns: columns, values: values))
    }
    func linear(_ outputs: Int, _ inputs: Int) -> Linear {
      Linear(
        weight: matrix(outputs, inputs), bias: hasBiases ? Array(repeating: 0, count: outputs) : nil)
    }
    let norm = NormLayer(
      kind: c.norm, gain: Array(repeating: 1, count: c.dModel), bias: Array(repeating: 0, count: c.dModel))
    let embedding = matrix(c.vocabularyCount, c.dModel, embeddingDeviation)
    let positions = !c.isRotary ? matrix(c.contextLength, c.dModel) : nil
    let (queries, keys) = (c.headCount * c.dHead, c.keyValueHeadCount * c.dHead)
    let blocks = (0..<c.layerCount).map { _ in
      Block(
        attentionNorm: norm,
        attention: AttentionLayer(
          query: linear(queries, c.dModel), key: linear(keys, c.dModel), value: linear(keys, c.dModel),
          output: linear(c.dModel, queries)),
        mlpNorm: norm,
        feedForward: .dense(
          MLPLayer(
            gate: isGated ? linear(c.dMLP, c.dModel) : nil, up: linear(c.dMLP, c.dModel),
            down: linear(c.dModel, c.dMLP), activation: c.activation)))
    }
    self.init(
      configuration: c, embedding: embedding, positionEmbedding: positions, blocks: blocks, finalNorm: norm,
      unembedding: c.tiesEmbeddings ? embedding : matrix(c.vocabularyCount, c.dModel, embeddingDeviation),
      folder: URL(filePath: "."))
  }
}
