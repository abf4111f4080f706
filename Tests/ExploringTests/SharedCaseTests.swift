import Clew
import Foundation
import TestSupport
import Testing

/// Small folders that are easily read wrong, each with what is right.
///
/// Tokens are those of transformers 5.24, logits those of a float64 forward in numpy.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct SharedCaseTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let folder: String
    let prompt: String
    let tokens: [Token]
    /// The likeliest next tokens and their logits.
    let answers: [(token: Int, logit: Float)]
    var testDescription: String { folder }

    var model: URL { SharedFiles.url("cases/\(folder)") }
    var transcoders: URL { model.deletingLastPathComponent().appending(path: "plt") }
  }

  private static let chat = "<|im_start|>user\nHi<|im_end|>"
  private static let chatTokens: [Token] = [0, 400, 86, 84, 265, 200, 41, 74, 401]
  private static let chatAnswers: [(Int, Float)] = [(264, 1.51879), (167, 1.42487), (100, 1.39559)]
  private static let helloAnswers: [(Int, Float)] = [(339, 1.3336), (127, 1.09508), (58, 1.09148)]

  static let cases = [
    Case(
      folder: "tokens-declared-elsewhere/added-tokens-decoder", prompt: chat, tokens: chatTokens,
      answers: chatAnswers),
    Case(
      folder: "tokens-declared-elsewhere/added-tokens-json", prompt: chat, tokens: chatTokens,
      answers: chatAnswers),
    Case(
      folder: "chat-prompt/model",
      prompt: "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>",
      tokens: [0, 2, 89, 87, 268, 3, 203, 203, 44, 77, 4],
      answers: [(164, 1.67966), (168, 1.44984), (372, 1.38954)]),
    Case(
      folder: "opening-token/model", prompt: "hello world",
      tokens: [0, 258, 77, 77, 80, 281, 80, 83, 77, 69],
      answers: [(146, 0.21548), (280, 0.18571), (100, 0.18098)]),
    Case(
      folder: "tied-with-own-head/model", prompt: "Hello", tokens: [0, 41, 70, 77, 374],
      answers: helloAnswers),
    Case(
      folder: "index-lists-too-much/model", prompt: "Hello", tokens: [0, 41, 70, 77, 374],
      answers: helloAnswers),
  ]

  @Test func `every folder of cases is tried`() throws {
    let folder = SharedFiles.url("cases").path
    let tried = Set(Self.cases.map { $0.folder.split(separator: "/").first.map(String.init) ?? "" })
    let there = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0 != "README.md" }
    #expect(tried == Set(there))
  }

  @Test(arguments: cases)
  func `tokens, the first of them included, and answers are right`(example: Case) throws {
    let tokenizer = try Tokenizer(folder: example.model)
    let tokens = try Prompt(example.prompt, tokenizer: tokenizer).tokens
    #expect(tokens == example.tokens)
    let logits = try Transformer(folder: example.model).record(tokens).lastLogits
    let order = logits.indices.sorted { logits[$0] > logits[$1] }
    #expect(order.prefix(3).map(\.self) == example.answers.map(\.token))
    // Float32 over three layers.
    for (token, logit) in example.answers { #expect(abs(logits[token] - logit) < 2e-5) }
  }

  @Test(arguments: cases.filter { FileManager.default.fileExists(atPath: $0.transcoders.path) })
  func `the prompt is traced`(example: Case) throws {
    let model = try TracingModel(model: example.model, transcoders: example.transcoders)
    let trace = try PromptTrace.trace(TraceRequest(prompt: example.prompt), with: model)
    #expect(trace.prompt.tokens == example.tokens)
    #expect(trace.result.logits.first.map { Int($0.token) } == example.answers[0].token)
  }

  @Test func `a head of its own beside a tie is noted`() throws {
    let notes = try Transformer(folder: SharedFiles.url("cases/tied-with-own-head/model")).notes
    #expect(notes.count == 1 && notes[0].contains("ties the unembedding"))
    #expect(try Transformer(folder: SharedFiles.url("cases/chat-prompt/model")).notes.isEmpty)
  }
}
