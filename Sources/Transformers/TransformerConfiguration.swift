public import Tensors
public import Tokenization

/// How the heads of one layer attend.
public struct AttentionRule: Sendable {
  /// What scores are multiplied by; usually `1 / √c`.
  public var scale: Float
  /// Rotary position embedding; `nil` where positions are learned.
  public var rotary: RotaryEmbedding?
  /// How many positions a reader sees, itself and those before it; `nil` for all.
  public var window: Int?
  /// `s`, where scores become `s · tanh(score / s)`.
  public var softCap: Float?

  public init(scale: Float, rotary: RotaryEmbedding? = nil, window: Int? = nil, softCap: Float? = nil) {
    self.scale = scale
    self.rotary = rotary
    self.window = window
    self.softCap = softCap
  }

  /// The positions that a reader sees.
  func visible(from position: Int) -> Range<Int> {
    max(0, position + 1 - (window ?? position + 1))..<position + 1
  }
}

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
  /// How each layer attends, `[layer]`.
  public var attention: [AttentionRule]
  /// Whether the unembedding is the token embedding.
  public var tiesEmbeddings: Bool
  /// What token embeddings are multiplied by on their way into the residual stream.
  public var embeddingScale: Float
  /// `s`, where logits become `s · tanh(logit / s)`; what is traced is the logit before that.
  public var logitSoftCap: Float?
  /// Tokens that open a conversation. In a text that begins with them none of their positions has features or errors, as else
  /// only the first has none; the published transcoders were trained so.
  public var opening: [Token] = []

  public init(
    family: String, layerCount: Int, dModel: Int, headCount: Int, keyValueHeadCount: Int, dHead: Int,
    dMLP: Int, vocabularyCount: Int, contextLength: Int, norm: Norm, activation: Activation,
    attention: [AttentionRule], tiesEmbeddings: Bool, embeddingScale: Float = 1, logitSoftCap: Float? = nil
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
    self.attention = attention
    self.tiesEmbeddings = tiesEmbeddings
    self.embeddingScale = embeddingScale
    self.logitSoftCap = logitSoftCap
  }

  /// Whether positions are rotary, and not learned.
  public var isRotary: Bool { attention.contains { $0.rotary != nil } }
}

extension TransformerConfiguration {
  /// Checks that sizes are positive and fit together.
  func validated(path: String) throws(TransformerError) -> Self {
    func check(_ condition: Bool, _ reason: String) throws(TransformerError) {
      if !condition { throw .badConfiguration(path: path, reason: reason) }
    }
    let sizes = [
      ("number of layers", layerCount), ("model width", dModel), ("number of heads", headCount),
      ("number of key heads", keyValueHeadCount),
      ("head width", dHead), ("MLP width", dMLP), ("vocabulary", vocabularyCount), ("context", contextLength),
    ]
    for (name, size) in sizes {
      try check(size > 0 && size <= 1 << 26, "its \(name) is \(size)")
    }
    try check(layerCount <= 4096, "it has \(layerCount) layers")
    try check(
      headCount % keyValueHeadCount == 0,
      "\(headCount) query heads cannot share \(keyValueHeadCount) key heads")
    let epsilon =
      switch norm {
      case .rootMeanSquare(let epsilon), .layer(let epsilon): epsilon
      }
    try check(epsilon >= 0 && epsilon.isFinite, "its norms add \(epsilon) to what they divide by")
    try check(attention.count == layerCount, "it states attention for \(attention.count) layers")
    for rule in attention {
      if let rotary = rule.rotary {
        try check(
          rotary.amplitude.isFinite && abs(rotary.amplitude) < 1e6
            && rotary.frequencies.allSatisfy(\.isFinite),
          "its rotary scaling is beyond all numbers")
        try check(
          !rotary.frequencies.isEmpty && 2 * rotary.frequencies.count <= dHead,
          "\(2 * rotary.frequencies.count) of a head's \(dHead) numbers cannot be rotated in pairs")
      }
      try check((rule.window ?? 1) > 0, "its attention reaches back over \(rule.window ?? 0) positions")
      try check(
        (rule.softCap ?? 1) > 0 && (rule.softCap ?? 1).isFinite,
        "its attention scores are capped at \(rule.softCap ?? 0)")
      try check(rule.scale.isFinite, "its attention scores are multiplied by \(rule.scale)")
    }
    try check(
      (logitSoftCap ?? 1) > 0 && (logitSoftCap ?? 1).isFinite, "its logits are capped at \(logitSoftCap ?? 0)"
    )
    try check(embeddingScale.isFinite, "its embeddings are multiplied by \(embeddingScale)")
    return self
  }
}
