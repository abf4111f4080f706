import Clew
import Foundation
import Testing
import TinyModels

/// Sets of nodes removed together, predicted and measured.
struct CutTests {
  private let model: TracingModel
  private let trace: PromptTrace
  private let features: [GraphNode]

  init() throws {
    model = try TinyModel.shared().open()
    var request = TraceRequest(prompt: "w3 w14 w15 w9 w26")
    request.settings.coverage = 1
    trace = try PromptTrace.trace(request, with: model)
    features = trace.result.graph.nodes.filter { FeaturePlace($0.node) != nil }
  }

  @Test func `a cut is measured by a run without its features`() throws {
    let ids = features.map(\.id)
    let sets = [[], [ids[4]], [ids[4], ids[9], ids[4]], Array(ids.prefix(20))]
    let outcomes = try trace.outcomes(of: CutOrder(sets), tokenizer: model.tokenizer)
    #expect(outcomes.map(\.removed.count) == [0, 1, 2, 20])
    #expect(outcomes[0].answers.allSatisfy { $0.measured == 0 })
    for outcome in outcomes {
      let edits = outcome.removed.map {
        FeatureEdit(feature: $0.feature, position: $0.position, value: 0)
      }
      let logits = try trace.result.model.run(setting: edits, mode: .free).recording.lastLogits
      let mean = logits.reduce(0) { $0 + Double($1) } / Double(logits.count)
      #expect(outcome.answers.count == trace.result.logits.count)
      for answer in outcome.answers {
        #expect(abs(answer.logitAfter - Double(logits[try #require(answer.token)]) + mean) < 1e-5)
      }
    }
  }

  @Test func `in direct mode a cut does what the sum of its edges says`() throws {
    let logit = trace.result.layout.logits.lowerBound
    let dense = trace.result.graph.denseAdjacency()
    let places = [1, 6, 13, 17]
    let outcome = try trace.outcomes(
      of: CutOrder([places.map { features[$0].id }], mode: .direct), tokenizer: model.tokenizer)[0]
    let edges = places.reduce(0.0) { $0 + Double(dense[logit * trace.result.layout.nodeCount + $1]) }
    #expect(abs(try #require(outcome.answers[0].predicted) + edges) < 1e-6)
    #expect(abs(outcome.answers[0].measured + edges) < 1e-4)
  }

  @Test func `what is no feature is left alone, and told`() throws {
    let others = trace.result.graph.nodes.filter { FeaturePlace($0.node) == nil }.map(\.id)
    let outcome = try trace.outcomes(of: CutOrder([others + [features[0].id]]), tokenizer: model.tokenizer)[0]
    #expect(outcome.leftAlone == others)
    #expect(outcome.removed.map(\.id) == [features[0].id])
  }

  @Test func `unknown nodes and endless orders are refused`() throws {
    #expect(throws: ExploringError.noSuchNode(id: "9_9_9")) {
      try trace.outcomes(of: CutOrder([[], ["9_9_9"]]), tokenizer: model.tokenizer)
    }
    #expect(throws: ExploringError.self) {
      try trace.outcomes(of: CutOrder(Array(repeating: [], count: 257)), tokenizer: model.tokenizer)
    }
    let order = try JSONDecoder().decode(CutOrder.self, from: Data(#"{"sets": [["0_1_2"]]}"#.utf8))
    #expect(order.sets == [["0_1_2"]] && order.mode == nil)
  }
}
