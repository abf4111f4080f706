import Foundation
import TestSupport
import Testing
import Tokenization

/// Templates in the manner of public families, against transformers; `Tests/Fixtures/ChatTemplates/make.py` says how.
struct ChatTemplateTests {
  @Test(arguments: ChatFixtures.families)
  func `conversations become the prompts that transformers makes, or are refused`(family: String) throws {
    let fixtures = try ChatFixtures()
    let template = try fixtures.template(family)
    let texts = try fixtures.texts(family)
    #expect(fixtures.chats.count == 20)
    try #require(fixtures.chats.count == texts.count)
    for (chat, expected) in zip(fixtures.chats, texts) {
      let comment = Comment(rawValue: chat.name)
      guard let expected else {
        #expect(throws: TokenizationError.self, comment) { try chat.text(template) }
        continue
      }
      let text = try chat.text(template)
      #expect(text.isExactly(expected), comment)
    }
  }

  @Test func `expressions and statements are worth what Jinja makes of them`() throws {
    let json = try ChatFixtures.json("expressions.json")
    let messages = try ChatMessage.messages(#require(json["messages"]))
    let variables = try #require(json["variables"]?.members)
    let cases = try #require(json["cases"]?.items)
    #expect(cases.count > 250)
    for one in cases {
      let pair = try #require(one.items)
      let source = try #require(pair[0].string)
      func text() throws -> String {
        try ChatTemplate(source).text(
          messages: messages, addsGenerationPrompt: false, variables: variables, date: ChatFixtures.date)
      }
      let comment = Comment(rawValue: source)
      if let expected = pair[1].string {
        let text = try? text()
        #expect(text?.isExactly(expected) == true, "\(source) gives \(text ?? "nothing") and not \(expected)")
      } else {
        #expect(throws: TokenizationError.self, comment) { try text() }
      }
    }
  }

  private func text(_ source: String, _ messages: [ChatMessage]? = nil) throws -> String {
    try ChatTemplate(source, file: "chat_template.jinja").text(
      messages: messages ?? [ChatMessage(role: "user", content: "Hi")], addsGenerationPrompt: false)
  }

  @Test func `what a template refuses is told in its own words`() throws {
    let source = "a\n{% if messages|length != 2 %}{{ raise_exception('There must be two') }}{% endif %}"
    let error = #expect(throws: TokenizationError.self) { try text(source) }
    #expect(error == .refusedByTemplate(file: "chat_template.jinja", line: 2, message: "There must be two"))
    #expect(
      error?.description
        == "chat_template.jinja refuses this conversation in line 2: 'There must be two'. Change the messages accordingly."
    )
  }

  @Test(arguments: [
    ("{% include 'x' %}", "the statement 'include'"), ("{% call f() %}{% endcall %}", "the statement 'call'"),
    ("{% for x in [] recursive %}{% endfor %}", "'recursive' in a loop"),
    ("{{ f(*x) }}", "a call with * or **"),
    ("{{ 'a b'|wordcount }}", "the filter 'wordcount'"), ("{{ 1 is filter }}", "the test 'filter'"),
    ("{{ 'a'.zfill(3) }}", "'zfill' of a string"), ("{{ '%s' % 1 }}", "the formatting of a string with %"),
    ("{{ '{:>5}'.format(1) }}", "'{:>5}' in 'format'"), ("{{ cycler('a', 'b') }}", "the function 'cycler'"),
    ("{% macro m() %}{{ kwargs }}{% endmacro %}{{ m() }}", "'kwargs' in a macro"),
    ("{{ dict.fromkeys('ab') }}", "'fromkeys' of a function"),
    ("{{ strftime_now('%U') }}", "'%U' in 'strftime_now'"),
  ])
  func `what is not supported is refused by name and line`(source: String, name: String) throws {
    let error = #expect(throws: TokenizationError.self) { try text("\n" + source) }
    #expect(
      error
        == .unusableTemplate(
          file: "chat_template.jinja", line: 2, problem: "it uses \(name), which is not supported"))
  }

  @Test(arguments: [
    ("{{ x", "an expression"),
    ("{% if x %}", "the template ends where 'elif' or 'else' or 'endif' was expected"),
    ("{{ 'abc }}", "a string has no closing quote"), ("{# a", "a comment has no '#}'"),
    ("{{ 1 ) }}", "closes no bracket"),
    ("{% nonsense %}", "there is no statement 'nonsense'"), ("{{ 99999999999999999999 }}", "too large"),
    ("{% break %}", "'break' stands outside of loops"),
    ("{{ \"\\ud83d\" }}", "an escape that stands for no letter"),
  ])
  func `a damaged template is refused when it is read`(source: String, problem: String) {
    let error = #expect(throws: TokenizationError.self) { try ChatTemplate("a\nb" + source) }
    #expect(
      error?.description.contains(problem) == true || problem == "an expression",
      "\(error?.description ?? "")")
    #expect(error?.description.contains("line 2") == true)
  }

  @Test func `what cannot be done with the messages is said with the line`() throws {
    let error = #expect(throws: TokenizationError.self) { try text("\n{{ messages[0].tool.name }}") }
    #expect(
      error
        == .templateFailed(file: "chat_template.jinja", line: 2, problem: "an object has no 'tool'"))
  }

  @Test(arguments: [
    (#"{"role": "user"}"#, "the list of messages must be a list"), ("[]", "at least one message"),
    (#"[{"role": "user", "content": ""}, 5]"#, "messages[1]"), (#"[{"content": "Hi"}]"#, "messages[0]"),
    (#"[{"role": 5}]"#, "has a 'role' that must be a string, but is a whole number"),
  ])
  func `what is no conversation is refused`(json: String, problem: String) throws {
    let value = try JSONValue(json: Data(json.utf8), file: "chat.json")
    let error = #expect(throws: TokenizationError.self) { try text("", ChatMessage.messages(value)) }
    let description = error?.description.replacingOccurrences(
      of: " is not part of a conversation: it", with: "")
    #expect(description?.contains(problem) == true, "\(description ?? "")")
  }

  @Test func `a namespace that holds itself does no harm`() throws {
    let source =
      "{% set ns = namespace() %}{% set ns.me = ns %}{% macro m() %}{% endmacro %}{% set ns.m = m %}ok"
    #expect(try text(source) == "ok")
  }
}
