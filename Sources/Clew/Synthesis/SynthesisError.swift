internal import Foundation
internal import Tensors

/// What can keep a made-up model from being written.
public enum SynthesisError: Error, Equatable, CustomStringConvertible {
  /// The place is taken by a model or transcoders that were not made up.
  case occupied(folder: String)
  /// Making the weights takes more memory than there is.
  case tooLarge(needed: Int, available: Int)
  /// The files take more room than the disk has.
  case noSpace(folder: String, needed: Int, free: Int)

  public var description: String {
    switch self {
    case .occupied(let folder):
      "\(folder) holds a model or transcoders that `clew bench synthesize` did not make; name another folder."
    case .tooLarge(let needed, let available):
      "making these weights takes up to \(ByteText.of(needed)) of memory, but \(ByteText.of(available)) are free. "
        + "Choose fewer features, layers or tokens, or a smaller width."
    case .noSpace(let folder, let needed, let free):
      "the model and its transcoders take \(ByteText.of(needed)), but the disk of \(folder) has \(ByteText.of(free)) "
        + "free. Make room, choose another folder, or smaller sizes."
    }
  }
}
