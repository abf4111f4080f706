/// The members of a JSON object in the order of the file.
///
/// Keys are told apart byte by byte, as in the language, and not as texts that look alike.
public struct JSONObject: Sendable {
  /// The keys and values.
  public private(set) var members: [(key: String, value: JSON)]

  /// An object of some members; of two with one key, the later one's value stays.
  public init(_ members: [(String, JSON)] = []) {
    self.members = []
    for (key, value) in members { self[key] = value }
  }

  /// An object of members whose keys are known to differ.
  init(distinct members: [(key: String, value: JSON)]) { self.members = members }

  /// Whether there are no members.
  public var isEmpty: Bool { members.isEmpty }

  /// The value of a key; a new key is put at the end, and `nil` takes a key away.
  public subscript(key: String) -> JSON? {
    get { place(of: key).map { members[$0].value } }
    set {
      switch (place(of: key), newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append((key, value))
      case (nil, nil): break
      }
    }
  }

  /// Takes a member out.
  mutating func removeValue(forKey key: String) -> JSON? {
    place(of: key).map { members.remove(at: $0).value }
  }

  private func place(of key: String) -> Int? { members.firstIndex { $0.key.isSameText(as: key) } }
}

extension JSONObject: Equatable {
  /// Objects are equal if they have equal members, in whatever order.
  public static func == (first: JSONObject, second: JSONObject) -> Bool {
    guard first.members.count == second.members.count else { return false }
    if zip(first.members, second.members).allSatisfy({ $0.key.isSameText(as: $1.key) && $0.value == $1.value }
    ) {
      return true
    }
    var values: [ExactText: JSON] = [:]
    for (key, value) in second.members { values[ExactText(key)] = value }
    return first.members.allSatisfy { values[ExactText($0.key)] == $0.value }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}

/// A text as its bytes, to look up by.
struct ExactText: Hashable {
  let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }
}

extension String {
  /// Whether the texts are equal byte by byte; `==` also takes different spellings of `é` for the same.
  func isSameText(as other: String) -> Bool {
    utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
  }
}
