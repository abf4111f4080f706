import Foundation
import TestSupport
import Testing
import Tokenization

/// The conversations, templates and expressions of `Tests/Fixtures/ChatTemplates`, with what transformers makes of
/// them.
struct ChatFixtures {
  static let folder = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/ChatTemplates")
  /// The time that the clock of make.py tells, in this machine's zone.
  static let date =
    Calendar(identifier: .gregorian).date(
      from: DateComponents(year: 2024, month: 7, day: 26, hour: 11, minute: 31, second: 2)) ?? Date()
  static let families = ["gemma2", "gemma3", "gptoss", "llama", "mistral", "phi3", "qwen25", "qwen3"]

  let tokens: [String: String]
  let chats: [Chat]
  private let texts: [String: [String?]]

  /// A conversation and what else a template is given.
  struct Chat {
    let name: String
    let messages: JSONValue
    let tools: [JSONValue]?
    let documents: [JSONValue]?
    let addsGenerationPrompt: Bool
    let variables: [String: JSONValue]

    init(_ json: JSONValue) throws {
      name = try #require(json["name"]?.string)
      messages = try #require(json["messages"])
      tools = json["tools"]?.items
      documents = json["documents"]?.items
      if case .bool(true)? = json["add_generation_prompt"] {
        addsGenerationPrompt = true
      } else {
        addsGenerationPrompt = false
      }
      variables = json["variables"]?.members ?? [:]
    }

    func text(_ template: ChatTemplate) throws -> String {
      try template.text(
        messages: ChatMessage.messages(messages), tools: tools, documents: documents,
        addsGenerationPrompt: addsGenerationPrompt, variables: variables, date: ChatFixtures.date)
    }
  }

  init() throws {
    let json = try Self.json("chats.json")
    tokens = try #require(json["tokens"]?.members).mapValues { $0.string ?? "" }
    chats = try #require(json["chats"]?.items).map { try Chat($0) }
    texts = try #require(json["texts"]?.members).mapValues { ($0.items ?? []).map(\.string) }
  }

  static func json(_ file: String) throws -> JSONValue {
    try JSONValue(json: Data(contentsOf: folder.appending(path: file)), file: file)
  }

  static func source(_ family: String) throws -> String {
    try String(contentsOf: folder.appending(path: "\(family).jinja"), encoding: .utf8)
  }

  func template(_ family: String) throws -> ChatTemplate {
    try ChatTemplate(Self.source(family), file: "\(family).jinja", specialTokens: tokens)
  }

  /// What transformers makes of each conversation; `nil` where it raises something.
  func texts(_ family: String) throws -> [String?] { try #require(texts[family]) }
}

extension JSONValue {
  var string: String? { if case .string(let text) = self { text } else { nil } }
  var items: [JSONValue]? { if case .array(let items) = self { items } else { nil } }

  var members: [String: JSONValue]? {
    guard case .object(let members) = self else { return nil }
    return Dictionary(members.map { ($0.key, $0.value) }) { $1 }
  }

  subscript(key: String) -> JSONValue? { members?[key] }
}
