public import Tensors

/// The sizes and choices that make one model of a family.
public struct TransformerConfiguration: Sendable {
  /// The family's name as the configuration file spells it: `llama`, `gpt2`.
  public var family: String
  /// `L`.
  public var layerCount: Int
  /// `d`, the width of the residual stream.
  public var dModel: Int
  /// `H`.
  public var headCount: Int
  /// `K`; smaller than `H` where query heads share keys and values.
  public var keyValueHeadCount: Int
  /// `c`, the width of a head.
  public var dHead: Int
  /// The width of the MLPs.
  public var dMLP: Int
  /// `V`.
  public var vocabularyCount: Int
  /// The longest text, in tokens.
  public var contextLength: Int
  /// The kind of every norm.
  public var norm: Norm
  /// The MLPs' nonlinearity.
  public var activation: Activation
  /// Rotary position embedding; `nil` where positions are learned.
  public var rotary: RotaryEmbedding?
  /// What attention scores are multiplied by, `[layer]`; usually `1 / √c`.
  public var attentionScales: [Float]
  /// Whether the unembedding is the token embedding.
  public var tiesEmbeddings: Bool

  public init(
    family: String, layerCount: Int, dModel: Int, headCount: Int, keyValueHeadCount: Int, dHead: Int,
    dMLP: Int, vocabularyCount: Int, contextLength: Int, norm: Norm, activation: Activation,
    rotary: RotaryEmbedding?,
    attentionScales: [Float], tiesEmbeddings: Bool
  ) {
    self.family = family
    self.layerCount = layerCount
    self.dModel = dModel
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.dHead = dHead
    self.dMLP = dMLP
    self.vocabularyCount = vocabularyCount
    self.contextLength = contextLength
    self.norm = norm
    self.activation = activation
    self.rotary = rotary
    self.attentionScales = attentionScales
    self.tiesEmbeddings = tiesEmbeddings
  }
}

extension TransformerConfiguration {
  /// Checks that sizes are positive and fit together.
  func validated(path: String) throws(TransformerError) -> Self {
    func check(_ condition: Bool, _ reason: String) throws(TransformerError) {
      if !condition { throw .badConfiguration(path: path, reason: reason) }
    }
    let sizes = [
      ("layers", layerCount), ("model width", dModel), ("heads", headCount), ("key heads", keyValueHeadCount),
      ("head width", dHead), ("MLP width", dMLP), ("vocabulary", vocabularyCount), ("context", contextLength),
    ]
    for (name, size) in sizes {
      try check(size > 0 && size <= 1 << 26, "its number of \(name) is \(size)")
    }
    try check(layerCount <= 4096, "it has \(layerCount) layers")
    try check(
      headCount % keyValueHeadCount == 0,
      "\(headCount) query heads cannot share \(keyValueHeadCount) key heads")
    try check(rotary == nil || dHead % 2 == 0, "a head width of \(dHead) cannot be rotated in pairs")
    return self
  }
}
