public import Checkpoints

/// What can keep a model from loading or running.
public enum TransformerError: Error, Equatable, CustomStringConvertible {
  /// `config.json` is missing or not to be understood.
  case badConfiguration(path: String, reason: String)
  /// `config.json` asks for something that no run here has.
  case unsupported(path: String, what: String)
  /// A family that Clew does not know.
  case unknownFamily(name: String, path: String, known: [String])
  /// Something is wrong with the weights.
  case checkpoint(CheckpointError)
  /// No token to run on.
  case emptyPrompt
  /// More tokens than the model can read.
  case promptTooLong(tokens: Int, context: Int)
  /// A token id that the vocabulary does not have.
  case unknownToken(id: Int, vocabulary: Int)
  /// A position that the prompt does not have.
  case positionOutOfRange(position: Int, count: Int)
  /// The logits of a next token say nothing: one is not a number, or none is finite.
  case unusableLogits(position: Int)
  /// A loss or a gradient that is not a number.
  case trainingDiverged(step: Int)
  /// A family whose checkpoints Clew cannot write.
  case cannotWrite(family: String)

  public var description: String {
    switch self {
    case .badConfiguration(let path, let reason):
      "\(path) does not describe a model that Clew can run: \(reason). "
        + "Name a folder in Hugging Face layout whose config.json belongs to its weights."
    case .unsupported(let path, let what):
      "\(path) asks for \(what), which Clew does not have. Take a model without it: this one would run wrong."
    case .unknownFamily(let name, let path, let known):
      "\(path) is of the family '\(name)', which Clew does not know yet; it knows "
        + "\(known.joined(separator: ", "))."
    case .checkpoint(let error): error.description
    case .emptyPrompt: "the prompt is empty. Give at least one token of text."
    case .promptTooLong(let tokens, let context):
      "the prompt has \(tokens) tokens, but this model reads at most \(context). Shorten it."
    case .unknownToken(let id, let vocabulary):
      "the token id \(id) lies outside this model's vocabulary of \(vocabulary), whose ids are 0 to "
        + "\(vocabulary - 1). Give others, or check that the tokenizer belongs to the model."
    case .positionOutOfRange(let position, let count):
      "position \(position) does not exist: the prompt has positions 0 to \(count - 1)."
    case .unusableLogits(let position):
      "what the model expects after position \(position) are no numbers, so no token can be chosen. Its weights may be damaged, "
        + "or of a type with too small a range."
    case .trainingDiverged(let step):
      "training came to a loss that is not a number at step \(step); the weights before it are kept. "
        + "Take a smaller learning rate."
    case .cannotWrite(let family):
      "models of the family '\(family)' cannot be written yet; only those that Clew trains can."
    }
  }
}
