extension Template {
  /// An object: keys in the order in which they came, with values. Nothing changes it once it is a value.
  final class Dictionary {
    private(set) var keys: [Value] = []
    private(set) var values: [Value] = []
    private(set) var depth = 1
    private var places: [Key: Int] = [:]

    var count: Int { keys.count }

    init() {}

    /// A dictionary with the same entries, to add others to.
    init(_ other: Dictionary) {
      (keys, values, depth, places) = (other.keys, other.values, other.depth, other.places)
    }

    /// Adds a value, or replaces the one of this key, which keeps its place.
    func set(_ key: Value, _ hashed: Key, to value: Value) {
      depth = max(depth, 1 + max(value.depth, key.depth))
      if let place = places[hashed] {
        values[place] = value
      } else {
        places[hashed] = keys.count
        keys.append(key)
        values.append(value)
      }
    }

    func set(_ key: String, to value: Value) {
      let key = Scalars(key.unicodeScalars)
      set(.string(key), .string(key), to: value)
    }

    subscript(key: Key) -> Value? { places[key].map { values[$0] } }

    subscript(key: String) -> Value? { self[.string(Scalars(key.unicodeScalars))] }
  }

  /// A value as what Python finds it by: 1, 1.0 and true are one key.
  enum Key: Hashable {
    case none
    case integer(Int)
    case number(Double)
    case string(Scalars)
    indirect case tuple([Key])
    case object(ObjectIdentifier)
  }
}

extension Template.Value {
  /// The key that it is; `nil` for what can change or hold what can, which Python does not take for keys.
  var key: Template.Key? {
    switch self {
    case .none: return Template.Key.none
    case .bool(let flag): return .integer(flag ? 1 : 0)
    case .integer(let number): return .integer(number)
    case .number(let number): return Int(exactly: number).map { .integer($0) } ?? .number(number)
    case .string(let text), .markup(let text): return .string(text)
    case .tuple(let items):
      var keys: [Template.Key] = []
      for item in items.values {
        guard let key = item.key else { return nil }
        keys.append(key)
      }
      return .tuple(keys)
    case .namespace(let namespace): return .object(ObjectIdentifier(namespace))
    case .macro(let macro): return .object(ObjectIdentifier(macro))
    case .generator(let generator): return .object(ObjectIdentifier(generator))
    case .loop(let loop): return .object(ObjectIdentifier(loop))
    case .undefined: return .object(ObjectIdentifier(Template.Missing.self))
    case .list, .dictionary, .range, .view, .function, .method: return nil
    }
  }
}

extension Template.Value {
  /// A JSON value, as Python's `json` reads it: of a key that is there twice, the last value counts, at the first
  /// place.
  init(_ value: JSONValue) {
    switch value {
    case .null: self = .none
    case .bool(let flag): self = .bool(flag)
    case .integer(let number): self = .integer(number)
    case .number(let number): self = .number(number)
    case .string(let text): self = .text(text)
    case .array(let items): self = .list(.init(items.map { Self($0) }))
    case .object(let members):
      let dictionary = Template.Dictionary()
      for member in members { dictionary.set(member.key, to: Self(member.value)) }
      self = .dictionary(dictionary)
    }
  }
}
