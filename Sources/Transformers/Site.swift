public import Tensors

/// A place in a run where values can be looked at or changed.
public enum Site: Hashable, Sendable {
  /// The token embeddings, scaled where the family scales them, plus learned positions, `[position, dModel]`.
  case embedding
  /// The residual stream before a layer, `r⁻`.
  case residualPre(layer: Int)
  /// What attention adds, behind its post-norm if it has one, `[position, dModel]`.
  case attentionOutput(layer: Int)
  /// The residual stream between attention and MLP, `r⁰`; in parallel layers what the MLP reads of it, `r⁻`.
  case residualMid(layer: Int)
  /// The MLP's input behind its norm, `[position, dModel]`.
  case mlpInput(layer: Int)
  /// What the MLP itself writes, before its post-norm, `[position, dModel]`; passed where there is such a norm and the
  /// MLP output is not held.
  case mlpOutputInner(layer: Int)
  /// What the MLP adds, behind its post-norm if it has one, `[position, dModel]`.
  case mlpOutput(layer: Int)
  /// The residual stream after a layer, `r⁺`.
  case residualPost(layer: Int)
  /// The logits, `[position, vocabulary]`.
  case logits
}

/// A change made while the model runs.
///
/// The run shows the values at every site it passes, in order; whatever is written there flows on. State that
/// one site needs from another lives in the intervention itself.
public protocol Intervention {
  /// Looks at or changes the values at one site.
  /// - Parameters:
  ///   - values: `[row, …]`.
  ///   - site: Where the run is.
  ///   - rows: The texts and positions that the rows belong to.
  mutating func edit(_ values: inout Matrix, at site: Site, rows: Rows)
}

/// No change at all.
public struct NoIntervention: Intervention {
  public init() {}
  public func edit(_ values: inout Matrix, at site: Site, rows: Rows) {}
}

/// What a run holds at recorded values instead of computing it.
public struct Freeze: Sendable {
  /// Where the values come from; its prompt must be the one that is run.
  public var recording: Recording
  /// Whether attention patterns are held.
  public var attention: Bool
  /// Whether the scales of every norm are held.
  public var norms: Bool
  /// The layers whose MLP outputs are held.
  public var mlpLayers: Range<Int>

  public init(
    recording: Recording, attention: Bool = false, norms: Bool = false, mlpLayers: Range<Int> = 0..<0
  ) {
    self.recording = recording
    self.attention = attention
    self.norms = norms
    self.mlpLayers = mlpLayers
  }
}
