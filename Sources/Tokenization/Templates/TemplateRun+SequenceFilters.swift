extension Template.Run {
  /// Filters that make one value of many, or put them in another order; `nil` for others.
  func sequenceFilter(_ name: String, _ value: Value, _ given: Given) throws(Problem) -> Value? {
    let what = "the filter '\(name)'"
    switch name {
    case "length", "count":
      _ = try given.bound(for: what)
      return .integer(try count(of: value))
    case "default", "d":
      let values = try given.bound("default_value", "boolean", for: what)
      let isMissing = value.isUndefined || values[1]?.isTrue == true && !value.isTrue
      return isMissing ? values[0] ?? .string([]) : value
    case "first":
      _ = try given.bound(for: what)
      if case .generator(let generator) = value {
        return generator.next() ?? .missing("a list without items has no first one")
      }
      return try elements(of: value).first ?? .missing("a list without items has no first one")
    case "last":
      _ = try given.bound(for: what)
      if case .generator = value { throw .failed("\(what) cannot go backwards through what a filter gives") }
      return try elements(of: value).last ?? .missing("a list without items has no last one")
    case "list":
      _ = try given.bound(for: what)
      return try list(try elements(of: value))
    case "items":
      _ = try given.bound(for: what)
      switch value {
      case .undefined: return try generator([])
      case .dictionary(let dictionary):
        return try generator(try elements(of: .view(.init(.items, of: dictionary))))
      default: throw .failed("\(what) needs an object, not \(value.kind)")
      }
    case "reverse":
      _ = try given.bound(for: what)
      if case .markup(let text) = value { return .markup(text.reversed()) }
      if case .string(let text) = value { return try string(text.reversed()) }
      let reversed: [Value] = try elements(of: value).reversed()
      if case .generator = value { return try list(reversed) }
      return try generator(reversed)
    case "join":
      let values = try given.bound("d", "attribute", for: what)
      let separator = try values[0].map { (value) throws(Problem) in try text(of: value) } ?? []
      let items = try attributes(values[1], of: try elements(of: value))
      return .string(try joined(items, by: separator, converts: true))
    case "dictsort": return try dictionarySorted(value, given)
    case "sort": return try sorted(value, given)
    case "unique": return try unique(value, given)
    case "min", "max": return try extreme(value, given, isLargest: name == "max")
    case "sum": return try sum(value, given)
    default: return nil
    }
  }

  private func sorted(_ value: Value, _ given: Given) throws(Problem) -> Value {
    let values = try given.bound("reverse", "case_sensitive", "attribute", for: "the filter 'sort'")
    let items = try elements(of: value)
    var paths: [Value?] = [values[2]]
    if let letters = values[2]?.letters {
      paths = letters.split(separator: ",", omittingEmptySubsequences: false).map { .string(Scalars($0)) }
    }
    var keys = Array(repeating: [Value](), count: items.count)
    for path in paths {
      for (place, key) in try attributes(path, of: items).enumerated() {
        keys[place].append(values[1]?.isTrue == true ? key : try ignoringCase(key))
      }
    }
    let single: [Value] = keys.map { $0.count == 1 ? $0[0] : .list(.init($0)) }
    return try list(try sorted(items, by: single, isReversed: values[0]?.isTrue == true))
  }

  private func dictionarySorted(_ value: Value, _ given: Given) throws(Problem) -> Value {
    let what = "the filter 'dictsort'"
    let values = try given.bound("case_sensitive", "by", "reverse", for: what)
    if case .undefined(let missing) = value { throw .failed(missing.text) }
    guard case .dictionary(let dictionary) = value else {
      throw .failed("\(what) needs an object, not \(value.kind)")
    }
    let by =
      try values[1].map { (value) throws(Problem) in try text(of: value) } ?? Scalars("key".unicodeScalars)
    guard by == Scalars("key".unicodeScalars) || by == Scalars("value".unicodeScalars) else {
      throw .failed("\(what) sorts by 'key' or by 'value'")
    }
    var keys = by.count == 3 ? dictionary.keys : dictionary.values
    if values[0]?.isTrue != true { for place in keys.indices { keys[place] = try ignoringCase(keys[place]) } }
    let pairs = try elements(of: .view(.init(.items, of: dictionary)))
    return try list(try sorted(pairs, by: keys, isReversed: values[2]?.isTrue == true))
  }

  private func unique(_ value: Value, _ given: Given) throws(Problem) -> Value {
    let values = try given.bound("case_sensitive", "attribute", for: "the filter 'unique'")
    let items = try elements(of: value)
    var known: Set<Template.Key> = []
    var unique: [Value] = []
    for (item, key) in zip(items, try attributes(values[1], of: items)) {
      let key = values[0]?.isTrue == true ? key : try ignoringCase(key)
      if known.insert(try hashed(key)).inserted { unique.append(item) }
    }
    return try generator(unique)
  }

  private func extreme(_ value: Value, _ given: Given, isLargest: Bool) throws(Problem) -> Value {
    let values = try given.bound(
      "case_sensitive", "attribute", for: "the filter '\(isLargest ? "max" : "min")'")
    let items = try elements(of: value)
    var best: (item: Value, key: Value)?
    for (item, key) in zip(items, try attributes(values[1], of: items)) {
      let key = values[0]?.isTrue == true ? key : try ignoringCase(key)
      guard let known = best else {
        best = (item, key)
        continue
      }
      let order = isLargest ? try order(known.key, key) : try order(key, known.key)
      if order == .less { best = (item, key) }
    }
    return best?.item ?? .missing("a list without items has no largest or smallest one")
  }

  private func sum(_ value: Value, _ given: Given) throws(Problem) -> Value {
    let values = try given.bound("attribute", "start", for: "the filter 'sum'")
    var sum = values[1] ?? .integer(0)
    if sum.letters != nil { throw .failed("the filter 'sum' cannot add up strings") }
    for item in try attributes(values[0], of: try elements(of: value)) {
      sum = try arithmetic(.plus, sum, item)
    }
    return sum
  }

  /// A string in small letters; anything else as it is.
  private func ignoringCase(_ value: Value) throws(Problem) -> Value {
    guard let letters = value.letters else { return value }
    return try changedCase(of: letters, "lower")
  }
}
