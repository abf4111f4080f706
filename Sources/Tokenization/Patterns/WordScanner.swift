/// The splitting patterns of the large model families, by hand: much faster than `Regex`.
///
/// A scanner cuts a text into pieces that follow one another without gaps.
enum WordScanner: Sendable {
  /// GPT-2, and the byte-level pre-tokenizer wherever it has no pattern of its own.
  case gpt2
  /// Llama 3, which takes up to three numerals together, and Qwen 2, which takes one.
  case llama3(numerals: Int)
  /// Every numeral by itself, as the tokenizers that are trained here have it.
  case singleNumerals

  private static let llama3Start = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
  private static let llama3End = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// The scanner of a pattern that is known by heart.
  init?(pattern: String) {
    switch pattern {
    case WordScanner.gpt2.pattern: self = .gpt2
    case WordScanner.llama3(numerals: 3).pattern: self = .llama3(numerals: 3)
    case WordScanner.llama3(numerals: 1).pattern: self = .llama3(numerals: 1)
    case WordScanner.singleNumerals.pattern: self = .singleNumerals
    default: return nil
    }
  }

  /// The pattern that the scanner stands for.
  var pattern: String {
    switch self {
    case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    case .singleNumerals: #" ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    case .llama3(let numerals): Self.llama3Start + (numerals > 1 ? "{1,\(numerals)}" : "") + Self.llama3End
    }
  }

  /// The pieces of a text, as ranges of its indices.
  func pieces(of text: ArraySlice<Unicode.Scalar>) -> [Range<Int>] {
    let cursor = Cursor(text: text)
    var pieces: [Range<Int>] = []
    var start = text.startIndex
    while start < text.endIndex {
      let end =
        switch self {
        case .gpt2: cursor.gpt2End(from: start)
        case .llama3(let numerals): cursor.llama3End(from: start, numerals: numerals)
        case .singleNumerals: cursor.wordEnd(from: start, numerals: 1)
        }
      pieces.append(start..<end)
      start = end
    }
    return pieces
  }
}

/// A text, and the end of the piece that starts at a place in it.
private struct Cursor {
  let text: ArraySlice<Unicode.Scalar>

  func gpt2End(from start: Int) -> Int {
    // 's|'t|'re|'ve|'m|'ll|'d
    if let end = contractionEnd(from: start, ignoringCase: false) { return end }
    return wordEnd(from: start, numerals: .max)
  }

  /// The end of ` ?\p{L}+| ?\p{N}{1,numerals}| ?[^\s\p{L}\p{N}]+`, or of spaces.
  func wordEnd(from start: Int, numerals: Int) -> Int {
    let first = text[start] == " " && start + 1 < text.endIndex ? start + 1 : start
    let kind = ScalarClass(text[first])
    if kind == .space { return spaceEnd(from: start) }
    return runEnd(of: kind, from: first, atMost: kind == .number ? numerals : .max)
  }

  func llama3End(from start: Int, numerals: Int) -> Int {
    let scalar = text[start]
    let kind = ScalarClass(scalar)
    let isNewline = scalar == "\r" || scalar == "\n"
    // (?i:'s|'t|'re|'ve|'m|'ll|'d)
    if let end = contractionEnd(from: start, ignoringCase: true) { return end }
    // [^\r\n\p{L}\p{N}]?\p{L}+
    if kind == .letter { return runEnd(of: .letter, from: start) }
    if !isNewline, kind != .number, isClass(.letter, at: start + 1) {
      return runEnd(of: .letter, from: start + 1)
    }
    // \p{N}{1,numerals}
    if kind == .number { return runEnd(of: .number, from: start, atMost: numerals) }
    // ` ?[^\s\p{L}\p{N}]+[\r\n]*`
    let first = scalar == " " && isClass(.other, at: start + 1) ? start + 1 : start
    if isClass(.other, at: first) {
      var end = runEnd(of: .other, from: first)
      while end < text.endIndex, text[end] == "\r" || text[end] == "\n" { end += 1 }
      return end
    }
    // \s*[\r\n]+
    let end = runEnd(of: .space, from: start)
    if let newline = text[start..<end].lastIndex(where: { $0 == "\r" || $0 == "\n" }) { return newline + 1 }
    return spaceEnd(from: start)
  }

  /// The end of `\s+(?!\S)|\s+`: the last space before a word is left to the word.
  private func spaceEnd(from start: Int) -> Int {
    let end = runEnd(of: .space, from: start)
    return end == text.endIndex || end - start == 1 ? end : end - 1
  }

  private func isClass(_ kind: ScalarClass, at index: Int) -> Bool {
    index < text.endIndex && ScalarClass(text[index]) == kind
  }

  /// The end of a run of one class; a long one is not walked through again for each of its parts.
  private func runEnd(of kind: ScalarClass, from start: Int, atMost count: Int = .max) -> Int {
    var end = start
    while end - start < count, isClass(kind, at: end) { end += 1 }
    return end
  }

  /// The end of an English contraction such as `'re`.
  private func contractionEnd(from start: Int, ignoringCase: Bool) -> Int? {
    guard text[start] == "'" else { return nil }
    func letter(_ offset: Int) -> Unicode.Scalar? {
      guard start + offset < text.endIndex else { return nil }
      let scalar = text[start + offset]
      guard ignoringCase else { return scalar }
      // Case folding takes the long s for an s.
      return scalar == "\u{17F}" ? "s" : scalar.properties.lowercaseMapping.unicodeScalars.first
    }
    switch letter(1) {
    case "s", "t", "m", "d": return start + 2
    case "r", "v": return letter(2) == "e" ? start + 3 : nil
    case "l": return letter(2) == "l" ? start + 3 : nil
    default: return nil
    }
  }
}
