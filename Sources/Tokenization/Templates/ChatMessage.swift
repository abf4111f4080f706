/// A message of a conversation: an object with a role, and whatever else the model's template knows.
///
/// Most messages are a role and a text. Templates also know contents that are lists of parts, calls of tools and
/// their results, thoughts: all that passes through as JSON.
///
/// ```swift
/// let messages = [ChatMessage(role: "user", content: "What is the capital of Texas?")]
/// ```
public struct ChatMessage: Sendable {
  /// The message as JSON, an object with a `role`.
  public let json: JSONValue
  /// Who speaks: `system`, `user`, `assistant`, `tool`.
  public let role: String

  public init(role: String, content: String) {
    self.role = role
    json = .object(["role": .string(role), "content": .string(content)])
  }

  /// A message of any form.
  ///
  /// - Parameters:
  ///   - json: An object with a `role`.
  ///   - place: What the message is, for the complaint.
  /// - Throws: ``TokenizationError/unusableChat(place:problem:)``.
  public init(_ json: JSONValue, place: String = "a message") throws(TokenizationError) {
    guard case .object(let members) = json else {
      throw .unusableChat(place: place, problem: "must be an object, but is \(json.kind)")
    }
    guard let role = members.last(where: { $0.key == "role" })?.value else {
      throw .unusableChat(place: place, problem: "has no 'role'")
    }
    guard case .string(let role) = role else {
      throw .unusableChat(place: place, problem: "has a 'role' that must be a string, but is \(role.kind)")
    }
    self.json = json
    self.role = role
  }

  /// The messages in a JSON value.
  ///
  /// - Parameter json: A list of objects, each with a `role`.
  /// - Throws: ``TokenizationError/unusableChat(place:problem:)``, which says which message is none.
  public static func messages(_ json: JSONValue) throws(TokenizationError) -> [ChatMessage] {
    guard case .array(let items) = json else {
      throw .unusableChat(place: "the list of messages", problem: "must be a list, but is \(json.kind)")
    }
    var messages: [ChatMessage] = []
    for (place, item) in items.enumerated() {
      messages.append(try ChatMessage(item, place: "messages[\(place)]"))
    }
    return messages
  }
}

extension ChatMessage {
  /// The names under which tools give what a model thought; templates read the first or the second.
  private static let thoughts = ["reasoning_content", "thinking", "reasoning"]

  /// What a template sees of the message. As in transformers, members that are null are left out, and thoughts have
  /// both names that templates read.
  var value: Template.Value {
    let whole = Template.Value(json)
    guard case .dictionary(let dictionary) = whole else { return whole }
    let members = zip(dictionary.keys, dictionary.values).filter {
      if case .none = $1 { false } else { true }
    }
    let result = Template.Dictionary()
    func add(_ members: [(Template.Value, Template.Value)]) {
      for (key, value) in members { if let hashed = key.key { result.set(key, hashed, to: value) } }
    }
    let thought = Self.thoughts.lazy.compactMap { name in
      members.first { $0.0.letters == Scalars(name.unicodeScalars) }?.1
    }.first
    if let thought { result.set("thinking", to: thought) }
    add(members)
    if let thought { result.set("reasoning_content", to: thought) }
    return .dictionary(result)
  }
}
