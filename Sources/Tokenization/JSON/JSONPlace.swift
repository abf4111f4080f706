import Foundation

/// A JSON value and where it stands, so that a complaint about it can say so.
struct JSONPlace {
  /// The name of the file.
  let file: String
  /// The way from the file's outermost value, such as `model.vocab`; empty for that value itself.
  let path: String
  /// What stands there.
  let value: JSONValue

  /// The outermost value of a file.
  init(_ data: Data, file: String) throws(TokenizationError) {
    self.init(file: file, path: "", value: try JSONReader.value(in: data, file: file))
  }

  private init(file: String, path: String, value: JSONValue) {
    self.file = file
    self.path = path
    self.value = value
  }

  /// A complaint about this value; `problem` continues the sentence that the place begins.
  func malformed(_ problem: String) -> TokenizationError {
    .malformed(file: file, place: path.isEmpty ? "the outermost value" : path, problem: problem)
  }

  /// A complaint that this component is not implemented.
  func unsupported(_ type: String, supported: [String]) -> TokenizationError {
    .unsupported(file: file, place: path, type: type, supported: supported)
  }

  private func mustBe(_ kind: String) -> TokenizationError {
    malformed("must be \(kind), but is \(value.kind)")
  }
}

extension JSONPlace {
  func string() throws(TokenizationError) -> String {
    guard case .string(let text) = value else { throw mustBe("a string") }
    return text
  }

  func integer() throws(TokenizationError) -> Int {
    guard case .integer(let number) = value else { throw mustBe("a whole number") }
    return number
  }

  func bool() throws(TokenizationError) -> Bool {
    guard case .bool(let flag) = value else { throw mustBe("true or false") }
    return flag
  }

  /// The members of an object, in the order of the file.
  func members() throws(TokenizationError) -> [JSONValue.Member] {
    guard case .object(let members) = value else { throw mustBe("an object") }
    return members
  }

  /// The members of an object with their places, in the order of the file, but for those that are null.
  func entries() throws(TokenizationError) -> [(key: String, place: JSONPlace)] {
    var entries: [(key: String, place: JSONPlace)] = []
    for member in try members() {
      if case .null = member.value { continue }
      entries.append((member.key, JSONPlace(file: file, path: path(to: member.key), value: member.value)))
    }
    return entries
  }

  private func path(to key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// The items of an array without their places, for lists too long to name every place.
  func rawItems() throws(TokenizationError) -> [JSONValue] {
    guard case .array(let items) = value else { throw mustBe("an array") }
    return items
  }

  /// The items of an array.
  func items() throws(TokenizationError) -> [JSONPlace] {
    try rawItems().enumerated().map { JSONPlace(file: file, path: "\(path)[\($0)]", value: $1) }
  }

  /// The member of an object, or `nil` where it is absent or null. A repeated key counts as its last.
  subscript(key: String) -> JSONPlace? {
    get throws(TokenizationError) {
      guard let value = try members().last(where: { $0.key == key })?.value else { return nil }
      if case .null = value { return nil }
      return JSONPlace(file: file, path: path(to: key), value: value)
    }
  }

  /// The member of an object that cannot do without it.
  func required(_ key: String) throws(TokenizationError) -> JSONPlace {
    guard let place = try self[key] else { throw malformed("has no '\(key)'") }
    return place
  }

  /// A flag, or its default where it is absent or null.
  func flag(_ key: String, default standard: Bool) throws(TokenizationError) -> Bool {
    try self[key]?.bool() ?? standard
  }

  /// The `type` of a component.
  func type() throws(TokenizationError) -> String { try required("type").string() }
}
