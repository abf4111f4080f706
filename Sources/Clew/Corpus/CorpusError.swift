/// What can be wrong with the text or the tokens that somebody wants to train or measure on.
public enum CorpusError: Error, Equatable, CustomStringConvertible {
  /// A file is missing or cannot be opened.
  case cannotRead(path: String, reason: String)
  /// A file, or all of them together, holds no text.
  case empty(path: String)
  /// No text has a position with features.
  case noPositions(source: String)
  /// A file holds bytes that no text has.
  case binary(path: String, byte: Int)
  /// A file's bytes are not UTF-8.
  case notUTF8(path: String, byte: Int)
  /// A text holds something that the vocabulary lacks.
  case unencodable(path: String, byte: Int, reason: String)
  /// A file of tokens is damaged.
  case badTokens(CheckpointError)
  /// Two files of tokens contradict each other, or do not fit the model.
  case badRow(path: String, row: Int, reason: String)
  /// A model has no token to begin a text with.
  case cannotBegin
  /// A model ends its texts before they have begun.
  case writesNothing(count: Int, texts: Int, needed: Int)
  /// A file holds a text that a model wrote otherwise than is asked for.
  case otherText(path: String, written: String?, asked: String)
  /// A file of texts that a model wrote is damaged, or was not finished.
  case brokenText(path: String, byte: Int)
  /// Rows were asked for that are not there.
  case noSuchRows(asked: Range<Int>, count: Int, path: String)

  public var description: String {
    switch self {
    case .cannotRead(let path, let reason):
      "\(path) cannot be read: \(reason). Check the path and its permissions."
    case .empty(let path):
      "\(path) holds no text. Name a file with at least one line that is not blank."
    case .noPositions(let source):
      "\(source) has no position that could have features, as position 0 has none. Give a longer text."
    case .binary(let path, let byte):
      "\(path) is not a text: byte \(byte) is zero. Name a file of UTF-8 text, or convert this one."
    case .notUTF8(let path, let byte):
      "\(path) is not UTF-8 text from byte \(byte) on. Convert it, for example with iconv -t UTF-8."
    case .unencodable(let path, let byte, let reason):
      "the text that begins at byte \(byte) of \(path) cannot be read by this model: \(reason)"
    case .badTokens(let error): error.description
    case .badRow(let path, let row, let reason):
      "row \(row) of \(path) cannot be used: \(reason). Check that both files belong together and to this model."
    case .cannotBegin:
      "this model has no token that begins a text, so it cannot write text by itself. Use --text."
    case .writesNothing(let count, let texts, let needed):
      "the model ends its texts at once: \(texts) of them have \(count) tokens, but \(needed) are needed. Use --text, "
        + "or another --temperature."
    case .otherText(let path, let written, let asked):
      (written.map { "\(path) holds a text that was written with \($0), not \(asked)" }
        ?? "\(path) holds something else than a text that a model wrote")
        + ". Give the settings that it was begun with, or --restart to write another."
    case .brokenText(let path, let byte):
      "\(path) is damaged or unfinished from byte \(byte) on. Let the command that wrote it go on with --resume, or "
        + "write the text again."
    case .noSuchRows(let asked, let count, let path):
      "rows \(asked.lowerBound):\(asked.upperBound) were asked for, but \(path) has \(count). "
        + "Ask for rows within 0:\(count)."
    }
  }
}
