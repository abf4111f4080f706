internal import Foundation
internal import Yams

/// The fields of a YAML mapping whose values are plain, or lists of plain values.
///
/// What lies deeper is left as it is: an alias stands for a copy of what it names, so a kilobyte of aliases to aliases
/// would take more memory than there is once it were unfolded, and keys may be whole lists.
struct YAMLMapping {
  /// What is wrong with a text.
  struct Fault: Error {
    let reason: String
  }

  /// More repeat too much of themselves: eight aliases make at most thirty copies.
  private static let mostAliases = 8
  private let fields: [String: Any]

  /// Reads a text.
  init(_ text: String) throws(Fault) {
    // Keys are compared while the text is parsed, so this is found before.
    let aliases = text.matches(of: #/(?:^|[\s\[\]{},?:-])\*[^\s\[\]{},]/#.anchorsMatchLineEndings()).count
    guard aliases <= Self.mostAliases else {
      throw Fault(reason: "it repeats parts of itself by \(aliases) aliases (*name); write them out")
    }
    guard let node = try? Yams.compose(yaml: text), case .mapping(let mapping) = node else {
      throw Fault(reason: "it is not a YAML mapping")
    }
    var fields: [String: Any] = [:]
    for (key, value) in mapping {
      guard case .scalar(let name) = key else { throw Fault(reason: "it has a key that is no text") }
      fields[name.string] = Self.value(value)
    }
    self.fields = fields
  }

  subscript(name: String) -> Any? { fields[name] }
  /// The names of the fields, in order.
  var names: [String] { fields.keys.sorted() }

  private static func value(_ node: Node) -> Any {
    guard case .sequence(let items) = node else { return plain(node) }
    return items.map(plain)
  }

  /// A text, a number or a truth value; an empty mapping for what is none, so that no reader takes it for one.
  private static func plain(_ node: Node) -> Any {
    if case .scalar = node { return node.any }
    return [String: Any]()
  }
}
