internal import Tensors
internal import Transformers

/// What later positions read at position 0, layer by layer, seen from its sources.
///
/// Position 0 has neither features nor errors, and reads nothing but itself. So no gradient needs to be carried
/// through it: its stream is the frozen image of its embedding, plus a constant, and what attention reads there is
/// ```
/// value[l] = W_V[l] N (image[l]),   W_V[l] N (r⁻[l][0] − image[l])
/// ```
struct FirstPositionImage {
  /// The image of the embedding before each layer so far, `[dModel]`.
  private var image: Matrix
  private let model: LocalReplacementModel
  /// For each layer the two vectors that value gradients at position 0 meet: of the embedding and of the
  /// constant; `[keyValueHead · dHead, 2]`, packed.
  private(set) var values: [PackedMatrix] = []

  init(_ model: LocalReplacementModel) {
    self.model = model
    let row = model.recording.tokens.first.map { model.transformer.embeddingVector(Int($0)) } ?? []
    image = Matrix(rows: 1, columns: row.count, values: row)
  }

  /// Takes the image through one layer.
  /// - Parameters:
  ///   - valueRows: `W_V N`, `[keyValueHead · dHead, dModel]`.
  ///   - skip: `P S N`, `[dModel, dModel]`, if the transcoder has a skip connection.
  ///   - skipScale: The norms' scales that `P` and `N` leave out.
  mutating func pass(layer: Int, valueRows: Matrix, skip: Matrix?, skipScale: Float) {
    let recording = model.recording
    let c = model.transformer.configuration
    var rest = recording.residualPre[layer].rows(0..<1)
    rest.add(image.values, scaledBy: -1, toRow: 0)
    let read = [image, rest].map { $0.multiplied(byTransposed: WeightMatrix(valueRows)).values }
    values.append(
      PackedMatrix(transposing: Matrix(rows: 2, columns: valueRows.rows, values: read[0] + read[1])))
    // Position 0 attends to itself alone, with weight 1 but for what a sink takes.
    let patterns = recording.attentionPatterns[layer]
    let scale = recording.attentionNormScales[layer][0]
    let shared = c.headCount / c.keyValueHeadCount
    var heads = Matrix(rows: 1, columns: c.headCount * c.dHead)
    for i in heads.values.indices {
      let (head, place) = i.quotientAndRemainder(dividingBy: c.dHead)
      let weight = patterns.values[head * recording.positionCount * patterns.columns]
      heads.values[i] = weight * scale * read[0][head / shared * c.dHead + place]
    }
    let block = model.transformer.blocks[layer]
    let before = image
    var written = heads.multiplied(byTransposed: block.attention.output.weight)
    if let norm = block.attentionPostNorm {
      // Its bias, if it had one, would belong to the constant.
      written = norm.withoutBias(written, frozenScales: [recording.attentionPostNormScales[layer][0]])
    }
    image += written
    if let skip {
      let passed = (block.isParallel ? before : image).multiplied(byTransposed: WeightMatrix(skip)).values
      image.add(passed, scaledBy: skipScale, toRow: 0)
    }
  }
}
