/// What can keep feature examples and labels from being made, read or written.
public enum FeatureExamplesError: Error, Equatable, CustomStringConvertible {
  /// There is no database where one was named.
  case noDatabase(path: String)
  /// The file is no database of Clew's, or a damaged one.
  case damaged(path: String, reason: String)
  /// The database cannot be written.
  case cannotWrite(path: String, reason: String)
  /// Another process is building the same database.
  case busy(path: String)
  /// The database belongs to other weights or another text.
  case mismatch(path: String, reason: String)
  /// An unfinished build is in the way.
  case unfinished(path: String, rows: Int)
  /// A finished database of other things is in the way.
  case occupied(path: String, reason: String)
  /// The place for the result holds what is no database of feature examples.
  case foreign(path: String)
  /// There is nothing to go on from.
  case nothingToResume(path: String)
  /// The database has no such feature.
  case noSuchFeature(layer: Int, index: Int, reason: String)
  /// An activation is not a finite number.
  case notFinite(row: Int, layer: Int, position: Int)
  /// The text is used up before a single position was counted.
  case noPositions
  /// The accumulators would not fit the machine.
  case tooManyFeatures(count: Int, needed: Int, available: Int)
  /// A line of a file of labels is none.
  case badLabel(path: String, line: Int, reason: String)
  /// A file of labels cannot be read.
  case badLabelFile(path: String, reason: String)

  public var description: String {
    switch self {
    case .noDatabase(let path):
      "there are no feature examples at \(path). Make them with `clew features build`."
    case .damaged(let path, let reason):
      "\(path) is not a sound database of feature examples: \(reason). Build it again."
    case .cannotWrite(let path, let reason):
      "\(path) cannot be written: \(reason). What was saved before is kept; free some space or choose another "
        + "place, and go on with --resume."
    case .busy(let path):
      "\(path) is in use by another process. Wait until it ends, or choose another place with --output."
    case .mismatch(let path, let reason):
      "\(path) does not belong here: \(reason). Build it again for these weights, or name those it was built for."
    case .unfinished(let path, let rows):
      "\(path) holds an unfinished build of \(rows) texts. Add --resume to go on, or --restart to begin again."
    case .foreign(let path):
      "\(path) is there already, and is no sound database of feature examples. Take it away if it is not wanted, or choose "
        + "another place with --output."
    case .occupied(let path, let reason):
      "\(path) is there already, and \(reason). Choose another place with --output, or add --restart to replace it."
    case .nothingToResume(let path):
      "there is no unfinished build at \(path). Leave --resume out to begin one."
    case .noSuchFeature(let layer, let index, let reason):
      "there is no feature \(index) in layer \(layer): \(reason). Name a feature that is there."
    case .notFinite(let row, let layer, let position):
      "an activation of layer \(layer) at position \(position) of text \(row) is not a finite number. Check the "
        + "weights with `clew check`."
    case .noPositions:
      "the text has no position that could have features, as position 0 has none. Name a longer text."
    case .tooManyFeatures(let count, let needed, let available):
      "examples of \(count) features may take \(needed >> 20) MiB, but this machine has \(available >> 20). Keep "
        + "fewer of them with --top, --samples, --before and --after."
    case .badLabel(let path, let line, let reason):
      "line \(line) of \(path) is no label: \(reason). A line is LAYER INDEX LABEL, apart by tabs or spaces."
    case .badLabelFile(let path, let reason):
      "\(path) cannot be read as labels: \(reason). Name a UTF-8 text with lines of LAYER INDEX LABEL."
    }
  }
}
