extension Template.Run {
  /// Calls a method of a string, a list, an object or a loop.
  func call(_ method: Template.Method, with given: Given) throws(Problem) -> Value {
    try spendOnLetters(of: method.receiver, given)
    switch method.receiver {
    case .string(let text): return try call(method.name, of: text, with: given)
    case .dictionary(let dictionary): return try call(method.name, of: dictionary, with: given)
    case .list(let items), .tuple(let items):
      return try call(method.name, of: items, isList: method.receiver.isList, with: given)
    case .loop(let loop): return try call(method.name, of: loop, with: given)
    default: throw .unsupported("'\(method.name)' of \(method.receiver.kind)")
    }
  }

  private func call(
    _ name: String, of dictionary: Template.Dictionary, with given: Given
  ) throws(Problem) -> Value {
    switch name {
    case "get":
      guard given.keywords.isEmpty else { throw .failed("'get' takes no arguments by name") }
      let values = try given.bound("key", "default", required: 1, for: "'get'")
      return dictionary[try hashed(values[0] ?? .none)] ?? values[1] ?? .none
    case "items", "keys", "values", "copy":
      _ = try given.bound(for: "'\(name)'")
      if name == "copy" { return .dictionary(dictionary) }
      return .view(.init(name == "items" ? .items : name == "keys" ? .keys : .values, of: dictionary))
    default: throw .unsupported("'\(name)' of an object")
    }
  }

  private func call(
    _ name: String, of items: Template.Items, isList: Bool, with given: Given
  ) throws(Problem) -> Value {
    switch name {
    case "copy" where isList: return try list(items.values)
    case "count":
      let value = try given.bound("value", required: 1, for: "'count'")[0] ?? .none
      var count = 0
      for item in items.values where try areEqual(item, value) { count += 1 }
      return .integer(count)
    case "index":
      let values = try given.bound("value", "start", "stop", required: 1, for: "'index'")
      for place in try range(values[1], values[2], count: items.values.count)
      where try areEqual(items.values[place], values[0] ?? .none) { return .integer(place) }
      throw .failed("'index' does not find a value in a list")
    default: throw .unsupported("'\(name)' of a list")
    }
  }

  /// The places between two bounds, each of which may be left out or count from the end.
  private func range(_ start: Value?, _ end: Value?, count: Int) throws(Problem) -> Range<Int> {
    func place(_ value: Value?, standard: Int) throws(Problem) -> Int {
      if case .none? = value { return standard }
      guard let value else { return standard }
      guard let number = value.wholeNumber else { throw .failed("\(value.kind) is no place") }
      return number < 0 ? max(0, number &+ count) : number
    }
    let (first, last) = (try place(start, standard: 0), min(count, try place(end, standard: count)))
    return first..<max(first, last)
  }
}

extension Template.Value {
  fileprivate var isList: Bool { if case .list = self { true } else { false } }
}

// MARK: Strings

extension Template.Run {
  private func call(_ name: String, of text: Scalars, with given: Given) throws(Problem) -> Value {
    let what = "'\(name)'"
    switch name {
    case "strip", "lstrip", "rstrip":
      let letters = try optionalLetters(try given.bound("chars", for: what)[0], for: what)
      return try string(
        try stripped(text, of: letters, atStart: name != "rstrip", atEnd: name != "lstrip"))
    case "upper", "lower", "title", "capitalize":
      _ = try given.bound(for: what)
      return try changedCase(of: text, name)
    case "split", "rsplit":
      let values = try given.bound("sep", "maxsplit", for: what)
      return try split(
        text, at: try optionalLetters(values[0], for: what), most: values[1], fromEnd: name == "rsplit")
    case "splitlines":
      let keeps = try given.bound("keepends", for: what)[0]?.isTrue ?? false
      return try strings(try lines(of: text, keepingEnds: keeps))
    case "startswith", "endswith": return try hasEdge(text, given, atStart: name == "startswith")
    case "replace":
      let values = try given.bound("old", "new", "count", required: 2, for: what)
      let most = values[2].map { $0.wholeNumber ?? -1 }
      return .string(
        try replaced(
          try letters(values[0], for: what), by: try letters(values[1], for: what), in: text, most: most))
    case "find", "rfind", "index", "rindex", "count": return try find(name, in: text, given)
    case "join":
      let values = try elements(of: try given.bound("iterable", required: 1, for: what)[0] ?? .none)
      return .string(try joined(values, by: text, converts: false))
    case "format": return .string(try formatted(text, with: given))
    case "removeprefix", "removesuffix": return try withoutEdge(text, given, atStart: name == "removeprefix")
    case "isdigit", "isspace", "isalpha", "isalnum", "isupper", "islower":
      _ = try given.bound(for: what)
      try spend(8 * text.count)
      return .bool(Self.isWhole(text, name))
    default: throw .unsupported("'\(name)' of a string")
    }
  }

  func letters(_ value: Value?, for what: String) throws(Problem) -> Scalars {
    guard let letters = value?.letters else {
      throw .failed("\(what) needs a string, not \((value ?? .none).kind)")
    }
    return letters
  }

  func optionalLetters(_ value: Value?, for what: String) throws(Problem) -> Scalars? {
    if case .none? = value { return nil }
    return try value.map { (value) throws(Problem) in try letters(value, for: what) }
  }

  func changedCase(of text: Scalars, _ name: String) throws(Problem) -> Value {
    try spend(4 * text.count)
    return try string(
      name == "upper"
        ? Self.uppercased(text)
        : name == "lower"
          ? Self.lowercased(text) : name == "title" ? Self.titled(text) : Self.capitalized(text))
  }

  private func strings(_ texts: [Scalars]) throws(Problem) -> Value {
    var values: [Value] = []
    for text in texts { values.append(try string(text)) }
    return try list(values)
  }

  private func split(_ text: Scalars, at separator: Scalars?, most: Value?, fromEnd: Bool) throws(Problem)
    -> Value
  {
    if let most, most.wholeNumber == nil { throw .failed("a text is split \(most.kind) times") }
    let most = most?.wholeNumber.flatMap { $0 < 0 ? nil : $0 }
    try make(letters: text.count)
    guard let separator else { return try strings(try words(of: text, most: most, fromEnd: fromEnd)) }
    return try strings(
      fromEnd ? try splitFromEnd(text, at: separator, most: most) : try split(text, at: separator, most: most)
    )
  }

  /// Whether a text begins or ends with another, or with any of a tuple.
  private func hasEdge(_ text: Scalars, _ given: Given, atStart: Bool) throws(Problem) -> Value {
    let what = atStart ? "'startswith'" : "'endswith'"
    let values = try given.bound("prefix", "start", "end", required: 1, for: what)
    guard values[1] == nil, values[2] == nil else { throw .unsupported("\(what) with a place") }
    var edges: [Value] = []
    if case .tuple(let items)? = values[0] { edges = items.values } else { edges = [values[0] ?? .none] }
    for edge in edges {
      let edge = try letters(edge, for: what)
      try spend(edge.count / 8)
      if atStart ? text.starts(with: edge) : text.reversed().starts(with: edge.reversed()) {
        return .bool(true)
      }
    }
    return .bool(false)
  }

  private func withoutEdge(_ text: Scalars, _ given: Given, atStart: Bool) throws(Problem) -> Value {
    let edge = try letters(
      try given.bound("edge", required: 1, for: "'removeprefix'")[0], for: "'removeprefix'")
    if atStart { return try string(text.starts(with: edge) ? Scalars(text.dropFirst(edge.count)) : text) }
    return try string(
      text.reversed().starts(with: edge.reversed()) ? Scalars(text.dropLast(edge.count)) : text)
  }

  private func find(_ name: String, in text: Scalars, _ given: Given) throws(Problem) -> Value {
    let values = try given.bound("sub", "start", "end", required: 1, for: "'\(name)'")
    let part = try letters(values[0], for: "'\(name)'")
    let range = try range(values[1], values[2], count: text.count)
    guard range.lowerBound <= text.count else { return .integer(name == "count" ? 0 : -1) }
    let inside = text[range]
    if name == "count" {
      if part.isEmpty { return .integer(inside.count + 1) }
      return .integer(try split(Scalars(inside), at: part, most: nil).count - 1)
    }
    let place = name.hasPrefix("r") ? try lastPlace(of: part, in: inside) : try place(of: part, in: inside)
    if place == nil, name.hasSuffix("index") { throw .failed("'\(name)' does not find a text in another") }
    return .integer(place ?? -1)
  }

  private static func isWhole(_ text: Scalars, _ name: String) -> Bool {
    switch name {
    case "isupper": return isWhole(text, lowercase: false)
    case "islower": return isWhole(text, lowercase: true)
    case "isspace": return !text.isEmpty && text.allSatisfy(\.isPythonSpace)
    case "isdigit":
      return !text.isEmpty && text.allSatisfy { [.decimal, .digit].contains($0.properties.numericType) }
    case "isalpha": return !text.isEmpty && text.allSatisfy(\.isLetter)
    default: return !text.isEmpty && text.allSatisfy { $0.isLetter || $0.properties.numericType != nil }
    }
  }

  /// Texts, or what values are written as, one behind the other.
  func joined(_ values: [Value], by separator: Scalars, converts: Bool) throws(Problem) -> Scalars {
    var text: Scalars = []
    for (place, value) in values.enumerated() {
      if place > 0 {
        try make(letters: separator.count)
        text += separator
      }
      let part = converts ? try self.text(of: value) : try letters(value, for: "'join'")
      try make(letters: part.count)
      text += part
    }
    return text
  }
}

extension Unicode.Scalar {
  /// Whether it is a letter of any script.
  fileprivate var isLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
