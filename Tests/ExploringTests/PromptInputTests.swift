import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Prompts that are given as tokens, or with another token in front.
struct PromptInputTests {
  private let prompt = "w3 w14 w15 w9"

  @Test func `tokens are read as they are and traced like the text that they came from`() throws {
    let model = try TinyModel.shared().open()
    let typed = try PromptTrace.trace(TraceOrder(prompt: prompt).request(for: model), with: model)
    let order = TraceOrder(prompt: prompt, tokens: typed.prompt.tokens)
    let given = try PromptTrace.trace(order.request(for: model), with: model)
    #expect(given.prompt.tokens == typed.prompt.tokens)
    #expect(try given.pruning.graph.json() == typed.pruning.graph.json())
    // The text counts for nothing but the name.
    let other = TraceOrder(prompt: "anything at all", tokens: typed.prompt.tokens)
    let renamed = try PromptTrace.trace(other.request(for: model), with: model)
    #expect(renamed.result.graph.denseAdjacency() == typed.result.graph.denseAdjacency())
    #expect(renamed.pruning.graph.metadata.slug == "anything-at-all")
  }

  @Test func `nothing is put in front of tokens, or of a text where none is asked for`() throws {
    let model = try TinyModel.shared().open()
    let bare = try Prompt(prompt, tokenizer: model.tokenizer).tokens.dropFirst()
    let given = try Prompt(PromptInput("", tokens: Array(bare)), tokenizer: model.tokenizer)
    #expect(given.tokens == Array(bare) && !given.beginsSpecially)
    let none = try Prompt(PromptInput(prompt, opening: "none"), tokenizer: model.tokenizer)
    #expect(none.tokens == Array(bare))
    // A cut keeps what was read, and puts nothing in front again.
    var request = TraceRequest(PromptInput(prompt, opening: "none"))
    request.tokenCount = 2
    #expect(try request.tokens(with: model.tokenizer).tokens == Array(bare.prefix(2)))
  }

  @Test func `another token is put in front, once`() throws {
    let tokenizer = try TinyModel.shared().open().tokenizer
    let usual = try Prompt(prompt, tokenizer: tokenizer).tokens
    let other = try #require(tokenizer.id(ofPiece: "w7"))
    for name in ["w7", "token:\(other)"] {
      let opened = try Prompt(PromptInput(prompt, opening: name), tokenizer: tokenizer).tokens
      #expect(opened == [other] + usual.dropFirst())
      #expect(try Prompt(PromptInput("w7 w3", opening: name), tokenizer: tokenizer).tokens.count == 2)
    }
    #expect(try Prompt(PromptInput("", opening: "w7"), tokenizer: tokenizer).tokens.isEmpty)
  }

  @Test func `an opening that is no token, and one beside tokens, are refused by name`() throws {
    let tokenizer = try TinyModel.shared().open().tokenizer
    let inputs = [
      PromptInput(prompt, opening: "w99"), PromptInput(prompt, opening: "token:40"),
      PromptInput(prompt, opening: "token:-1"), PromptInput(prompt, opening: ""),
      PromptInput(prompt, tokens: [1], opening: "w7"),
    ]
    for input in inputs {
      let error = #expect(throws: AttributionError.self) { try Prompt(input, tokenizer: tokenizer) }
      #expect(error?.description.contains("'\(input.opening ?? "")'") == true)
    }
  }

  @Test(arguments: [-1, 40, Token.max])
  func `a token that the model does not have is refused by its id`(token: Token) throws {
    let live = LiveModel(try TinyModel.shared().open())
    let order = TraceOrder(prompt: "", tokens: [0, token])
    let error = #expect(throws: TransformerError.self) { try live.trace(order) }
    #expect(error?.description.contains("\(token)") == true)
    #expect(throws: TransformerError.self) { try live.answers(to: PromptInput("", tokens: [0, token])) }
  }

  @Test func `answers are about the tokens that were given`() throws {
    let live = LiveModel(try TinyModel.shared().open())
    let tokens = try Prompt(prompt, tokenizer: live.model.tokenizer).tokens
    let answers = try live.answers(to: PromptInput("w1", tokens: tokens))
    #expect(try answers == live.answers(to: prompt))
  }

  @Test func `an order in JSON carries tokens and an opening`() throws {
    let text = #"{"prompt": "a", "tokens": [0, 3], "opening": "none"}"#
    let order = try JSONDecoder().decode(TraceOrder.self, from: Data(text.utf8))
    #expect(order.input == PromptInput("a", tokens: [0, 3], opening: "none"))
    #expect(try JSONDecoder().decode(PromptInput.self, from: Data(text.utf8)) == order.input)
  }

  @Test func `a prompt of tokens alone is named after them`() {
    #expect(PromptTrace.slug(of: PromptInput("", tokens: [0, 3, 14])) == "tokens-0-3-14")
    #expect(PromptTrace.slug(of: PromptInput("A word", tokens: [0, 3])) == "a-word")
  }

  @Test func `the record says which tokens were read, and what was given`() throws {
    let model = try TinyModel.shared().open()
    func settings(_ order: TraceOrder) throws -> (JSONObject, Prompt) {
      let trace = try PromptTrace.trace(order.request(for: model), with: model)
      let folder = try TemporaryFolder()
      try trace.write(to: folder.url, model: model, command: [])
      let record = try JSON(parsing: Array(Data(contentsOf: folder.url.appending(path: "run.json"))))
      return (try #require(record.object?["settings"]?.object), trace.prompt)
    }
    let (tokens, _) = try settings(TraceOrder(prompt: "", tokens: [3, 14]))
    #expect(tokens["tokens"] == [3, 14] && tokens["tokens_given"] == [3, 14])
    var order = TraceOrder(prompt: "w3")
    order.opening = "none"
    let (text, prompt) = try settings(order)
    #expect(text["tokens"] == .array([JSON(Int(prompt.tokens[0]))]))
    #expect(text["tokens_given"] == nil && text["opening"] == "none")
  }
}
