public import Tokenization
internal import Transcoding

extension AttributionTarget {
  /// The longest text of a target, in bytes.
  private static let longest = 1000

  /// A target as a user writes it: a token, `A-B`, or `feature:LAYER/INDEX@POSITION`.
  ///
  /// `token:ID` names a token by its number, alone or on either side of a difference. A word that several tokens spell
  /// stands for the likeliest of them, which the run decides.
  /// - Parameter positionCount: How many positions the prompt has; a negative position counts from its end.
  /// - Throws: ``AttributionError/badTarget(text:reason:)`` for a text that names no token and no feature.
  public init(_ text: String, tokenizer: Tokenizer, positionCount: Int) throws(AttributionError) {
    guard text.utf8.count <= Self.longest else {
      throw .badTarget(
        text: "\(text.prefix(20))…",
        reason: "it has \(text.utf8.count) bytes, and at most \(Self.longest) are read")
    }
    if text.hasPrefix("feature:") {
      self = try Self.feature(text, positionCount: positionCount)
    } else if let word = Self.word(text, tokenizer) {
      self = word.tokens.count == 1 ? .token(word.tokens[0]) : .word(word)
    } else {
      self = try Self.difference(text, tokenizer)
    }
  }

  private static func difference(_ text: String, _ tokenizer: Tokenizer) throws(AttributionError) -> Self {
    var hyphens = 0
    // A side that names no token beside one that does, at the first such hyphen.
    var failure: (text: String, side: String)?
    for index in text.indices where text[index] == "-" {
      hyphens += 1
      let (left, right) = (String(text[..<index]), String(text[text.index(after: index)...]))
      let (first, second) = (word(left, tokenizer), word(right, tokenizer))
      if let first, let second {
        guard first.tokens.count > 1 || second.tokens.count > 1 else {
          return .difference(first.tokens[0], second.tokens[0])
        }
        return .wordDifference(first, second)
      }
      if failure == nil, first != nil { failure = (right, "right") }
      if failure == nil, second != nil { failure = (left, "left") }
    }
    let ids = "the vocabulary has ids 0 to \(tokenizer.vocabularyCount - 1)"
    if isNumber(text) { throw .badTarget(text: text, reason: ids) }
    guard let failure else {
      let sides = hyphens == 1 ? ", nor either side of a difference" : ""
      throw .badTarget(
        text: text,
        reason:
          "no single token spells it\(sides); name one token, A-B, token:ID, or feature:LAYER/INDEX@POSITION")
    }
    let side = "the \(failure.side) side of the difference"
    if failure.text.isEmpty {
      throw .badTarget(text: text, reason: "\(side) is empty; name two tokens, A-B")
    }
    throw .badTarget(
      text: text,
      reason: isNumber(failure.text)
        ? "\(side), '\(failure.text)', is no token: \(ids)"
        : "no single token spells \(side), '\(failure.text)'; name two tokens, A-B or token:ID-token:ID")
  }

  /// Whether a text names a token by a number, which may be none of the vocabulary's.
  private static func isNumber(_ text: String) -> Bool { text.wholeMatch(of: /token:-?[0-9]+/) != nil }

  /// The tokens that a text names, spelled with or without a space before them.
  private static func word(_ text: String, _ tokenizer: Tokenizer) -> TokenChoice? {
    // Nothing would be spelled by a token that is a space.
    guard !text.isEmpty else { return nil }
    let spelled = tokenizer.tokens(spelling: text, allowingSpaceBefore: true)
    if !spelled.isEmpty { return TokenChoice(text: text, tokens: spelled) }
    guard text.hasPrefix("token:"), let token = Token(text.dropFirst("token:".count)),
      (0..<tokenizer.vocabularyCount).contains(Int(token))
    else { return nil }
    return TokenChoice(text: text, tokens: [token])
  }

  private static func feature(_ text: String, positionCount: Int) throws(AttributionError) -> Self {
    let parts = text.dropFirst("feature:".count).split(omittingEmptySubsequences: false) {
      $0 == "/" || $0 == "@"
    }
    guard parts.count == 3, let layer = Int(parts[0]), let index = Int(parts[1]), let place = Int(parts[2])
    else {
      throw .badTarget(text: text, reason: "write feature:LAYER/INDEX@POSITION, such as feature:2/417@-1")
    }
    // Wraps for the least number, which no prompt reaches.
    let position = place < 0 ? positionCount &+ place : place
    guard (0..<positionCount).contains(position) else {
      throw .badTarget(text: text, reason: "the prompt has positions 0 to \(positionCount - 1)")
    }
    return .feature(FeatureID(layer: layer, index: index), position: position)
  }
}
