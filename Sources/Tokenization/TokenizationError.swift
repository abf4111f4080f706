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
  /// A chat template is damaged, or uses what is not supported; `line` counts from 1.
  case unusableTemplate(file: String, line: Int, problem: String)
  /// A chat template cannot do with these messages what it would do.
  case templateFailed(file: String, line: Int, problem: String)
  /// A chat template refuses these messages in its own words.
  case refusedByTemplate(file: String, line: Int, message: String)
  /// A chat template takes more work or room than the messages are worth.
  case templateTooCostly(file: String, line: Int, problem: String)
  /// A model has other chat templates than the one asked for.
  case noChatTemplate(name: String, names: [String])
  /// What a chat template is given is no conversation; `place` is such as `messages[2]`.
  case unusableChat(place: String, problem: String)
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
    case .unusableTemplate(let file, let line, let problem):
      """
      \(file) is not a usable chat template: in line \(line), \(problem). Check that the file is the model's own, or write \
      the prompt as plain text.
      """
    case .templateFailed(let file, let line, let problem):
      """
      \(file) makes no prompt of this conversation: in line \(line), \(problem). Check the messages and what the template \
      expects of them.
      """
    case .refusedByTemplate(let file, let line, let message):
      """
      \(file) refuses this conversation in line \(line): '\(Self.short(message))'. Change the messages accordingly.
      """
    case .templateTooCostly(let file, let line, let problem):
      """
      \(file) is not worth its work on this conversation: in line \(line), \(problem). Check that the file is the model's \
      own; otherwise use fewer messages.
      """
    case .noChatTemplate(let name, let names):
      "The model has no chat template '\(Self.short(name))', but \(names.joined(separator: ", ")). Name one of these."
    case .unusableChat(let place, let problem):
      "\(place) is not part of a conversation: it \(problem). Give messages as objects with a 'role' and a 'content'."
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
