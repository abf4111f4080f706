internal import Foundation
internal import Tensors
public import Tokenization
public import Transcoding
public import Transformers

/// What transcoders would reach if they read at other places than their configuration says.
///
/// A FVU above 1 is worse than a constant. The usual reason is no weak transcoder but a wrong hook, a normalisation
/// that was not folded into the weights, or another model.
public struct HookProbe: Sendable {
  /// A place to read at.
  public enum Hook: String, Sendable, CaseIterable {
    case residualMid = "hook_resid_mid"
    case normalized = "ln2.hook_normalized"
    case mlpInput = "mlp.hook_in"
    case residualPre = "hook_resid_pre"
  }

  /// The mean FVU over layers at each place, the configured one first.
  public let unexplainedVariance: [(hook: Hook, value: Double)]
  /// Positions that this was tried on.
  public let positions: Int

  /// The place that fits: another than the configured one whose FVU is below 0.8 and below half of the configured
  /// one's.
  public var betterHook: Hook? {
    guard let configured = unexplainedVariance.first,
      let best = unexplainedVariance.min(by: { $0.value < $1.value })
    else { return nil }
    return best.hook != configured.hook && best.value < min(0.8, configured.value / 2) ? best.hook : nil
  }

  /// Tries every place on some texts.
  public init(
    of model: Transformer, transcoder: Transcoder, texts: [[Token]]
  ) throws(ReplacementError) {
    let coder = Reconstructor(transcoder)
    let configured = Hook(rawValue: transcoder.configuration.inputHook.rawValue)
    let hooks = Hook.allCases.filter { $0 == configured } + Hook.allCases.filter { $0 != configured }
    var tallies = hooks.map { _ in Array(repeating: ReconstructionTally(), count: model.blocks.count) }
    var positions = 0
    for tokens in texts {
      let recording: Recording
      do throws(TransformerError) { recording = try model.record(tokens) } catch { throw .transformer(error) }
      positions += max(0, tokens.count - 1)
      for (place, hook) in hooks.enumerated() {
        let (_, outputs) = coder.reconstruct { layer in
          switch hook {
          case .residualPre: recording.residualPre[layer]
          case .residualMid: recording.residualMid[layer]
          case .normalized, .mlpInput:
            model.blocks[layer].featureInput(
              hook == .mlpInput ? .mlpInput : .normalized, residualMid: recording.residualMid[layer],
              scales: recording.mlpNormScales[layer])
          }
        }
        for (layer, output) in outputs.enumerated() {
          let target = recording.featureOutput(transcoder.configuration.outputHook, layer: layer)
          for position in 1..<max(1, tokens.count) {
            let range = position * output.columns..<(position + 1) * output.columns
            tallies[place][layer].add(
              target: target.values.span.extracting(range), output: output.values.span.extracting(range),
              active: 0)
          }
        }
      }
    }
    self.positions = positions
    unexplainedVariance = zip(hooks, tallies).map { hook, layers in
      let values = layers.compactMap(\.unexplainedVariance)
      return (hook, values.isEmpty ? .infinity : values.reduce(0, +) / Double(values.count))
    }
  }
}
