internal import Clew
internal import Foundation

/// A target as a user writes it: a token, `A-B`, or `feature:LAYER/INDEX@POSITION`.
enum TargetText {
  /// Understands a target.
  /// - Parameter positionCount: How many positions the prompt has; a negative position counts from its end.
  static func parse(
    _ text: String, tokenizer: Tokenizer, positionCount: Int
  ) throws -> AttributionTarget {
    if text.hasPrefix("feature:") { return try feature(text, positionCount: positionCount) }
    if let token = try? token(text, tokenizer) { return .token(token) }
    for index in text.indices where text[index] == "-" {
      let (left, right) = (String(text[..<index]), String(text[text.index(after: index)...]))
      if let first = try? token(left, tokenizer), let second = try? token(right, tokenizer) {
        return .difference(first, second)
      }
    }
    return .token(try token(text, tokenizer))
  }

  private static func token(_ text: String, _ tokenizer: Tokenizer) throws -> Token {
    let found = tokenizer.tokens(spelling: text, allowingSpaceBefore: true)
    guard let first = found.first else {
      throw AttributionError.badTarget(
        text: text,
        reason: "no single token spells it; name one token, A-B, or feature:LAYER/INDEX@POSITION")
    }
    return first
  }

  private static func feature(_ text: String, positionCount: Int) throws -> AttributionTarget {
    let parts = text.dropFirst("feature:".count).split(omittingEmptySubsequences: false) {
      $0 == "/" || $0 == "@"
    }
    guard parts.count == 3, let layer = Int(parts[0]), let index = Int(parts[1]), let place = Int(parts[2])
    else {
      throw AttributionError.badTarget(
        text: text, reason: "write feature:LAYER/INDEX@POSITION, such as feature:2/417@-1")
    }
    let position = place < 0 ? positionCount + place : place
    guard (0..<positionCount).contains(position) else {
      throw AttributionError.badTarget(
        text: text, reason: "the prompt has positions 0 to \(positionCount - 1)")
    }
    return .feature(FeatureID(layer: layer, index: index), position: position)
  }
}
