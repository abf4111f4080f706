import Clew
import Foundation
import Testing
import TinyModels

/// Traces of runs in which features were changed.
struct ChangedTraceTests {
  private static let prompt = "w3 w14 w15 w9 w26 w5"
  private static let modes = [InterventionMode.free, .frozenAttention]

  private let model: TracingModel
  private let plain: PromptTrace
  /// The active features, the most active first.
  private let strongest: [FeaturePlace]

  init() throws {
    model = try TinyModel.shared().open()
    var request = TraceRequest(prompt: Self.prompt)
    request.settings.coverage = 1
    plain = try PromptTrace.trace(request, with: model)
    strongest = plain.result.model.activations.entries.sorted { $0.activation > $1.activation }
      .map { FeaturePlace(layer: $0.layer, index: $0.index, position: $0.position) }
  }

  private func traced(_ changes: [FeatureChange], _ mode: InterventionMode) throws -> PromptTrace {
    var request = plain.request
    request.changes = changes
    request.mode = mode
    return try PromptTrace.trace(request, with: model)
  }

  private func places(_ trace: PromptTrace) -> [FeaturePlace: Int] {
    Dictionary(
      uniqueKeysWithValues: trace.result.graph.nodes.enumerated().compactMap { place, vertex in
        FeaturePlace(vertex.node).map { ($0, place) }
      })
  }

  @Test(arguments: modes)
  func `every row of a changed run adds up, and its answers are the run's`(mode: InterventionMode) throws {
    let changes = [FeatureChange.remove([strongest[0]]), .scale([strongest[1]], factor: 2)]
    let trace = try traced(changes, mode)
    #expect(trace.result.largestIdentityGap < 1e-4)
    #expect(trace.result.coverage == 1)
    var order = InterventionOrder(changes, mode: mode)
    order.shownFeaturesOnly = false
    let outcome = try plain.outcome(of: order, tokenizer: model.tokenizer)
    let graph = Dictionary(uniqueKeysWithValues: outcome.answers.map { ($0.token, $0) })
    for logit in trace.result.logits {
      guard let answer = graph[Int(logit.token)] else { continue }
      #expect(abs((answer.probabilityAfter ?? .nan) - (logit.probability ?? .nan)) < 1e-6)
    }
    let known = places(trace)
    for feature in outcome.features {
      let after = known[feature.place].flatMap { trace.result.graph.nodes[$0].activation } ?? 0
      #expect(abs(after - feature.activationAfter) < 1e-5, "\(feature.place)")
    }
  }

  @Test(arguments: modes)
  func `what is removed is gone, and what is set has its value and no inputs`(mode: InterventionMode) throws {
    let silent = try #require(
      (0..<24).map { FeaturePlace(layer: 1, index: $0, position: 3) }.first { places(plain)[$0] == nil })
    // At the last position everything is read by the answers.
    let last = plain.prompt.tokens.count - 1
    let set = try #require(strongest.first { $0.layer == 0 && $0.position == last && $0 != strongest[0] })
    let trace = try traced([.remove([strongest[0]]), .set([silent, set], value: 1.5)], mode)
    let known = places(trace)
    #expect(known[strongest[0]] == nil)
    for place in [silent, set] {
      let number = try #require(known[place])
      #expect(trace.result.graph.nodes[number].activation == 1.5)
      #expect(trace.result.graph.effects.rows[number].sources.isEmpty)
      #expect(!trace.result.graph.effects.isSkipped[number])
    }
    // Pruning spares what was set although it has no inputs, and files say what it is.
    let pruned = try trace.result.graph.pruned(nodeShare: 1, edgeShare: 1).graph
    let kept = pruned.nodes.filter(\.isHeld)
    #expect(kept.contains { FeaturePlace($0.node) == set })
    let read = try GraphReading(json: pruned.json()).graph
    #expect(read.nodes.filter(\.isHeld).map(\.id) == kept.map(\.id))
    #expect(trace.result.rowsPossible == known.count - 2)
    #expect(trace.result.rowsComputed == known.count - 2)
  }

  @Test func `the edges of a changed run are the changes that the direct mode measures`() throws {
    let lowest = strongest.filter { $0.layer == 0 && $0.position < 4 }
    let trace = try traced([.set([lowest[0]], value: 2), .remove([lowest[2]])], .free)
    let graph = trace.result.graph
    let known = places(trace)
    for source in lowest[..<2] {
      let number = try #require(known[source])
      var order = InterventionOrder([.remove([source])], mode: .direct)
      order.shownFeaturesOnly = false
      let outcome = try trace.outcome(of: order, tokenizer: model.tokenizer)
      for answer in outcome.answers {
        guard let id = answer.nodeID, let target = graph.nodes.firstIndex(where: { $0.id == id }) else {
          continue
        }
        let row = graph.effects.rows[target]
        let edge = zip(row.sources, row.weights).first { $0.0 == Int32(number) }?.1 ?? 0
        #expect(abs(answer.measured + Double(edge)) < 1e-4)
      }
      #expect(!outcome.features.isEmpty)
      for feature in outcome.features {
        let row = graph.effects.rows[try #require(known[feature.place])]
        let edge = zip(row.sources, row.weights).first { $0.0 == Int32(number) }?.1 ?? 0
        #expect(abs(feature.measured + Double(edge)) < 1e-4, "\(feature.place)")
      }
    }
  }

  @Test func `changing nothing gives the graph as it was`() throws {
    let entry = try #require(plain.result.model.activations.entries.first)
    let place = FeaturePlace(layer: entry.layer, index: entry.index, position: entry.position)
    let trace = try traced([.scale([place], factor: 1)], .free)
    let change = try plain.result.graph.compared(with: trace.result.graph)
    #expect(change.nodes.allSatisfy { $0.change != .added && $0.change != .gone })
    // Nothing but what enters the feature that is held.
    #expect(change.edges.allSatisfy { change.nodes[$0.target].first == places(plain)[place] })
  }

  @Test func `a graph file and its record say what was changed`() throws {
    let trace = try traced([.remove([strongest[0]])], .frozenAttention)
    #expect(trace.result.graph.metadata.slug == "w3-w14-w15-w9-w26-w5-changed")
    let stated = trace.result.graph.metadata.generationSettings["changes"]?.array
    #expect(stated?.first?.object?["features"]?.array?.first?.string == strongest[0].id)
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    try trace.write(to: folder, model: model, command: ["clew"])
    let record = try JSON(parsing: Array(Data(contentsOf: folder.appending(path: "run.json")))).object
    let settings = try #require(record?["settings"]?.object)
    #expect(settings["changes"] == .array(stated ?? []))
    #expect(settings["held"]?.string == "attention patterns")
    #expect(try AttributionGraph(traceFolder: folder).nodes.count == trace.result.graph.nodes.count)
  }

  @Test func `a changed trace is not changed once more from the start`() throws {
    let trace = try traced([.remove([strongest[0]])], .free)
    let order = InterventionOrder([.remove([strongest[1]])], mode: .free)
    #expect(throws: ExploringError.changedAlready) {
      try trace.outcome(of: order, tokenizer: model.tokenizer)
    }
  }

  @Test func `a feature that is set cannot be traced`() throws {
    var request = plain.request
    request.changes = [.set([strongest[0]], value: 1)]
    request.settings.targets = [.feature(strongest[0].feature, position: strongest[0].position)]
    #expect(throws: AttributionError.self) { try PromptTrace.trace(request, with: model) }
  }

  @Test(arguments: [InterventionMode.direct, .constrained(layers: 0..<1)])
  func `a run with MLP outputs held is not traced`(mode: InterventionMode) throws {
    var order = TraceOrder(prompt: Self.prompt)
    order.changes = [.remove([strongest[0]])]
    order.mode = mode
    #expect(throws: ExploringError.cannotTraceHeld) { try order.request(for: model) }
  }

  @Test func `a live model does not take a changed run for the prompt's own`() throws {
    let live = LiveModel(model)
    var order = TraceOrder(prompt: Self.prompt)
    order.coverage = 1
    order.changes = [.remove([strongest[0]])]
    let changed = try live.trace(order)
    order.changes = nil
    let again = try live.trace(order)
    #expect(places(changed)[strongest[0]] == nil)
    #expect(places(again)[strongest[0]] != nil)
  }
}
