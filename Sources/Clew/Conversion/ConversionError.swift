/// What can keep transcoders from being converted.
public enum ConversionError: Error, CustomStringConvertible {
  /// The place for the result is taken.
  case occupied(folder: String, reason: String)
  /// The disk is too full.
  case noSpace(folder: String, needed: Int, free: Int)
  /// What was read back is not what the source says.
  case differs(file: String, reason: String)

  public var description: String {
    switch self {
    case .occupied(let folder, let reason):
      "\(folder) cannot take the result: \(reason). Name another folder."
    case .noSpace(let folder, let needed, let free):
      "the disk of \(folder) has \(ByteText.of(free)) left, but the converted files take \(ByteText.of(needed)); free some "
        + "space, or store bfloat16."
    case .differs(let file, let reason):
      "\(file) does not hold what its source says: \(reason). It was taken away; give the same command again, and check "
        + "the disk if this comes back."
    }
  }
}
