public import Tokenization

/// A prompt as someone gives it: a text or the very tokens, and what is put in front.
///
/// In JSON it is an object with `prompt` and, where they are wanted, `tokens` and `opening`.
public struct PromptInput: Codable, Hashable, Sendable {
  /// What was typed. Beside ``tokens`` it is there for people to read: nothing is taken from it.
  public var text: String
  /// The tokens to read, exactly these, with nothing in front; `nil` reads ``text``.
  public var tokens: [Token]?
  /// What is put in front of a text: `none` for nothing, a token as the vocabulary writes it, or `token:ID`; `nil` for
  /// what ``Prompt`` chooses.
  public var opening: String?

  public init(_ text: String, tokens: [Token]? = nil, opening: String? = nil) {
    self.text = text
    self.tokens = tokens
    self.opening = opening
  }

  private enum CodingKeys: String, CodingKey {
    case text = "prompt"
    case tokens, opening
  }

  /// The word for no opening token.
  static let noOpening = "none"
}

extension PromptInput {
  /// The token that ``opening`` names; `nil` for none.
  static func token(opening name: String, tokenizer: Tokenizer) throws(AttributionError) -> Token? {
    if name == noOpening { return nil }
    let sign = "token:"
    if name.hasPrefix(sign), let token = Token(name.dropFirst(sign.count)) {
      guard (0..<tokenizer.vocabularyCount).contains(Int(token)) else {
        throw .badOpening(name: name, reason: "the vocabulary has ids 0 to \(tokenizer.vocabularyCount - 1)")
      }
      return token
    }
    guard let token = tokenizer.id(ofPiece: name) else {
      throw .badOpening(
        name: name,
        reason: "the vocabulary has no such token; name one as tokenizer.json writes it, token:ID, or none")
    }
    return token
  }
}
