public import Foundation

/// What can go wrong while a tokenizer is read or a text is encoded.
public enum TokenizationError: Error, Equatable, Sendable {
  /// A file is missing or cannot be read.
  case unreadable(path: String, reason: String)
  /// A file is not JSON; `byte` counts from the start of the file.
  case notJSON(file: String, byte: Int, problem: String)
  /// A file is JSON but does not describe a tokenizer; `place` is a path such as `model.merges[3]`.
  case malformed(file: String, place: String, problem: String)
  /// A file asks for a component that is not implemented.
  case unsupported(file: String, place: String, type: String, supported: [String])
  /// A text holds something that no token stands for.
  case unencodable(text: String, inside: String)
  /// A component takes more steps than the text is worth; `count` is how many scalars the text has.
  case tooCostly(what: String, count: Int)
  /// A component makes a text of `count` scalars longer than a text may become.
  case tooLong(what: String, count: Int, limit: Int)
}

extension TokenizationError: CustomStringConvertible, LocalizedError {
  /// What happened, where, and what to do next.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      """
      \(path) cannot be read: \(reason). Give a folder that holds the tokenizer.json of a Hugging Face model.
      """
    case .notJSON(let file, let byte, let problem):
      "\(file) is not valid JSON at byte \(byte): \(problem). Fetch the file again; it may be cut short."
    case .malformed(let file, let place, let problem):
      "\(file) is not a usable tokenizer: \(place) \(problem). Check that the file belongs to this model."
    case .unsupported(let file, let place, let type, let supported):
      """
      \(file) asks at \(place) for '\(type)', which is not supported; supported are \
      \(supported.joined(separator: ", ")). Use a model with one of these.
      """
    case .unencodable(let text, let inside):
      """
      '\(text)' in '\(Self.short(inside))' is not in the vocabulary, and the tokenizer has no unknown token to put in \
      its place. Leave it out or write it differently.
      """
    case .tooCostly(let what, let count):
      """
      \(what) in tokenizer.json takes too many steps on \(count) letters of text. Check that the file is the model's \
      own; otherwise use shorter texts.
      """
    case .tooLong(let what, let count, let limit):
      """
      \(what) in tokenizer.json makes more than \(limit) letters of \(count). Check that the file is the model's own.
      """
    }
  }

  /// The beginning of a text that may be long.
  private static func short(_ text: String) -> String {
    let beginning = text.prefix(60)
    return beginning.endIndex == text.endIndex ? text : beginning + "…"
  }

  /// The same sentence, for Foundation.
  public var errorDescription: String? { description }
}
