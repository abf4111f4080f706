public import Tensors
public import Tokenization

/// What one run over one prompt computed, at every hook point that attribution and interventions need.
public struct Recording: Sendable {
  /// The prompt.
  public let tokens: [Token]
  /// `r⁻`, `[layer][position, dModel]`.
  public internal(set) var residualPre: [Matrix] = []
  /// `r⁰`, what the norm before the MLP reads, `[layer][position, dModel]`; in parallel layers that is `r⁻`.
  public internal(set) var residualMid: [Matrix] = []
  /// `mlpOut`, `[layer][position, dModel]`.
  public internal(set) var mlpOutput: [Matrix] = []
  /// What the MLPs write before the norms behind them, `[layer][position, dModel]`; without rows in layers without one.
  public internal(set) var mlpOutputInner: [Matrix] = []
  /// `r⁺` of the last layer, `[position, dModel]`.
  public internal(set) var residualFinal = Matrix(rows: 0, columns: 0)
  /// `A`, `[layer]`: one matrix `[head · position, position]`, row = reader.
  public internal(set) var attentionPatterns: [Matrix] = []
  /// The frozen scales of the norms before attention, `[layer][position]`.
  public internal(set) var attentionNormScales: [[Float]] = []
  /// The frozen scales of the norms before the MLPs, `[layer][position]`.
  public internal(set) var mlpNormScales: [[Float]] = []
  /// The frozen scales of the norms behind attention, `[layer][position]`; empty in layers without one.
  public internal(set) var attentionPostNormScales: [[Float]] = []
  /// The frozen scales of the norms behind the MLPs, `[layer][position]`; empty in layers without one.
  public internal(set) var mlpPostNormScales: [[Float]] = []
  /// The frozen scales of the final norm, `[position]`.
  public internal(set) var finalNormScales: [Float] = []
  /// The logits, `[position, vocabulary]`, or the last position's alone, `[1, vocabulary]`.
  public internal(set) var logits = Matrix(rows: 0, columns: 0)

  /// The logits of the next token, `[vocabulary]`.
  public var lastLogits: [Float] { logits.rows > 0 ? logits.row(logits.rows - 1) : [] }

  /// Bytes that a recording holds of a prompt of so many tokens: six rows of `dModel` numbers for each layer and position
  /// where norms follow the MLPs, five where not, and every attention pattern.
  public static func byteCount(_ c: TransformerConfiguration, positions: Int) -> Int {
    let rows = c.layerCount * positions * (c.dModel * 6 + c.keyValueHeadCount * c.dHead * 2)
    return 4 * (rows + c.layerCount * c.headCount * positions * positions + c.vocabularyCount)
  }

  /// How many positions the prompt has.
  public var positionCount: Int { tokens.count }
}
