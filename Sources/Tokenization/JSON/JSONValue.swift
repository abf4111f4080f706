public import Foundation

/// A value of a JSON file.
///
/// Foundation keeps objects in dictionaries, where keys that are canonically equivalent, such as a composed
/// and a decomposed "é", fall together: a vocabulary would lose pieces. Here an object is a list.
public enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// A key of an object and its value.
  public struct Member: Sendable {
    public let key: String
    public let value: JSONValue

    public init(key: String, value: JSONValue) { (self.key, self.value) = (key, value) }
  }

  /// Reads a JSON file.
  ///
  /// - Parameters:
  ///   - data: The file's contents, UTF-8.
  ///   - file: The file's name, for messages.
  /// - Throws: ``TokenizationError/notJSON(file:byte:problem:)``.
  public init(json data: Data, file: String) throws(TokenizationError) {
    self = try JSONReader.value(in: data, file: file)
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
