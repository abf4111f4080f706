public import Tokenization
internal import Transcoding

extension AttributionTarget {
  /// A target as a user writes it: a token, `A-B`, or `feature:LAYER/INDEX@POSITION`.
  ///
  /// `token:ID` names a token by its number, alone or in a difference.
  /// - Parameter positionCount: How many positions the prompt has; a negative position counts from its end.
  /// - Throws: ``AttributionError/badTarget(text:reason:)`` for a text that names no token and no feature.
  public init(_ text: String, tokenizer: Tokenizer, positionCount: Int) throws(AttributionError) {
    if text.hasPrefix("feature:") {
      self = try Self.feature(text, positionCount: positionCount)
    } else if let token = Self.token(text, tokenizer) {
      self = .token(token)
    } else {
      self = try Self.difference(text, tokenizer)
    }
  }

  /// The target as ``init(_:tokenizer:positionCount:)`` reads it, whatever its tokens are spelled like.
  public var text: String {
    switch self {
    case .token(let token): "token:\(token)"
    case .difference(let first, let second): "token:\(first)-token:\(second)"
    case .feature(let feature, let position): "feature:\(feature.layer)/\(feature.index)@\(position)"
    }
  }

  private static func difference(_ text: String, _ tokenizer: Tokenizer) throws(AttributionError) -> Self {
    var hasEmptySide = false
    var numbers = [text]
    for index in text.indices where text[index] == "-" {
      let (left, right) = (String(text[..<index]), String(text[text.index(after: index)...]))
      let (first, second) = (token(left, tokenizer), token(right, tokenizer))
      if let first, let second { return .difference(first, second) }
      if (left.isEmpty && second != nil) || (right.isEmpty && first != nil) { hasEmptySide = true }
      // One side alone may be wrong; a hyphen elsewhere than between two tokens makes neither.
      if first != nil { numbers.append(right) }
      if second != nil { numbers.append(left) }
    }
    if numbers.contains(where: isNumber) {
      throw .badTarget(text: text, reason: "the vocabulary has ids 0 to \(tokenizer.vocabularyCount - 1)")
    }
    guard !hasEmptySide else {
      throw .badTarget(text: text, reason: "one side of the difference is empty; name two tokens, A-B")
    }
    throw .badTarget(
      text: text,
      reason: "no single token spells it; name one token, A-B, token:ID, or feature:LAYER/INDEX@POSITION")
  }

  /// Whether a text names a token by a number, which may be none of the vocabulary's.
  private static func isNumber(_ text: String) -> Bool { text.wholeMatch(of: /token:-?[0-9]+/) != nil }

  private static func token(_ text: String, _ tokenizer: Tokenizer) -> Token? {
    // Nothing would be spelled by a token that is a space.
    guard !text.isEmpty else { return nil }
    if let token = tokenizer.tokens(spelling: text, allowingSpaceBefore: true).first { return token }
    guard text.hasPrefix("token:"), let token = Token(text.dropFirst("token:".count)) else { return nil }
    return (0..<tokenizer.vocabularyCount).contains(Int(token)) ? token : nil
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
