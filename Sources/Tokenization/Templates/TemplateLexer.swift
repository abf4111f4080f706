extension Template {
  /// Cuts a template into words, and takes away the white space that its tags take along.
  struct Lexer {
    let source: Scalars
    private(set) var index = 0
    private var line = 1
    /// Whether what was read last ended with a line feed: white space before a statement then goes.
    private var startsLine = true
    private var lexemes: [Lexeme] = []

    /// The words of a template; the last is ``Lexeme/Kind/end``.
    static func lexemes(of source: Scalars) throws(Problem) -> [Lexeme] {
      var lexer = Lexer(source)
      while lexer.index < lexer.source.count { try lexer.part() }
      lexer.append(.end)
      return lexer.lexemes
    }

    /// Line ends become line feeds, and the last one goes.
    private init(_ source: Scalars) {
      var lines: Scalars = []
      lines.reserveCapacity(source.count)
      var previous: Unicode.Scalar = " "
      for scalar in source {
        if scalar == "\r" {
          lines.append("\n")
        } else if scalar != "\n" || previous != "\r" {
          lines.append(scalar)
        }
        previous = scalar
      }
      if lines.last == "\n" { lines.removeLast() }
      self.source = lines
    }

    mutating func append(_ kind: Lexeme.Kind) { lexemes.append(Lexeme(kind: kind, line: line)) }

    func problem(_ text: String) -> Problem { .unusable(text, line: line) }

    /// Whether a text stands at a place.
    func has(_ text: StaticString, at place: Int) -> Bool {
      var place = place
      for scalar in text.description.unicodeScalars {
        guard place < source.count, source[place] == scalar else { return false }
        place += 1
      }
      return true
    }

    func endOfSpace(from place: Int) -> Int {
      var place = place
      while place < source.count, source[place].isPythonSpace { place += 1 }
      return place
    }

    /// Moves on to a place, and counts the lines on the way.
    mutating func move(to place: Int) {
      for scalar in source[index..<place] where scalar == "\n" { line += 1 }
      if place > index { startsLine = source[place - 1] == "\n" }
      index = place
    }
  }
}

// MARK: Text and tags

extension Template.Lexer {
  /// A stretch of text and the tag that ends it.
  private mutating func part() throws(Template.Problem) {
    guard let place = nextTag(from: index) else {
      append(.text(Scalars(source[index...])))
      return move(to: source.count)
    }
    let letter = source[place + 1]
    appendText(to: place, sign: sign(at: place + 2), keepsIndentation: letter == "{")
    let inside = place + (sign(at: place + 2) == nil ? 2 : 3)
    if letter == "#" {
      move(to: inside)
      try comment()
    } else if letter == "%", let end = endOfRawTag(from: inside) {
      move(to: end)
      try rawText()
    } else {
      append(letter == "{" ? .beginsOutput : .beginsBlock)
      move(to: inside)
      try code(isBlock: letter == "%")
    }
  }

  private func nextTag(from place: Int) -> Int? {
    var place = place
    while place + 1 < source.count {
      if source[place] == "{", ["%", "{", "#"].contains(source[place + 1]) { return place }
      place += 1
    }
    return nil
  }

  func sign(at place: Int) -> Unicode.Scalar? {
    place < source.count && (source[place] == "-" || source[place] == "+") ? source[place] : nil
  }

  /// Text up to a tag. A minus there takes all white space before it; without a sign, a statement or a comment takes
  /// the indentation of its own line.
  private mutating func appendText(to end: Int, sign: Unicode.Scalar?, keepsIndentation: Bool) {
    var text = source[index..<end]
    if sign == "-" {
      while text.last?.isPythonSpace == true { text.removeLast() }
    } else if sign == nil, !keepsIndentation {
      let feed = text.lastIndex(of: "\n")
      if feed != nil || startsLine {
        let start = feed.map { $0 + 1 } ?? text.startIndex
        if text[start...].allSatisfy(\.isPythonSpace) { text = text[..<start] }
      }
    }
    if !text.isEmpty { append(.text(Scalars(text))) }
    move(to: end)
  }

  private mutating func comment() throws(Template.Problem) {
    var place = index
    while !has("#}", at: place) {
      guard place < source.count else { throw problem("a comment has no '#}'") }
      place += 1
    }
    let takesSpace = place > index && source[place - 1] == "-"
    let keepsLineFeed = place > index && source[place - 1] == "+"
    place += 2
    if takesSpace {
      place = endOfSpace(from: place)
    } else if !keepsLineFeed, has("\n", at: place) {
      place += 1
    }
    move(to: place)
  }

  /// Where the inside of `{% raw %}` begins, if this is its tag.
  private func endOfRawTag(from place: Int) -> Int? {
    var place = endOfSpace(from: place)
    guard has("raw", at: place) else { return nil }
    place = endOfSpace(from: place + 3)
    if has("-%}", at: place) { return endOfSpace(from: place + 3) }
    return has("%}", at: place) ? place + 2 : nil
  }

  private mutating func rawText() throws(Template.Problem) {
    var place = index
    while place < source.count {
      if has("{%", at: place) {
        let name = endOfSpace(from: place + (sign(at: place + 2) == nil ? 2 : 3))
        if has("endraw", at: name), let end = endOfBlock(at: endOfSpace(from: name + 6)) {
          appendText(to: place, sign: sign(at: place + 2), keepsIndentation: false)
          return move(to: end)
        }
      }
      place += 1
    }
    throw problem("'raw' has no 'endraw'")
  }

  /// Where a statement's tag ends that closes at this place.
  func endOfBlock(at place: Int) -> Int? {
    if has("+%}", at: place) { return place + 3 }
    if has("-%}", at: place) { return endOfSpace(from: place + 3) }
    if has("%}", at: place) { return has("\n", at: place + 2) ? place + 3 : place + 2 }
    return nil
  }

  func endOfOutput(at place: Int) -> Int? {
    if has("-}}", at: place) { return endOfSpace(from: place + 3) }
    return has("}}", at: place) ? place + 2 : nil
  }
}
