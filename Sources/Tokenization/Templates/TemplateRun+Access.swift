extension Template.Run {
  /// `owner.name`: a method of the value, else an entry of an object.
  func attribute(_ name: String, of owner: Value) throws(Problem) -> Value {
    if case .undefined(let missing) = owner { throw .failed(missing.text) }
    if let value = try ownAttribute(name, of: owner) { return value }
    if case .dictionary(let dictionary) = owner, let value = dictionary[name] { return value }
    return .missing("\(owner.kind) has no '\(name)'")
  }

  /// `owner[key]`: an entry or an item, else a method of this name.
  func element(_ key: Value, of owner: Value) throws(Problem) -> Value {
    if let index = key.wholeNumber, let count = try sequenceCount(of: owner) {
      let place = index < 0 ? index &+ count : index
      if (0..<count).contains(place) { return Self.item(place, of: owner) }
      return .missing("\(owner.kind) has no item \(index)")
    }
    switch owner {
    case .undefined(let missing): throw .failed(missing.text)
    case .dictionary(let dictionary):
      if let letters = key.letters { try spend(letters.count / 8) }
      if let value = key.key.flatMap({ dictionary[$0] }) { return value }
    default: break
    }
    guard let letters = key.letters else { return .missing("\(owner.kind) has no such item") }
    try spend(4 * letters.count)
    let name = String(String.UnicodeScalarView(letters))
    if let value = try ownAttribute(name, of: owner) { return value }
    return .missing("\(owner.kind) has no '\(Self.short(name))'")
  }

  /// The beginning of a text that may be long.
  static func short(_ text: String) -> String {
    let beginning = text.unicodeScalars.prefix(60)
    return beginning.endIndex == text.endIndex ? text : String(beginning) + "…"
  }

  private func sequenceCount(of owner: Value) throws(Problem) -> Int? {
    switch owner {
    case .string, .markup, .list, .tuple, .range: try count(of: owner)
    default: nil
    }
  }

  private static func item(_ place: Int, of owner: Value) -> Value {
    switch owner {
    case .string(let text): .string([text[place]])
    case .markup(let text): .markup([text[place]])
    case .list(let items), .tuple(let items): items.values[place]
    case .range(let range): .integer(range[place])
    default: .none
    }
  }

  /// What Python has under this name for values of the kind; none of it can change a list or an object.
  private func ownAttribute(_ name: String, of owner: Value) throws(Problem) -> Value? {
    if name.hasPrefix("__"), name.hasSuffix("__") {
      return .missing("'\(Self.short(name))' of \(owner.kind) is out of reach")
    }
    switch owner {
    case .namespace(let namespace): return namespace.members[name]
    case .loop(let loop): return try attribute(name, of: loop)
    case .dictionary, .list:
      if Self.changing(owner).contains(name) {
        return .missing("'\(name)' would change \(owner.kind), which templates may not")
      }
    default: break
    }
    return Self.methods(of: owner).contains(name) ? .method(.init(name, of: owner)) : nil
  }

  private static func changing(_ owner: Value) -> Set<String> {
    if case .dictionary = owner { return ["clear", "pop", "popitem", "setdefault", "update"] }
    return ["append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"]
  }

  /// The names of Python's methods, those that are not supported too.
  private static func methods(of owner: Value) -> Set<String> {
    switch owner {
    case .string, .markup: textMethods
    case .list: ["copy", "count", "index"]
    case .tuple: ["count", "index"]
    case .dictionary: ["copy", "fromkeys", "get", "items", "keys", "values"]
    case .integer, .bool:
      [
        "as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes", "imag",
        "numerator", "real", "to_bytes",
      ]
    case .number: ["as_integer_ratio", "conjugate", "fromhex", "hex", "imag", "is_integer", "real"]
    case .range: ["count", "index", "start", "step", "stop"]
    case .view: ["isdisjoint", "mapping"]
    case .macro: ["arguments", "caller", "catch_kwargs", "catch_varargs", "explicit_caller", "name"]
    case .function("dict"): ["fromkeys"]
    case .generator: ["close", "gi_frame", "send", "throw"]
    default: []
    }
  }

  private static let textMethods: Set = [
    "capitalize", "casefold", "center", "count", "encode", "endswith", "expandtabs", "find", "format",
    "format_map", "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower",
    "isnumeric", "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip",
    "maketrans", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust",
    "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title",
    "translate", "upper", "zfill",
  ]
}

// MARK: Slices

extension Template.Run {
  /// `owner[start:end:step]`; what is left out is none.
  func slice(of owner: Value, start: Value, end: Value, step: Value) throws(Problem) -> Value {
    if case .undefined(let missing) = owner { throw .failed(missing.text) }
    let bounds = [try bound(start), try bound(end), try bound(step)]
    func places(_ count: Int) throws(Problem) -> [Int] {
      let places = try Self.places(count: count, start: bounds[0], end: bounds[1], step: bounds[2] ?? 1)
      try spend(places.count)
      return places
    }
    switch owner {
    case .string(let text):
      let places = try places(text.count)
      return try string(places.map { text[$0] })
    case .markup(let text):
      let places = try places(text.count)
      return .markup(places.map { text[$0] })
    case .list(let items):
      let places = try places(items.values.count)
      return try list(places.map { items.values[$0] })
    case .tuple(let items):
      let places = try places(items.values.count)
      return try tuple(places.map { items.values[$0] })
    case .range: throw .unsupported("a slice of a range")
    default: throw .failed("\(owner.kind) has no slices")
    }
  }

  private func bound(_ value: Value) throws(Problem) -> Int? {
    if case .none = value { return nil }
    guard let number = value.wholeNumber else { throw .failed("\(value.kind) cannot bound a slice") }
    return number
  }

  /// The places that a slice takes, by Python's rules.
  private static func places(count: Int, start: Int?, end: Int?, step: Int) throws(Problem) -> [Int] {
    guard step != 0 else { throw .failed("a slice has steps of zero") }
    func clipped(_ place: Int) -> Int {
      let place = place < 0 ? place &+ count : place
      return min(max(place, step < 0 ? -1 : 0), step < 0 ? count - 1 : count)
    }
    let first = start.map(clipped) ?? (step < 0 ? count - 1 : 0)
    let last = end.map(clipped) ?? (step < 0 ? -1 : count)
    // Beyond the length, all steps are alike, and none overflows.
    let step = min(max(step, -count - 1), count + 1)
    return Array(stride(from: first, to: last, by: step))
  }
}
