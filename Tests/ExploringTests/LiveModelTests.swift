import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// A model that stays open, and what it keeps.
struct LiveModelTests {
  @Test func `a prompt that is known is not run again, and gives the same bits`() throws {
    let live = LiveModel(try TinyModel.shared().open())
    var order = TraceOrder(prompt: "w3 w14 w15 w9")
    order.coverage = 1
    let first = try live.trace(order)
    var phases: [String] = []
    let second = try live.trace(order) { phases.append($0.phase) }
    #expect(!phases.contains("running the model") && phases.contains("pruning"))
    #expect(try first.pruning.graph.json() == second.pruning.graph.json())
    #expect(first.result.graph.denseAdjacency() == second.result.graph.denseAdjacency())
    order.targets = ["w7-w8"]
    let other = try live.trace(order) { phases.append($0.phase) }
    #expect(!phases.contains("running the model"))
    let plain = try PromptTrace.trace(order.request(for: live.model), with: live.model)
    #expect(other.result.graph.denseAdjacency() == plain.result.graph.denseAdjacency())
    #expect(try live.answers(to: "w3 w14 w15 w9") == live.model.answers(to: "w3 w14 w15 w9"))
    #expect(try live.answers(to: "w3 w14") == live.model.answers(to: "w3 w14"))
  }

  @Test func `prompts are kept within the budget, the latest ones`() throws {
    func isKnown(_ prompt: String, by live: LiveModel) throws -> Bool {
      var phases: [String] = []
      _ = try live.trace(TraceOrder(prompt: prompt)) { phases.append($0.phase) }
      return !phases.contains("running the model")
    }
    let nothing = LiveModel(try TinyModel.shared().open(), memoryBudget: 0)
    #expect(try !isKnown("w1 w2", by: nothing))
    #expect(try !isKnown("w1 w2", by: nothing))
    // One prompt of three tokens takes 3 · 16 numbers at each of 13 places, and a little.
    let two = LiveModel(try TinyModel.shared().open(), memoryBudget: 10_000)
    #expect(try !isKnown("w1 w2", by: two))
    #expect(try !isKnown("w3 w4", by: two))
    #expect(try isKnown("w1 w2", by: two))
    #expect(try !isKnown("w5 w6", by: two))
    #expect(try isKnown("w1 w2", by: two))
    #expect(try !isKnown("w3 w4", by: two))
  }

  @Test func `labels are read again when their file has changed`() throws {
    let tiny = try TinyModel.shared().copy()
    let live = LiveModel(try tiny.open())
    var order = TraceOrder(prompt: "w3 w14 w15 w9")
    order.nodeShare = 1
    let trace = try live.trace(order)
    let place = try #require(trace.pruning.graph.nodes.compactMap { FeaturePlace($0.node) }.first)
    func label() throws -> String? {
      try live.trace(order).pruning.graph.nodes.first { $0.id == place.id }?.label
    }
    #expect(try label() == "")
    let file = tiny.transcoders.appending(path: FeatureLabels.userFile)
    try Data("\(place.layer)\t\(place.index)\tcolours\n".utf8).write(to: file)
    #expect(try label() == "colours")
    try Data("\(place.layer)\t\(place.index)\tnumbers, too\n".utf8).write(to: file)
    #expect(try label() == "numbers, too")
    try FileManager.default.removeItem(at: file)
    #expect(try label() == "")
  }

  @Test func `an order for what the prompt does not have is refused`() throws {
    let live = LiveModel(try TinyModel.shared().open())
    #expect(throws: AttributionError.self) { try live.trace(TraceOrder(prompt: "w1", targets: ["w99"])) }
    #expect(throws: AttributionError.self) { try live.trace(TraceOrder(prompt: "w1", tokenCount: 9)) }
    #expect(throws: TransformerError.self) { try live.trace(TraceOrder(prompt: "")) }
    for slug in ["../up", "", ".", "..", "a/b", "a b", String(repeating: "a", count: 201)] {
      var order = TraceOrder(prompt: "w1")
      order.slug = slug
      #expect(throws: ExploringError.badName(slug)) { try live.trace(order) }
    }
    #expect(throws: TransformerError.self) { try live.answers(to: "") }
    let long = Array(repeating: "w1", count: 40).joined(separator: " ")
    #expect(throws: TransformerError.self) { try live.answers(to: long) }
  }
}
