import Foundation
import TestSupport
import Testing
import Tokenization

/// Where a model's chat template is looked for, and what it is given.
struct ChatTemplateLoadingTests {
  private let folder: TemporaryFolder
  private let messages = [ChatMessage(role: "user", content: "Hi")]

  init() throws { folder = try TemporaryFolder() }

  private func write(_ file: String, _ text: String) throws { try folder.write(file, Array(text.utf8)) }

  private func text(tools: [JSONValue]? = nil, named name: String? = nil) throws -> String? {
    try ChatTemplate(folder: folder.url)?.text(messages: messages, tools: tools, named: name)
  }

  @Test func `a model without a template has none`() throws {
    try write("tokenizer_config.json", "{}")
    #expect(try ChatTemplate(folder: folder.url) == nil)
  }

  @Test func `a file of its own counts before the configuration, and that before chat_template_json`() throws
  {
    try write("chat_template.json", #"{"chat_template": "third"}"#)
    #expect(try text() == "third")
    try write("tokenizer_config.json", #"{"chat_template": "second"}"#)
    #expect(try text() == "second")
    try write("chat_template.jinja", "first\n")
    #expect(try text() == "first")
    try write("additional_chat_templates/rag.jinja", "other")
    #expect(try text() == "first")
    #expect(try text(named: "rag") == "other")
    #expect(try ChatTemplate(folder: folder.url)?.names == ["default", "rag"])
  }

  @Test func `a list of templates has one for tools`() throws {
    try write(
      "tokenizer_config.json",
      #"{"chat_template": [{"name": "default", "template": "a"}, {"name": "tool_use", "template": "b"}]}"#)
    #expect(try text() == "a")
    #expect(try text(tools: []) == "b")
    let error = #expect(throws: TokenizationError.self) { try text(named: "c") }
    #expect(error == .noChatTemplate(name: "c", names: ["default", "tool_use"]))
  }

  @Test func `a template that is not used may be beyond what is supported`() throws {
    try write("chat_template.jinja", "a")
    try write("additional_chat_templates/tool_use.jinja", "{% include 'x' %}")
    #expect(try text() == "a")
    let error = #expect(throws: TokenizationError.self) { try text(tools: []) }
    #expect(error?.description.contains("additional_chat_templates/tool_use.jinja") == true)
  }

  @Test func `special tokens have their names in a template`() throws {
    try write("chat_template.jinja", "{{ bos_token }}{{ eos_token }}{{ image_token }}{{ unk_token }}")
    try write(
      "tokenizer_config.json",
      #"""
      {"bos_token": "<s>", "eos_token": {"__type": "AddedToken", "content": "</s>"},
       "extra_special_tokens": {"image_token": "<img>"}, "unk_token": null}
      """#)
    #expect(try text() == "<s></s><img>")
    let template = try #require(try ChatTemplate(folder: folder.url))
    #expect(try template.text(messages: messages, variables: ["bos_token": .string("!")]) == "!</s><img>")
  }

  @Test(arguments: [
    #"{"chat_template": 5}"#, #"{"chat_template": [{"name": "default"}]}"#, #"{"chat_template": ["a"]}"#,
  ])
  func `a damaged entry is refused`(configuration: String) throws {
    try write("tokenizer_config.json", configuration)
    let error = #expect(throws: TokenizationError.self) { try ChatTemplate(folder: folder.url) }
    #expect(error?.description.contains("tokenizer_config.json") == true)
  }

  @Test func `a prompt becomes tokens without a second beginning of text`() throws {
    let llama = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Tokenizers/llama3")
    let tokenizer = try Tokenizer(folder: llama)
    let start = try #require(tokenizer.beginningOfText)
    let source = "{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}"
    let end = try #require(tokenizer.endOfText)
    let template = try ChatTemplate(
      source, specialTokens: ["bos_token": tokenizer.text(of: start), "eos_token": tokenizer.text(of: end)])
    let tokens = try tokenizer.encode(messages, with: template)
    #expect(tokens == [start] + (try tokenizer.encode("Hi", addingSpecialTokens: false)) + [end])
  }
}
