internal import Tensors

public import Checkpoints

/// What can go wrong while transcoders are trained.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// A number is no longer finite.
  case diverged(step: Int, layer: Int?, what: String, kept: String?)
  /// A layer's activations are such that nothing can be learned from them.
  case nothingToLearn(layer: Int, what: String)
  /// The parameters and their gradients need more memory than there is.
  case doesNotFit(features: Int, needed: Int, available: Int, fitting: Int)
  /// Settings contradict themselves or the model.
  case badSettings(reason: String)
  /// There are too few tokens to start.
  case tooFewTokens(count: Int, needed: Int)
  /// A checkpoint is damaged, or belongs to another run.
  case badCheckpoint(path: String, reason: String, advice: String)
  /// An export, read again, does not do what the trainer measured.
  case exportDiffers(path: String, layer: Int, what: String, trained: Double, read: Double, kept: String?)
  /// Files cannot be read or written.
  case files(CheckpointError)

  public var description: String {
    switch self {
    case .diverged(let step, let layer, let what, let kept):
      "training stopped at step \(step): \(what)\(layer.map { " of layer \($0)" } ?? "") is not finite. "
        + (kept.map { "The checkpoint before it stays in \($0). " } ?? "No checkpoint had been written. ")
        + "Train with a lower --learning-rate."
    case .nothingToLearn(let layer, let what):
      "\(what) of layer \(layer), so transcoders of it have nothing to learn. Check that the weights of this layer are those "
        + "of a trained model, and that the text is not the same token over and over."
    case .doesNotFit(let features, let needed, let available, let fitting):
      "\(features) features a layer need \(ByteText.of(needed)) of memory, but \(ByteText.of(available)) are "
        + "free. Use --features \(fitting) or fewer, or a machine with more memory."
    case .badSettings(let reason): reason
    case .tooFewTokens(let count, let needed):
      "the text gives \(count) tokens to train on, but \(needed) are needed. Give more text, make --held-out, --batch or --chunk smaller, or use --sample-tokens."
    case .badCheckpoint(let path, let reason, let advice):
      "\(path) cannot be used: \(reason). \(advice)"
    case .exportDiffers(let path, let layer, let what, let trained, let read, let kept):
      "the export to \(path) was refused: read again, the \(what) of layer \(layer) is \(read), not \(trained) as "
        + "trained. \(kept.map { "It is kept in \($0), and the" } ?? "The") checkpoint is whole: --resume with "
        + "another --calibrate-tokens or --calibrate-l0 sets thresholds anew. Please report this."
    case .files(let error): error.description
    }
  }
}
