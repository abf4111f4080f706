extension Template.Run {
  /// Where a text first stands in another, by the other's indices.
  func place(of part: Scalars, in text: ArraySlice<Unicode.Scalar>) throws(Problem) -> Int? {
    guard let first = part.first else { return text.startIndex }
    guard part.count <= text.count else { return nil }
    for start in text.startIndex...(text.endIndex - part.count) where text[start] == first {
      if try hasPrefix(part, text[start...]) {
        try spend((start - text.startIndex) / 8)
        return start
      }
    }
    try spend(text.count / 8)
    return nil
  }

  /// Where it last stands there.
  func lastPlace(of part: Scalars, in text: ArraySlice<Unicode.Scalar>) throws(Problem) -> Int? {
    guard let first = part.first else { return text.endIndex }
    guard part.count <= text.count else { return nil }
    for start in (text.startIndex...(text.endIndex - part.count)).reversed() where text[start] == first {
      if try hasPrefix(part, text[start...]) {
        try spend((text.endIndex - start) / 8)
        return start
      }
    }
    try spend(text.count / 8)
    return nil
  }

  private func hasPrefix(_ part: Scalars, _ text: ArraySlice<Unicode.Scalar>) throws(Problem) -> Bool {
    var equal = 0
    while equal < part.count, part[equal] == text[text.startIndex + equal] { equal += 1 }
    try spend(equal / 4)
    return equal == part.count
  }

  /// A text without these letters at its ends, or without white space there.
  func stripped(
    _ text: Scalars, of letters: Scalars?, atStart: Bool = true, atEnd: Bool = true
  ) throws(Problem) -> Scalars {
    try spend(4 * (letters?.count ?? 0))
    let set = letters.map { Set($0) }
    func goes(_ letter: Unicode.Scalar) -> Bool { set?.contains(letter) ?? letter.isPythonSpace }
    var rest = text[...]
    if atStart { rest = rest.drop(while: goes) }
    if atEnd { while let last = rest.last, goes(last) { rest.removeLast() } }
    try spend((text.count - rest.count) * 4)
    return Scalars(rest)
  }

  /// The parts of a text between separators, at most so many splits.
  func split(_ text: Scalars, at separator: Scalars, most: Int?) throws(Problem) -> [Scalars] {
    guard !separator.isEmpty else { throw .failed("a text is split at nothing") }
    var parts: [Scalars] = []
    var rest = text[...]
    while parts.count < most ?? .max, let place = try place(of: separator, in: rest) {
      parts.append(Scalars(rest[..<place]))
      rest = rest[(place + separator.count)...]
    }
    return parts + [Scalars(rest)]
  }

  /// The same from the end.
  func splitFromEnd(_ text: Scalars, at separator: Scalars, most: Int?) throws(Problem) -> [Scalars] {
    guard !separator.isEmpty else { throw .failed("a text is split at nothing") }
    var parts: [Scalars] = []
    var rest = text[...]
    while parts.count < most ?? .max, let place = try lastPlace(of: separator, in: rest) {
      parts.append(Scalars(rest[(place + separator.count)...]))
      rest = rest[..<place]
    }
    return (parts + [Scalars(rest)]).reversed()
  }

  /// The words of a text between white space. After so many splits, the rest is one word.
  func words(of text: Scalars, most: Int?, fromEnd: Bool) throws(Problem) -> [Scalars] {
    try spend(text.count)
    var words: [Scalars] = []
    var rest = text[...]
    while true {
      if fromEnd {
        while rest.last?.isPythonSpace == true { rest.removeLast() }
      } else {
        rest = rest.drop(while: \.isPythonSpace)
      }
      if rest.isEmpty { break }
      guard words.count < most ?? .max else {
        // The other end's white space goes only with the words that are taken.
        words.append(Scalars(rest))
        break
      }
      if fromEnd {
        let start = rest.lastIndex(where: \.isPythonSpace).map { $0 + 1 } ?? rest.startIndex
        words.append(Scalars(rest[start...]))
        rest = rest[..<start]
      } else {
        let end = rest.firstIndex(where: \.isPythonSpace) ?? rest.endIndex
        words.append(Scalars(rest[..<end]))
        rest = rest[end...]
      }
    }
    return fromEnd ? words.reversed() : words
  }

  /// The lines of a text.
  func lines(of text: Scalars, keepingEnds: Bool = false) throws(Problem) -> [Scalars] {
    try spend(text.count)
    var lines: [Scalars] = []
    var start = 0
    var index = 0
    while index < text.count {
      guard text[index].isPythonLineEnd else {
        index += 1
        continue
      }
      let end =
        text[index] == "\r" && index + 1 < text.count && text[index + 1] == "\n" ? index + 2 : index + 1
      lines.append(Scalars(text[start..<(keepingEnds ? end : index)]))
      (start, index) = (end, end)
    }
    if start < text.count { lines.append(Scalars(text[start...])) }
    return lines
  }

  /// A text with another in place of a part, at most so many times.
  func replaced(
    _ part: Scalars, by other: Scalars, in text: Scalars, most: Int?
  ) throws(Problem) -> Scalars {
    let most = most.flatMap { $0 < 0 ? nil : $0 } ?? .max
    if part.isEmpty { return try interspersed(other, in: text, most: most) }
    var result: Scalars = []
    var rest = text[...]
    var count = 0
    while count < most, let place = try place(of: part, in: rest) {
      try make(letters: place - rest.startIndex + other.count)
      result += rest[..<place] + other
      rest = rest[(place + part.count)...]
      count += 1
    }
    try make(letters: rest.count)
    return result + rest
  }

  /// What Python makes of replacing nothing: the other text before every letter and at the end.
  private func interspersed(_ other: Scalars, in text: Scalars, most: Int) throws(Problem) -> Scalars {
    try make(letters: other.count, times: min(most, text.count + 1))
    try make(letters: text.count)
    var result: Scalars = []
    for (place, letter) in text.enumerated() { result += (place < most ? other : []) + [letter] }
    return text.count < most ? result + other : result
  }
}
