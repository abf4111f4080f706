internal import Clew
internal import Explorer
internal import Foundation

/// Requests in JSON, as a page or a script sends them: what is not understood in one is named.
enum RequestJSON {
  /// Reads a value that has all that the JSON says.
  /// - Throws: ``ModelRefusal`` for what is missing, of a wrong kind, or not known: a name that is almost right would change
  ///   the question.
  static func decoded<Value: Codable>(_ type: Value.Type, _ data: Data) throws -> Value {
    let value: Value
    do { value = try JSONDecoder().decode(type, from: data) } catch let error as DecodingError {
      throw ModelRefusal("\(text(error)). Correct it, or load the page again.")
    }
    let understood = try JSON(parsing: Array(JSONEncoder().encode(value)))
    if let name = unknown(in: try JSON(parsing: Array(data)), besides: understood, at: "") {
      throw ModelRefusal("The request's '\(name)' is not understood. Correct the name, or leave it out.")
    }
    return value
  }

  /// The first name in JSON that what was read from it does not have.
  private static func unknown(in given: JSON, besides understood: JSON, at place: String) -> String? {
    switch (given, understood) {
    case (.object(let given), .object(let understood)):
      for (key, value) in given.members where value != .null {
        let name = place.isEmpty ? key : "\(place).\(key)"
        guard let known = understood[key] else { return name }
        if let found = unknown(in: value, besides: known, at: name) { return found }
      }
      return nil
    case (.array(let given), .array(let understood)):
      return zip(given, understood).enumerated().lazy
        .compactMap { unknown(in: $1.0, besides: $1.1, at: "\(place)[\($0)]") }.first
    default: return nil
    }
  }

  // MARK: Words

  private static func text(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context): "The request has no '\(name(context.codingPath + [key]))'"
    case .valueNotFound(_, let context): "The request's '\(name(context.codingPath))' is null"
    case .typeMismatch(let type, let context):
      context.codingPath.isEmpty
        ? "The request is not \(word(type))"
        : "The request's '\(name(context.codingPath))' is not \(word(type))"
    case .dataCorrupted(let context):
      // The server takes nothing that is no JSON, and the decoder calls numbers so that do not fit.
      if context.codingPath.isEmpty {
        "The request has a number that does not fit where it stands: it is too large, or should be whole"
      } else {
        "The request is not understood: \(context.debugDescription)"
      }
    @unknown default: "The request is not understood"
    }
  }

  /// A place, as scripts write it: `changes[2].features`.
  private static func name(_ path: [any CodingKey]) -> String {
    path.reduce("") { text, key in
      key.intValue.map { "\(text)[\($0)]" }
        ?? (text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)")
    }
  }

  private static func word(_ type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Bool.Type: "true or false"
    case is any BinaryInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    case is [Any].Type: "a list"
    default: "an object"
    }
  }
}
