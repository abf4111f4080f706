internal import AttributionGraphs
internal import Foundation
internal import ReplacementModels

/// One measure of a layer: its name, its formula, and how it is written.
struct LayerFigure: Sendable {
  let name: String
  /// Its name in `check.json`.
  let key: String
  let definition: String
  let format: Format
  let value: @Sendable (TranscoderMeasure, Int) -> Double?

  /// How numbers are written.
  enum Format: Sendable {
    case decimals(Int)
    case percent

    func text(_ value: Double?) -> String {
      guard let value, value.isFinite else { return "–" }
      switch self {
      case .decimals(let count): return Self.fixed(value, count)
      case .percent: return NumberText.percent(value, decimals: 2)
      }
    }

    /// A difference, with its sign.
    func difference(_ value: Double?) -> String {
      guard let value, value.isFinite else { return "–" }
      let text = text(value)
      return value > 0 && !text.hasPrefix("<") ? "+" + text : text
    }

    private static func fixed(_ value: Double, _ decimals: Int) -> String {
      let text = String(format: "%.\(decimals)f", value)
      return text.hasPrefix("-") ? "−" + text.dropFirst() : text
    }
  }

  /// Reconstruction, layer by layer.
  static let reconstruction: [LayerFigure] = [
    .init(
      name: "FVU", key: "fvu", definition: "fraction of variance unexplained, Σ|e|² / Σ|y − ȳ|²",
      format: .decimals(4)
    ) { $0.layers[$1].all.unexplainedVariance },
    .init(
      name: "normalised MSE", key: "normalized_mse", definition: "Σ|e|² / Σ|y|², not centred",
      format: .decimals(4)
    ) { $0.layers[$1].all.normalizedSquaredError },
    .init(
      name: "cosine", key: "cosine", definition: "mean of cos(y, ŷ)", format: .decimals(4)
    ) { $0.layers[$1].all.cosine },
    .init(
      name: "length", key: "l2_ratio", definition: "mean of |ŷ| / |y|; below 1 is shrunk",
      format: .decimals(4)
    ) { $0.layers[$1].all.lengthRatio },
    .init(
      name: "relative bias", key: "relative_bias", definition: "Σ|ŷ|² / Σ y·ŷ; 1 is ideal",
      format: .decimals(4)
    ) { $0.layers[$1].all.relativeBias },
    .init(
      name: "error share", key: "error_norm_share", definition: "mean of |e| / |y|", format: .decimals(4)
    ) { $0.layers[$1].all.errorNormShare },
    .init(
      name: "L0", key: "l0", definition: "active features a position, mean", format: .decimals(2)
    ) { $0.layers[$1].all.activeFeatures },
    .init(
      name: "L0, median", key: "l0_median", definition: "half of the positions have at most so many",
      format: .decimals(0)
    ) { Double($0.layers[$1].activeFeatures(atShare: 0.5)) },
    .init(
      name: "L0, 95th percentile", key: "l0_p95", definition: "95 of 100 positions have at most so many",
      format: .decimals(0)
    ) { Double($0.layers[$1].activeFeatures(atShare: 0.95)) },
    .init(
      name: "dead", key: "dead", definition: "features that fired nowhere in this text", format: .percent
    ) { $0.layers[$1].deadShare },
    .init(
      name: "dense, over 1 %", key: "dense_over_1_percent",
      definition: "features that fired at more than 1 % of the positions", format: .percent
    ) { $0.layers[$1].denseShare(over: 0.01) },
    .init(
      name: "dense, over 10 %", key: "dense_over_10_percent", definition: "… at more than 10 %",
      format: .percent
    ) { $0.layers[$1].denseShare(over: 0.1) },
    .init(
      name: "longest output", key: "longest_over_median",
      definition: "the longest |y| over the median |y|: outliers", format: .decimals(1)
    ) { $0.layers[$1].longestLength.overMedian },
    .init(
      name: "FVU if rescaled", key: "fvu_rescaled",
      definition: "with the best common factor on ŷ; far below FVU means wrongly scaled outputs",
      format: .decimals(4)
    ) { $0.layers[$1].all.rescaledUnexplainedVariance },
    .init(
      name: "position 0, MSE", key: "position_0_normalized_mse",
      definition: "Σ|e|² / Σ|y|² if features were used at position 0; they are not", format: .decimals(3)
    ) { $0.layers[$1].first.normalizedSquaredError },
  ]
}

/// One measure of a run with replaced MLPs.
struct BehaviourFigure: Sendable {
  let name: String
  let key: String
  let definition: String
  let format: LayerFigure.Format
  let value: @Sendable (ReconstructionCheck, BehaviourTally) -> Double?

  static let all: [BehaviourFigure] = [
    .init(
      name: "CE", key: "ce", definition: "cross-entropy of the next token, in nats", format: .decimals(4)
    ) { $1.crossEntropy },
    .init(
      name: "ΔCE", key: "delta_ce", definition: "CE less that of the model as it is", format: .decimals(4)
    ) { $1.crossEntropy - $0.original.crossEntropy },
    .init(
      name: "KL", key: "kl", definition: "mean KL(original ‖ replaced), in nats", format: .decimals(4)
    ) { $1.divergenceFromOriginal },
    .init(
      name: "top-1", key: "top1",
      definition: "positions whose most probable token stays the same", format: .percent
    ) { $1.topAgreement },
    .init(
      name: "CE recovered (mean)", key: "ce_recovered_mean",
      definition: "(CE_mean − CE) / (CE_mean − CE_original), all MLP outputs at their mean in CE_mean",
      format: .percent
    ) { $0.lossRecovered($1, against: $0.meanAblation) },
    .init(
      name: "CE recovered (zero)", key: "ce_recovered_zero",
      definition: "the same, against all MLP outputs at zero", format: .percent
    ) { $0.lossRecovered($1, against: $0.zeroAblation) },
  ]
}
