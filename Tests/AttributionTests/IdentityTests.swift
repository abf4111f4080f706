import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// What must hold of every trace, whatever any other tool says.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct IdentityTests {
  static let small = ReferenceCase.traces.filter { ["clt-she", "plt-she"].contains($0.file) }
  static let oneOfEach = ReferenceCase.traces.filter {
    ["clt-she", "plt-she", "plt_topk"].contains($0.file)
      || ($0.family != "stories260K" && $0.file == "clt_jumprelu")
  }

  /// Writes features, decoder biases and errors in place of every MLP output.
  struct Replacement: Intervention {
    let model: LocalReplacementModel

    func edit(_ values: inout Matrix, at site: Site, rows: Rows) {
      guard let layer = layer(written: site) else { return }
      var written = model.errors[layer]
      for position in rows.positions where !model.zeroedPositions.contains(position) {
        written.add(model.transcoder.layers[layer].decoderBias, toRow: position)
      }
      for entry in model.activations.entries
      where model.transcoder.outputLayers(of: entry.layer).contains(layer) {
        written.add(
          model.transcoder.decoderVector(entry.feature, to: layer), scaledBy: entry.activation,
          toRow: entry.position)
      }
      for position in model.zeroedPositions { written[position] = values[position] }
      values = written
    }

    /// The layer whose output the transcoder reconstructs at a site.
    private func layer(written site: Site) -> Int? {
      let hook = model.transcoder.configuration.outputHook
      switch site {
      case .mlpOutputInner(let layer): return hook == .mlpOutputInner ? layer : nil
      case .mlpOutput(let layer):
        let isInner = hook == .mlpOutputInner && model.transformer.blocks[layer].mlpPostNorm != nil
        return isInner ? nil : layer
      default: return nil
      }
    }
  }

  @Test(arguments: oneOfEach)
  func `features and errors in place of the MLPs give the model's own logits`(example: ReferenceCase) throws {
    let model = try example.replacementModel("trace")
    var replacement = Replacement(model: model)
    let freeze = Freeze(recording: model.recording, attention: true, norms: true)
    let replaced = try model.transformer.record(
      model.recording.tokens, logits: .all, freezing: freeze, intervening: &replacement)
    #expect(largestDifference(replaced.logits.values, model.recording.logits.values) < 1e-4)
  }

  /// The strongest test of a graph: half of every feature is taken away, one after the other, and every
  /// preactivation and logit above must move by half of the edge.
  @Test(arguments: small)
  func `every edge equals the change that its source makes under the direct freeze`(
    example: ReferenceCase
  ) throws {
    let trace = try example.trace()
    let model = trace.model
    let adjacency = trace.graph.denseAdjacency()
    let count = trace.layout.nodeCount
    let unchanged = try model.run(setting: [], mode: .direct)
    func values(_ result: InterventionResult) -> [Double] {
      var values = model.activations.entries.map { entry -> Double in
        let z = result.preactivations[entry.layer]
        return Double(z.values[entry.position * z.columns + entry.index])
      }
      let logits = result.recording.lastLogits.map { Double($0) }
      let mean = logits.reduce(0, +) / Double(logits.count)
      values += trace.logits.map { logits[Int($0.token)] - mean }
      return values
    }
    let before = values(unchanged)
    let targets = Array(trace.layout.features) + Array(trace.layout.logits)
    var checked = 0
    for (source, entry) in model.activations.entries.enumerated() {
      let edit = FeatureEdit(
        feature: entry.feature, position: entry.position, value: entry.activation * 0.5)
      let after = values(try model.run(setting: [edit], mode: .direct))
      for (place, target) in targets.enumerated() {
        let edge = Double(adjacency[target * count + source])
        let change = after[place] - before[place]
        // Half the edge, to 1e-3 of it; float32 sums of values around 10 leave 2e-5.
        #expect(abs(change + edge / 2) <= 1e-3 * abs(edge) + 2e-5)
        if edge != 0 { checked += 1 }
      }
    }
    #expect(
      checked
        == trace.graph.effects.rows.reduce(0) { sum, row in
          sum + zip(row.sources, row.weights).count { Int($0) < trace.layout.featureCount && $1 != 0 }
        })
  }

  @Test(arguments: ReferenceCase.traces)
  func `what a partial sweep misses bounds every node's influence and both scores`(
    example: ReferenceCase
  ) throws {
    let whole = try example.trace()
    let part = try example.trace(coverage: 0.95)
    let truth = Influence(of: whole.graph).values
    let found = Influence(of: part.graph)
    #expect(part.coverage >= 0.95)
    #expect(part.rowsComputed < whole.rowsComputed)
    #expect(abs(found.missing - part.missing) < 1e-9)
    for (exact, partial) in zip(truth, found.values) {
      #expect(exact - partial <= found.missing + 1e-6 && partial - exact <= 1e-6)
    }
    let scores = whole.graph.scores()
    let bounds = part.graph.scores()
    #expect(bounds.replacementBounds.contains(scores.replacement, within: 1e-6))
    #expect(bounds.completenessBounds.contains(scores.completeness, within: 1e-6))
  }

  @Test(arguments: ["clt-pronoun", "plt-pronoun"])
  func `a trace has the same bits with one thread, with two, and with little memory`(file: String) throws {
    let example = try #require(ReferenceCase.traces.first { $0.file == file })
    let one = try example.trace()
    Parallel.threadCount = 2
    defer { Parallel.threadCount = 1 }
    let two = try example.trace()
    #expect(one.graph.denseAdjacency() == two.graph.denseAdjacency())
    let tight = try example.trace(coverage: 1) { $0.workingMemory = 1 }
    #expect(one.graph.denseAdjacency() == tight.graph.denseAdjacency())
  }

  @Test(arguments: ReferenceCase.traces)
  func `what a trace keeps is what was planned`(example: ReferenceCase) throws {
    let trace = try example.trace()
    let plan = trace.memory
    #expect(FrozenPullback(trace.model).byteCount == plan.sources + plan.attention)
    let weights = trace.graph.effects.rows.reduce(0) { $0 + $1.weights.count * 4 }
    #expect(weights <= plan.rows)
    // Beside the weights, a list of sources for each layer and position.
    #expect(plan.rows < 2 * weights + 1 << 16)
  }

  @Test func `a limit that is too low is refused with the size and the rows that would do`() throws {
    var settings = TinyModel.settings
    (settings.layerCount, settings.featureCount, settings.activeFeatures) = (4, 512, 64)
    let tiny = try TinyModel(settings)
    let opened = try tiny.open()
    let tokens = try Prompt(settings.prompt(tokenCount: 16), tokenizer: opened.tokenizer).tokens
    let model = try LocalReplacementModel(
      of: opened.transformer, transcoder: opened.transcoder, recording: opened.transformer.record(tokens))
    let held = 50 << 20
    func plan(_ limit: Int, rows: Int? = nil) throws(AttributionError) -> MemoryPlan {
      var settings = AttributionSettings()
      (settings.memoryLimit, settings.rowLimit) = (limit, rows)
      return try MemoryPlan(model, settings, held: held, available: 0)
    }
    let error = try #require(throws: AttributionError.self) { try plan(held) }
    guard case .tooLarge(_, let needed, held, 0) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(try plan(needed).working >= 0)
    // More than the process may hold more the next time.
    let less = needed - (6 << 20)
    let closer = try #require(throws: AttributionError.self) { try plan(less) }
    guard case .tooLarge(_, _, _, let rows) = closer, rows > 0 else {
      Issue.record("\(closer)")
      return
    }
    #expect(rows < model.activations.count)
    #expect(try plan(less, rows: rows).rows < plan(needed).rows)
    #expect(error.description.contains("--memory"))
    #expect(closer.description.contains("--max-rows \(rows)"))
  }

  @Test func `every node kept is reckoned before work begins, and what a node cut leaves once it is known`()
    throws
  {
    let example = try #require(ReferenceCase.traces.first { $0.file == "clt-pronoun" })
    let model = try example.trace().model
    func plan(_ limit: Int?, keepsEveryNode: Bool) throws(AttributionError) -> MemoryPlan {
      var settings = AttributionSettings()
      (settings.memoryLimit, settings.keepsEveryNode) = (limit, keepsEveryNode)
      return try MemoryPlan(model, settings, held: 50 << 20, available: 50 << 20)
    }
    func needed(keepsEveryNode: Bool) throws -> Int {
      let error = try #require(throws: AttributionError.self) {
        try plan(1 << 20, keepsEveryNode: keepsEveryNode)
      }
      guard case .tooLarge(let what, let needed, _, _) = error else { throw error }
      #expect(what.contains("--node-share") == keepsEveryNode)
      return needed
    }
    let some = try needed(keepsEveryNode: false)
    #expect(try needed(keepsEveryNode: true) >= some)
    // Without a limit that somebody set, nothing is refused for what may never be.
    #expect(try plan(nil, keepsEveryNode: true) == plan(nil, keepsEveryNode: false))

    let tight = try plan(some, keepsEveryNode: false)
    func check(edges: Int) throws(AttributionError) {
      try tight.checkPruning(nodes: 100, edges: edges, inPosition: edges / 10, held: 50 << 20)
    }
    try check(edges: 1000)
    let error = try #require(throws: AttributionError.self) { try check(edges: 10_000_000) }
    guard case .tooManyEdges(let count, let wanted, let limit) = error else { throw error }
    #expect(count == 10_000_000 && limit == some && wanted > 10_000_000 * 36)
    #expect(error.description.contains("--node-share"))
    let roomy = try plan(wanted, keepsEveryNode: false)
    try roomy.checkPruning(nodes: 100, edges: count, inPosition: count / 10, held: 50 << 20)
    #expect(throws: AttributionError.self) {
      try roomy.checkPruning(nodes: 100, edges: count + 200_000, inPosition: count / 10, held: 50 << 20)
    }
  }

  @Test func `the difference of two answers has the difference of their rows`() throws {
    let example = try #require(ReferenceCase.traces.first { $0.file == "clt-she" })
    let likely = try example.trace()
    let (first, second) = (likely.logits[0].token, likely.logits[2].token)
    let difference = try example.trace(coverage: 1) { $0.targets = [.difference(first, second)] }
    let a = likely.graph.effects.rows[likely.layout.logits.lowerBound]
    let b = likely.graph.effects.rows[likely.layout.logits.lowerBound + 2]
    let row = difference.graph.effects.rows[difference.layout.logits.lowerBound]
    #expect(row.sources == a.sources)
    #expect(largestDifference(row.weights, zip(a.weights, b.weights).map { $0 - $1 }) < 1e-4)
  }

  @Test func `a feature as target has the row that it has in the whole graph`() throws {
    let example = try #require(ReferenceCase.traces.first { $0.file == "clt-pronoun" })
    let whole = try example.trace()
    let place = try #require(whole.layout.features.last { whole.model.activations.entries[$0].layer == 3 })
    let entry = whole.model.activations.entries[place]
    let trace = try example.trace(coverage: 1) {
      $0.targets = [.feature(entry.feature, position: entry.position)]
    }
    #expect(trace.layout.logitCount == 0)
    #expect(trace.graph.rootWeights[place] == 1)
    #expect(trace.graph.effects.rows[place].weights == whole.graph.effects.rows[place].weights)
    #expect(trace.coverage == 1)
    let pruned = try trace.graph.pruned()
    #expect(pruned.nodeMask[place])
  }

  @Test func `a row limit is kept, and what it leaves out is counted`() throws {
    let example = try #require(ReferenceCase.traces.first { $0.file == "clt-pronoun" })
    let trace = try example.trace(coverage: 1) { $0.rowLimit = 100 }
    #expect(trace.rowsComputed <= 100)
    #expect(trace.coverage < 1)
    #expect(abs(Influence(of: trace.graph).missing - trace.missing) < 1e-9)
  }
}

extension ClosedRange<Double> {
  func contains(_ value: Double, within tolerance: Double) -> Bool {
    value >= lowerBound - tolerance && value <= upperBound + tolerance
  }
}
