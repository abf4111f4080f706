extension Template.Run {
  /// What a filter makes of a value.
  func filtered(_ value: Value, by name: String, with given: Given) throws(Problem) -> Value {
    try spendOnLetters(of: value, given)
    if let text = try textFilter(name, value, given) { return text }
    if let number = try numberFilter(name, value, given) { return number }
    if let items = try sequenceFilter(name, value, given) { return items }
    if let items = try choosingFilter(name, value, given) { return items }
    throw .unsupported("the filter '\(Self.short(name))'")
  }

  // MARK: Text

  private func textFilter(_ name: String, _ value: Value, _ given: Given) throws(Problem) -> Value? {
    let what = "the filter '\(name)'"
    switch name {
    case "trim":
      let letters = try optionalLetters(try given.bound("chars", for: what)[0], for: what)
      return try like(value, try stripped(try text(of: value), of: letters))
    case "upper", "lower", "capitalize":
      _ = try given.bound(for: what)
      return try like(value, try changedCase(of: try text(of: value), name).letters ?? [])
    case "title":
      _ = try given.bound(for: what)
      let text = try text(of: value)
      try spend(8 * text.count)
      return try like(value, Self.titledByFilter(text))
    case "string":
      _ = try given.bound(for: what)
      return try like(value, try text(of: value))
    case "replace":
      let values = try given.bound("old", "new", "count", required: 2, for: what)
      return .string(
        try replaced(
          try text(of: values[0] ?? .none), by: try text(of: values[1] ?? .none), in: try text(of: value),
          most: values[2]?.wholeNumber))
    case "indent": return try like(value, try indented(value, given))
    case "safe":
      _ = try given.bound(for: what)
      return .markup(try text(of: value))
    case "escape", "e":
      _ = try given.bound(for: what)
      let text = value.letters == nil ? Value.string(try text(of: value)) : value
      let escaped = try Self.escaped(text)
      try make(letters: escaped.count)
      return .markup(escaped)
    case "tojson": return try string(try json(value, style: try style(given)))
    default: return nil
    }
  }

  /// A text that is safe if the value was.
  private func like(_ value: Value, _ text: Scalars) throws(Problem) -> Value {
    if case .markup = value { return .markup(text) }
    return try string(text)
  }

  /// A text whose lines, but for the first and the empty ones, begin with spaces.
  private func indented(_ value: Value, _ given: Given) throws(Problem) -> Scalars {
    let what = "the filter 'indent'"
    let values = try given.bound("width", "first", "blank", for: what)
    let text = try letters(value, for: what)
    var indentation = Scalars(repeating: " ", count: 4)
    if let letters = values[0]?.letters {
      indentation = letters
    } else if let width = values[0] {
      guard let width = width.wholeNumber else { throw .failed("\(what) needs a number of spaces") }
      try make(letters: 1, times: width)
      indentation = Scalars(repeating: " ", count: max(width, 0))
    }
    let lines = try lines(of: text + ["\n"])
    var result = values[1]?.isTrue == true ? indentation : []
    for (place, line) in lines.enumerated() {
      try make(letters: line.count + indentation.count)
      if place > 0 { result.append("\n") }
      if place > 0, values[2]?.isTrue == true || !line.isEmpty { result += indentation }
      result += line
    }
    return result
  }

  private func style(_ given: Given) throws(Problem) -> JSONStyle {
    let what = "the filter 'tojson'"
    let values = try given.bound("ensure_ascii", "indent", "separators", "sort_keys", for: what)
    var style = JSONStyle()
    style.escapes = values[0]?.isTrue ?? false
    style.sortsKeys = values[3]?.isTrue ?? false
    if let letters = values[1]?.letters {
      style.indentation = letters
    } else if let width = values[1]?.wholeNumber {
      try make(letters: 1, times: width)
      style.indentation = Scalars(repeating: " ", count: max(width, 0))
    } else if let other = values[1], other.isTrue {
      throw .failed("\(what) is indented by \(other.kind)")
    }
    if style.indentation != nil { style.itemSeparator = [","] }
    switch values[2] {
    case nil, .none?: break
    case let separators?:
      let pair = try elements(of: separators)
      guard pair.count == 2 else { throw .failed("\(what) needs two separators") }
      (style.itemSeparator, style.keySeparator) = (
        try letters(pair[0], for: what), try letters(pair[1], for: what)
      )
    }
    return style
  }
}
