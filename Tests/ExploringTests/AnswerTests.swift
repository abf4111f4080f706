import Clew
import Foundation
import Testing
import TinyModels

/// The answers strip, and traces of other places than the prompt's end.
struct AnswerTests {
  private let prompt = "w3 w14 w15 w9"

  @Test func `every position says what the model's own run says`() throws {
    let model = try TinyModel.shared().open()
    let answers = try model.answers(to: prompt, candidateCount: 4)
    let tokens = try Prompt(prompt, tokenizer: model.tokenizer).tokens
    let logits = try model.transformer.record(tokens, logits: .all).logits
    #expect(answers.positions.map(\.token) == tokens.map { Int($0) })
    #expect(answers.positions.map(\.text) == ["<s>", "w3", "w14", "w15", "w9"])
    #expect(answers.positions[0].logProbability == nil && answers.positions[0].rank == nil)
    for (position, answer) in answers.positions.enumerated() {
      let probabilities = softmax(logits.row(position))
      let entropy = probabilities.reduce(0) { $0 - $1 * log($1) }
      // Sums of 40 terms of float32 logits.
      #expect(abs(answer.next.entropy - entropy) < 1e-5)
      let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
      #expect(answer.next.candidates.map(\.token) == Array(order.prefix(4)))
      for candidate in answer.next.candidates {
        #expect(abs(candidate.probability - probabilities[candidate.token]) < 1e-6)
        #expect(candidate.text == model.tokenizer.text(of: Token(candidate.token)))
      }
      guard position + 1 < tokens.count else { continue }
      let next = Int(tokens[position + 1])
      let told = answers.positions[position + 1]
      #expect(abs(try #require(told.logProbability) - log(probabilities[next])) < 1e-5)
      #expect(told.rank == (order.firstIndex(of: next) ?? 0) + 1)
    }
  }

  @Test func `more candidates than tokens, and none, are both answered`() throws {
    let model = try TinyModel.shared().open()
    let all = try model.answers(to: prompt, candidateCount: 1000).positions[2].next.candidates
    #expect(Set(all.map(\.token)).count == 40 && all.count == 40)
    #expect(abs(all.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
    #expect(zip(all, all.dropFirst()).allSatisfy { $0.probability >= $1.probability })
    #expect(try model.answers(to: prompt, candidateCount: -3).positions[2].next.candidates.isEmpty)
  }

  @Test func `a long prompt is read in pieces and answered as a whole`() throws {
    var settings = TinyModel.settings
    settings.contextLength = 64
    let model = try TinyModel(settings).open()
    let long = (0..<40).map { "w\(1 + $0 * 7 % 39)" }.joined(separator: " ")
    let answers = try model.answers(to: long)
    let short = try model.answers(to: long.split(separator: " ").prefix(20).joined(separator: " "))
    #expect(answers.positions.count == 41)
    for (one, other) in zip(short.positions.dropLast(), answers.positions) {
      #expect(one.text == other.text && one.rank == other.rank)
      #expect(abs(one.next.entropy - other.next.entropy) < 1e-5)
    }
  }

  @Test(arguments: [2, 3, 5])
  func `a prompt cut behind a token is traced like the shorter prompt`(count: Int) throws {
    let model = try TinyModel.shared().open()
    var order = TraceOrder(prompt: prompt, tokenCount: count)
    order.coverage = 1
    let cut = try PromptTrace.trace(order.request(for: model), with: model)
    let words = prompt.split(separator: " ").prefix(count - 1).joined(separator: " ")
    var request = TraceRequest(prompt: words)
    request.settings.coverage = 1
    let whole = try PromptTrace.trace(request, with: model)
    #expect(cut.prompt.tokens == whole.prompt.tokens)
    #expect(cut.result.graph.denseAdjacency() == whole.result.graph.denseAdjacency())
    #expect(cut.pruning.graph.metadata.slug == words.replacingOccurrences(of: " ", with: "-"))
  }

  @Test func `the token that stands next in the prompt can be the target`() throws {
    let model = try TinyModel.shared().open()
    let order = TraceOrder(prompt: prompt, tokenCount: 3, targets: ["w15"])
    let trace = try PromptTrace.trace(order.request(for: model), with: model)
    #expect(trace.result.logits.map(\.text) == ["w15"])
    let told = try model.answers(to: prompt).positions[3]
    #expect(abs(log(trace.result.logits[0].probability ?? .nan) - (told.logProbability ?? 0)) < 1e-5)
  }

  @Test func `targets are words, numbers, differences and features of the cut prompt`() throws {
    let model = try TinyModel.shared().open()
    func targets(_ texts: [String], _ count: Int? = nil) throws -> [AttributionTarget] {
      try TraceOrder(prompt: prompt, tokenCount: count, targets: texts).request(for: model).settings.targets
    }
    #expect(
      try targets(["w7", "token:7", "w7-w8", "token:7-token:8"]) == [
        .token(7), .token(7), .difference(7, 8), .difference(7, 8),
      ])
    let feature = FeatureID(layer: 1, index: 4)
    #expect(try targets(["feature:1/4@-1"]) == [.feature(feature, position: 4)])
    #expect(try targets(["feature:1/4@-1"], 3) == [.feature(feature, position: 2)])
    for bad in [
      "token:40", "token:-1", "token:", "feature:1/4@5", "feature:1/4@\(Int.min)", "feature:1", "-", "",
      "w7-",
    ] {
      #expect(throws: AttributionError.self, "\(bad)") { try targets([bad]) }
    }
  }

  @Test(arguments: [0, 6, -1, Int.max])
  func `a cut outside the prompt is refused`(count: Int) throws {
    let model = try TinyModel.shared().open()
    #expect(throws: AttributionError.self) {
      try PromptTrace.trace(TraceOrder(prompt: prompt, tokenCount: count).request(for: model), with: model)
    }
  }

  @Test func `an order needs nothing but its prompt`() throws {
    let order = try JSONDecoder().decode(TraceOrder.self, from: Data(#"{"prompt": "w1"}"#.utf8))
    #expect(order == TraceOrder(prompt: "w1"))
    let model = try TinyModel.shared().open()
    #expect(try order.request(for: model).settings.coverage == 0.99)
    let answers = try model.answers(to: prompt)
    let back = try JSONDecoder().decode(PromptAnswers.self, from: JSONEncoder().encode(answers))
    #expect(back == answers)
  }

  private func softmax(_ logits: [Float]) -> [Double] {
    let weights = logits.map { exp(Double($0)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}
