/// A value of a JSON file.
///
/// Foundation keeps objects in dictionaries, where keys that are canonically equivalent, such as a composed
/// and a decomposed "é", fall together: a vocabulary would lose pieces. Here an object is a list.
enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// A key of an object and its value.
  struct Member: Sendable {
    let key: String
    let value: JSONValue
  }

  /// What the value is, in words.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .integer: "a whole number"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
