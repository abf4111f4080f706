public import Checkpoints

/// What can keep transcoders from loading or fitting a model.
public enum TranscodingError: Error, Equatable, CustomStringConvertible {
  /// What describes the transcoders is missing, contradicts itself or the weights, or asks for what is not known.
  case badConfiguration(path: String, reason: String)
  /// A folder holds no transcoders in any layout that is known.
  case nothingFound(path: String)
  /// Something is wrong with the weights.
  case checkpoint(CheckpointError)
  /// Files on the Hugging Face hub have not been fetched.
  case notFetched(HubError)
  /// The transcoder was made for another model.
  case wrongModel(path: String, reason: String)

  public var description: String {
    switch self {
    case .badConfiguration(let path, let reason):
      "\(path) does not describe transcoders that Clew can use: \(reason). "
        + "Name a folder in circuit-tracer's layout (config.yaml beside safetensors), or one of Gemma Scope, SAELens or sparsify."
    case .nothingFound(let path):
      "\(path) holds neither config.yaml nor transcoders of Gemma Scope, SAELens or sparsify. Name a folder that does."
    case .checkpoint(let error): error.description
    case .notFetched(let error): error.description
    case .wrongModel(let path, let reason):
      "the transcoders in \(path) do not fit this model: \(reason). Name those that were trained on it."
    }
  }
}
