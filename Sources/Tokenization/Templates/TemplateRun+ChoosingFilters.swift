extension Template.Run {
  /// Filters that take some of many, or something of each; `nil` for others.
  func choosingFilter(_ name: String, _ value: Value, _ given: Given) throws(Problem) -> Value? {
    switch name {
    case "map": return try mapped(value, given)
    case "select", "reject": return try chosen(value, given, by: nil, keeps: name == "select")
    case "selectattr", "rejectattr":
      guard let path = given.positional.first else {
        throw .failed("the filter '\(name)' needs an attribute")
      }
      let rest = Given(positional: Array(given.positional.dropFirst()), keywords: given.keywords)
      return try chosen(value, rest, by: path, keeps: name == "selectattr")
    default: return nil
    }
  }

  /// The values for which a test holds, or, without a test, those that count as true.
  private func chosen(_ value: Value, _ given: Given, by path: Value?, keeps: Bool) throws(Problem) -> Value {
    guard value.isTrue else { return try generator([]) }
    let items = try elements(of: value)
    let test = try given.positional.first.map { (name) throws(Problem) in try letters(name, for: "a test") }
    let name = test.map { String(String.UnicodeScalarView($0)) }
    let rest = Given(positional: Array(given.positional.dropFirst()), keywords: given.keywords)
    var chosen: [Value] = []
    for (item, subject) in zip(items, try attributes(path, of: items)) {
      let holds =
        try name.map { (name) throws(Problem) in try passes(subject, name, with: rest) } ?? subject.isTrue
      if holds == keeps { chosen.append(item) }
    }
    return try generator(chosen)
  }

  /// An attribute of each value, or what a filter makes of it.
  private func mapped(_ value: Value, _ given: Given) throws(Problem) -> Value {
    guard value.isTrue else { return try generator([]) }
    let items = try elements(of: value)
    if given.positional.isEmpty {
      let values = try given.bound("attribute", "default", required: 1, for: "the filter 'map'")
      return try generator(try attributes(values[0], of: items, standard: values[1]))
    }
    let name = String(String.UnicodeScalarView(try letters(given.positional[0], for: "the filter 'map'")))
    let rest = Given(positional: Array(given.positional.dropFirst()), keywords: given.keywords)
    var mapped: [Value] = []
    for item in items {
      mapped.append(try nested { () throws(Problem) in try filtered(item, by: name, with: rest) })
    }
    return try generator(mapped)
  }

  /// What each value has under a name such as `function.name`; the values themselves without one.
  func attributes(
    _ path: Value?, of items: [Value], standard: Value? = nil
  ) throws(Problem) -> [Value] {
    guard let path else { return items }
    var parts: [Value] = []
    if case .none = path { return items }
    if let letters = path.letters {
      for part in letters.split(separator: ".", omittingEmptySubsequences: false) {
        let number = part.allSatisfy(\.isDigit) ? Int(String(String.UnicodeScalarView(part))) : nil
        parts.append(number.map { .integer($0) } ?? .string(Scalars(part)))
      }
    } else {
      parts = [path]
    }
    var found: [Value] = []
    for item in items {
      var value = item
      for part in parts {
        try spend(10)
        value = try element(part, of: value)
        if let standard, value.isUndefined { value = standard }
      }
      found.append(value)
    }
    return found
  }
}
