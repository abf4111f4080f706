public import Foundation

/// What makes a prompt of a conversation, as a model's own files describe it.
///
/// Models that converse were trained on one arrangement of roles, texts and markers. It is in their files as a
/// template in the language Jinja, and what it makes here is what `apply_chat_template` of transformers makes. The
/// part of the language that published templates use is implemented; what a template uses beyond it is refused by
/// name, and no template takes more than about a second or calls anything outside itself.
public struct ChatTemplate: Sendable {
  /// Templates by name; a model has one, or one more for tools.
  private let templates: [String: Named]
  /// How special tokens are written, by names such as `bos_token`.
  private let specialTokens: [String: String]

  struct Named: Sendable {
    let file: String
    let template: Result<Template, TokenizationError>
  }

  init(templates: [String: Named], specialTokens: [String: String]) throws(TokenizationError) {
    (self.templates, self.specialTokens) = (templates, specialTokens)
    if templates.count == 1 || templates["default"] != nil { _ = try template(named: nil, hasTools: false) }
  }

  /// Reads a template.
  ///
  /// - Parameters:
  ///   - source: The template's text.
  ///   - file: Its name, for messages.
  ///   - specialTokens: How special tokens are written, by names such as `bos_token`.
  /// - Throws: ``TokenizationError/unusableTemplate(file:line:problem:)``.
  public init(
    _ source: String, file: String = "the chat template", specialTokens: [String: String] = [:]
  ) throws(TokenizationError) {
    try self.init(templates: ["default": Named(source, file: file)], specialTokens: specialTokens)
  }

  /// The names of the templates, in order, any of which can be asked for.
  public var names: [String] { templates.keys.sorted() }

  /// The prompt that a conversation makes.
  ///
  /// - Parameters:
  ///   - messages: The conversation so far, at least one message.
  ///   - tools: JSON schemas of functions that the model may call; `nil` where there are none.
  ///   - documents: Objects that the model shall go by, where its template knows documents.
  ///   - addsGenerationPrompt: Whether the prompt ends where the model's answer begins.
  ///   - variables: What else the template knows, such as `enable_thinking`; before special tokens of the same name.
  ///   - name: Which template; `nil` for the one for tools if there are some, else the usual one.
  ///   - date: The time that the template may tell the model.
  /// - Throws: ``TokenizationError`` if the template refuses the messages or cannot be carried out.
  public func text(
    messages: [ChatMessage], tools: [JSONValue]? = nil, documents: [JSONValue]? = nil,
    addsGenerationPrompt: Bool = true, variables: [String: JSONValue] = [:], named name: String? = nil,
    date: Date = Date()
  ) throws(TokenizationError) -> String {
    guard !messages.isEmpty else {
      throw .unusableChat(place: "the list of messages", problem: "must have at least one message")
    }
    let named = try template(named: name, hasTools: tools != nil)
    var values = specialTokens.mapValues { Template.Value.text($0) }
    for (name, value) in variables { values[name] = Template.Value(value) }
    values["messages"] = .list(.init(messages.map(\.value)))
    values["tools"] = try Self.objects(tools, name: "tools")
    values["documents"] = try Self.objects(documents, name: "documents")
    values["add_generation_prompt"] = .bool(addsGenerationPrompt)
    do throws(Template.Problem) {
      return try named.template.text(variables: values, date: date)
    } catch {
      throw error.error(file: named.file)
    }
  }

  private static func objects(
    _ values: [JSONValue]?, name: String
  ) throws(TokenizationError) -> Template.Value {
    guard let values else { return .none }
    for (place, value) in values.enumerated() {
      guard case .object = value else {
        throw .unusableChat(place: "\(name)[\(place)]", problem: "must be an object, but is \(value.kind)")
      }
    }
    return .list(.init(values.map { Template.Value($0) }))
  }

  private func template(
    named name: String?, hasTools: Bool
  ) throws(TokenizationError) -> (template: Template, file: String) {
    let usual = hasTools && templates["tool_use"] != nil ? "tool_use" : "default"
    guard let named = templates[name ?? usual] else {
      throw .noChatTemplate(name: name ?? usual, names: names)
    }
    return (try named.template.get(), named.file)
  }
}

extension ChatTemplate.Named {
  init(_ source: String, file: String) {
    self.file = file
    template = Result { () throws(TokenizationError) in
      do throws(Template.Problem) { return try Template(source) } catch { throw error.error(file: file) }
    }
  }
}

extension Template.Problem {
  /// The problem as the caller reads it.
  func error(file: String) -> TokenizationError {
    let line = line ?? 1
    return switch kind {
    case .unusable: .unusableTemplate(file: file, line: line, problem: text)
    case .failed: .templateFailed(file: file, line: line, problem: text)
    case .refused: .refusedByTemplate(file: file, line: line, message: text)
    case .costly: .templateTooCostly(file: file, line: line, problem: text)
    }
  }
}

extension Template {
  /// What the template writes, given variables.
  func text(variables: [String: Value], date: Date) throws(Problem) -> String {
    let size = variables.values.reduce(0) { $0 + $1.size }
    let run = Run(names: names, date: date, size: size)
    defer { run.end() }
    let scope = Scope(in: nil)
    for (text, number) in names {
      let name = Name(text: text, number: number)
      if let value = variables[text] {
        scope.set(name, to: value)
      } else if Run.functions.contains(text) {
        scope.set(name, to: .function(text))
      }
    }
    // What a template sets does not change what it was given, so that a function keeps its name in macros.
    try run.carryOut(body, in: Scope(in: scope))
    return String(String.UnicodeScalarView(run.output))
  }
}

extension Template.Value {
  /// How many letters and values a value has that came from outside.
  fileprivate var size: Int {
    switch self {
    case .string(let text): 1 + text.count
    case .list(let items): items.values.reduce(1) { $0 + $1.size }
    case .dictionary(let dictionary):
      zip(dictionary.keys, dictionary.values).reduce(1) { $0 + $1.0.size + $1.1.size }
    default: 1
    }
  }
}
