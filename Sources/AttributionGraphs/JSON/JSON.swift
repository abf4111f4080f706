/// A value of the JSON language, as a file states it.
///
/// Numbers are kept as the text they were written in, so that what is read and written again loses nothing.
public enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number in its source text, which is one by the grammar of JSON.
  case number(String)
  case string(String)
  case array([JSON])
  case object(JSONObject)

  /// A finite number in the fewest digits that give it back exactly, `null` otherwise.
  public init(_ value: Double) { self = value.isFinite ? .number(value.shortestText) : .null }
  /// A whole number.
  public init(_ value: Int) { self = .number(String(value)) }
  /// Texts in their order.
  public init(_ strings: [String]) { self = .array(strings.map { .string($0) }) }

  /// The value as text; `nil` if it is none.
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  /// The value as truth; `nil` if it is none.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The value as a number, infinite if it is too great; `nil` if it is none.
  public var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
  /// The value as a whole number, also if it is written like `3.0`; `nil` if it is none or too great.
  public var int: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
  }
  /// The value as a list; `nil` if it is none.
  public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  /// The value as an object; `nil` if it is none.
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self.init(value) }
  public init(floatLiteral value: Double) { self.init(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(JSONObject(elements)) }
  public init(nilLiteral: ()) { self = .null }
}

extension Double {
  /// The fewest digits that give the number back exactly, by the grammar of JSON; the number must be finite.
  var shortestText: String { trimmed(description) }
}

extension Float {
  /// The fewest digits that give the number back exactly, by the grammar of JSON; the number must be finite.
  var shortestText: String { trimmed(description) }
}

/// Without the `.0` that Swift writes behind whole numbers.
private func trimmed(_ text: String) -> String { text.hasSuffix(".0") ? String(text.dropLast(2)) : text }
