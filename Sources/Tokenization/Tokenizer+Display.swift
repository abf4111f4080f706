extension Tokenizer {
  /// The most tokens that are looked at for the end of a character.
  private static let longestRun = 32

  /// What each token of a text shows: a character that takes several tokens is whole at the first of them, and those that
  /// only go on with it show nothing.
  ///
  /// Joined, the texts read as the tokens do together, but for a space that a whole text loses at its beginning. Bytes
  /// that make no character show as U+FFFD, as in ``text(of:)``.
  /// - Parameter tokens: Any tokens, `[position]`.
  /// - Returns: A text for each, `[position]`.
  public func texts(of tokens: [Token]) -> [String] {
    var texts = tokens.map { text(of: $0) }
    var start = 0
    while start < tokens.count {
      let whole = characters(of: tokens, texts, from: start)
      texts.replaceSubrange(start..<start + whole.count, with: whole)
      start += max(1, whole.count)
    }
    return texts
  }

  /// The texts of the fewest tokens from one on that are whole characters together; empty if that one needs no others, or
  /// finds none.
  private func characters(of tokens: [Token], _ texts: [String], from start: Int) -> [String] {
    var pieces: [Scalars] = []
    // How many characters have begun with each token.
    var begun = [0]
    for place in start..<min(start + Self.longestRun, tokens.count) {
      guard addedTokens.content(of: tokens[place]) == nil, texts[place].unicodeScalars.contains("\u{FFFD}")
      else {
        return []
      }
      pieces.append(scalars(of: tokens[place]))
      let text = Array(displayDecoder.text(of: pieces).unicodeScalars)
      let waiting = text.reversed().prefix { $0 == "\u{FFFD}" }.count
      // However many bytes wait, they are one character.
      begun.append(text.count - waiting + min(waiting, 1))
      guard !text.contains("\u{FFFD}") else { continue }
      return zip(begun, begun.dropFirst()).map { first, end in
        // A decoder may make less of more tokens.
        String(String.UnicodeScalarView(text[min(first, end, text.count)..<min(end, text.count)]))
      }
    }
    return []
  }
}
