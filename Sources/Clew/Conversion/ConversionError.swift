/// What can keep transcoders from being converted.
public enum ConversionError: Error, CustomStringConvertible {
  /// The place for the result is taken.
  case occupied(folder: String, reason: String)
  /// The disk is too full.
  case noSpace(folder: String, needed: Int, free: Int)
  /// The layout has no words for what the source is.
  case cannotSay(folder: String, reason: String)
  /// The source holds what is no number, or none that ends.
  case notFinite(folder: String, layer: Int, what: String)
  /// The result does something else than its source.
  case behaves(folder: String, layer: Int)
  /// What was read back is not what the source says.
  case differs(file: String, reason: String)

  public var description: String {
    switch self {
    case .occupied(let folder, let reason):
      "\(folder) cannot take the result: \(reason). Name another folder."
    case .noSpace(let folder, let needed, let free):
      "the disk of \(folder) has \(ByteText.of(free)) left, but the converted files take \(ByteText.of(needed)); free some "
        + "space, or store bfloat16."
    case .cannotSay(let folder, let reason): "\(folder) cannot be converted: \(reason)."
    case .notFinite(let folder, let layer, let what):
      "the \(what) of layer \(layer) in \(folder) holds numbers that are infinite or none at all, so nothing "
        + "was written. The file may be damaged; fetch it again."
    case .behaves(let folder, let layer):
      "layer \(layer) in \(folder) activates or writes something else than its source, though its numbers are the same; "
        + "config.yaml was not written. Please report this with the tool that made the source."
    case .differs(let file, let reason):
      "\(file) does not hold what its source says: \(reason). It was taken away; give the same command again, and check "
        + "the disk if this comes back."
    }
  }
}
