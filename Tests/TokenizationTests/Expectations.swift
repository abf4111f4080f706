import TestSupport
import Testing
import Tokenization

/// An object of a file of reference data, with its parts as what they are.
struct Expectations {
  private let object: [String: Any]

  init(_ path: String) throws {
    object = try #require(SharedFiles.json(path) as? [String: Any])
  }

  private init(_ object: [String: Any]) { self.object = object }

  func string(_ key: String) throws -> String { try #require(object[key] as? String) }
  func strings(_ key: String) throws -> [String] { try #require(object[key] as? [String]) }
  func token(_ key: String) throws -> Token { try Token(#require(object[key] as? Int)) }
  func tokens(_ key: String) throws -> [Token] { try #require(object[key] as? [Int]).map { Token($0) } }

  func list(_ key: String) throws -> [Expectations] {
    try #require(object[key] as? [[String: Any]]).map(Expectations.init)
  }

  func object(_ key: String) -> Any? { object[key] }
}

extension String {
  /// Whether two texts are the same scalar by scalar; `==` takes a composed and a decomposed "é" for equal.
  func isExactly(_ other: String) -> Bool { unicodeScalars.elementsEqual(other.unicodeScalars) }
}
