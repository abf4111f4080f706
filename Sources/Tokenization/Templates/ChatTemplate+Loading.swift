public import Foundation

extension ChatTemplate {
  /// Reads the chat template in a model's folder, or is `nil` if the model has none.
  ///
  /// The rules are those of transformers: `chat_template.jinja` and the files in `additional_chat_templates` count
  /// before the `chat_template` of `tokenizer_config.json`, which is a text or a list of them with names, and that
  /// counts before `chat_template.json`. Special tokens have the names that `tokenizer_config.json` and its kin give
  /// them.
  ///
  /// - Parameter folder: A folder with a model's `tokenizer.json`.
  /// - Throws: ``TokenizationError`` if a file cannot be read or is damaged, or the usual template is not supported.
  public init?(folder: URL) throws(TokenizationError) {
    let configuration = try Self.place("tokenizer_config.json", in: folder)
    var templates = try Self.files(in: folder)
    if templates.isEmpty { templates = try Self.configured(configuration) }
    if templates.isEmpty, let place = try Self.place("chat_template.json", in: folder)?["chat_template"] {
      templates = ["default": .init(try place.string(), file: "chat_template.json")]
    }
    if templates.isEmpty { return nil }
    let declared = try DeclaredTokens(
      configuration: configuration, map: try Self.place("special_tokens_map.json", in: folder), list: nil)
    try self.init(templates: templates, specialTokens: declared.contentsByName)
  }

  private static func place(_ file: String, in folder: URL) throws(TokenizationError) -> JSONPlace? {
    guard let data = try Tokenizer.data(file, in: folder) else { return nil }
    return try JSONPlace(data, file: file)
  }

  /// The templates that have files of their own.
  private static func files(in folder: URL) throws(TokenizationError) -> [String: Named] {
    var templates: [String: Named] = [:]
    func read(_ file: String, as name: String) throws(TokenizationError) {
      guard let data = try Tokenizer.data(file, in: folder) else { return }
      guard let source = String(validating: data, as: UTF8.self) else {
        throw .unreadable(path: folder.appending(path: file).path, reason: "it is not UTF-8 text")
      }
      templates[name] = Named(source, file: file)
    }
    try read("chat_template.jinja", as: "default")
    let others = "additional_chat_templates"
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: others).path)
    for name in (names ?? []).sorted() where name.hasSuffix(".jinja") {
      try read("\(others)/\(name)", as: String(name.dropLast(".jinja".count)))
    }
    return templates
  }

  /// The templates in `tokenizer_config.json`.
  private static func configured(_ configuration: JSONPlace?) throws(TokenizationError) -> [String: Named] {
    guard let place = try configuration?["chat_template"] else { return [:] }
    guard case .array = place.value else {
      return ["default": .init(try place.string(), file: place.file)]
    }
    var templates: [String: Named] = [:]
    for item in try place.items() {
      let name = try item.required("name").string()
      let file = "the template '\(name)' in \(item.file)"
      templates[name] = .init(try item.required("template").string(), file: file)
    }
    return templates
  }
}

extension Tokenizer {
  /// The tokens of a conversation, as the model was trained to read it.
  ///
  /// The template writes all special tokens itself: none is added, so that no text begins with two of them. The
  /// markers of the template are found in the messages too: a message that has them can look like several.
  ///
  /// - Parameters:
  ///   - messages: The conversation so far, at least one message.
  ///   - template: The model's template.
  ///   - tools: JSON schemas of functions that the model may call.
  ///   - addsGenerationPrompt: Whether the prompt ends where the model's answer begins.
  ///   - variables: What else the template knows, such as `enable_thinking`.
  /// - Returns: The tokens, `[position]`.
  /// - Throws: ``TokenizationError`` if the template or the vocabulary cannot take the messages.
  public func encode(
    _ messages: [ChatMessage], with template: ChatTemplate, tools: [JSONValue]? = nil,
    addsGenerationPrompt: Bool = true, variables: [String: JSONValue] = [:]
  ) throws(TokenizationError) -> [Token] {
    let text = try template.text(
      messages: messages, tools: tools, addsGenerationPrompt: addsGenerationPrompt, variables: variables)
    return try encode(text, addingSpecialTokens: false)
  }
}
