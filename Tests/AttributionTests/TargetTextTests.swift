import Clew
import Foundation
import TestSupport
import Testing

/// Targets that are named by words, which several tokens may spell.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct TargetTextTests {
  private static let prompt = "Lily and Tom were friends. They played together. Lily and"

  private static func open() throws -> TracingModel {
    try TracingModel(
      model: SharedFiles.url("models/stories260K"),
      transcoders: SharedFiles.url("reference/llama/clt_jumprelu"))
  }

  private static func target(_ text: String) throws -> AttributionTarget {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("models/stories260K"))
    return try AttributionTarget(text, tokenizer: tokenizer, positionCount: 8)
  }

  @Test func `of the tokens that spell a word the likeliest is traced, and said`() throws {
    let model = try Self.open()
    for word in ["T", "S"] {
      guard case .word(let choice) = try Self.target(word) else {
        Issue.record("'\(word)' is spelled by one token alone")
        continue
      }
      let order = TraceOrder(prompt: Self.prompt, targets: [word])
      let trace = try PromptTrace.trace(order.request(for: model), with: model)
      let probabilities = trace.result.model.nextTokenProbabilities()
      let best = choice.tokens.max { probabilities[Int($0)] < probabilities[Int($1)] }
      #expect(trace.result.logits.map(\.token) == [best].compactMap(\.self))
      let told = try #require(trace.result.choices.first)
      #expect(told.taken == best && told.choice == choice && told.candidates.count == choice.tokens.count)
    }
  }

  @Test func `both sides of a difference are the likelier tokens`() throws {
    let model = try Self.open()
    let order = TraceOrder(prompt: Self.prompt, targets: ["T-S"])
    let trace = try PromptTrace.trace(order.request(for: model), with: model)
    let alone = try ["T", "S"].map { word in
      try PromptTrace.trace(
        TraceOrder(prompt: Self.prompt, targets: [word]).request(for: model), with: model
      ).result.logits[0].token
    }
    #expect(trace.result.logits.map(\.tokens) == [alone])
    #expect(trace.result.choices.count == 2)
    let byNumber = TraceOrder(prompt: Self.prompt, targets: ["token:\(alone[0])-token:\(alone[1])"])
    let same = try PromptTrace.trace(byNumber.request(for: model), with: model)
    #expect(same.result.logits.map(\.tokens) == [alone] && same.result.choices.isEmpty)
  }

  @Test(arguments: [
    ("T-Nowhere", "the right side of the difference, 'Nowhere'"),
    ("Nowhere-T", "the left side of the difference, 'Nowhere'"),
    ("T-", "the right side of the difference is empty"),
    ("-T", "the left side of the difference is empty"),
    (
      "T-token:512",
      "the right side of the difference, 'token:512', is no token: the vocabulary has ids 0 to 511"
    ),
    ("Nowhere-Neither", "nor either side of a difference"), ("Nowhere", "no single token spells it; name"),
    ("token:512", "the vocabulary has ids 0 to 511"),
  ])
  func `the side that names no token is named`(text: String, says: String) throws {
    let error = #expect(throws: AttributionError.self) { try Self.target(text) }
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
  }
}
