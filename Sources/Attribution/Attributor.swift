internal import AttributionGraphs
internal import Foundation
public import ReplacementModels
internal import Tensors
public import Tokenization
internal import Transcoding
internal import Transformers

/// Traces a prompt: one sweep from the top, the most influential rows of each layer first.
///
/// 1. The rows of the logits (or of a feature, if that is the target).
/// 2. For each layer from the top down: the influence of its features is final, because every row above is known.
///    Rows are computed from the most influential feature down; those whose influence sums to less than
///    the layer's part of `1 − coverage` are skipped, and stay in the graph as sources.
///
/// What the skipped rows would have passed on is ``AttributionResult/missing``.
public struct Attributor {
  let pullback: FrozenPullback
  let settings: AttributionSettings
  let plan: MemoryPlan
  let layout: NodeLayout
  let logits: [LogitTarget]
  let progress: (AttributionProgress) -> Void
  let isCancelled: @Sendable () -> Bool
  private var effects: DirectEffects
  private var constants: [RowConstants]
  private var accumulator: InfluenceAccumulator
  private var sourceLists: [SourceKey: (order: SourceOrder, places: [Int32])] = [:]
  private var rowsComputed = 0
  private var largestGap = 0.0
  private var batchSizes: ClosedRange<Int>?
  private var operations = 0.0

  private struct SourceKey: Hashable {
    let layerLimit: Int
    let position: Int
  }

  /// The model of the prompt.
  var model: LocalReplacementModel { pullback.model }

  private init(
    _ pullback: FrozenPullback, settings: AttributionSettings, plan: MemoryPlan, logits: [LogitTarget],
    progress: @escaping (AttributionProgress) -> Void, isCancelled: @escaping @Sendable () -> Bool
  ) throws(AttributionError) {
    self.pullback = pullback
    self.settings = settings
    self.plan = plan
    self.logits = logits
    self.progress = progress
    self.isCancelled = isCancelled
    let model = pullback.model
    layout = NodeLayout(
      featureCount: model.activations.count, layerCount: model.transformer.blocks.count,
      positionCount: model.recording.positionCount, logitCount: logits.count)
    var weights = [Double](repeating: 0, count: layout.nodeCount)
    for (place, logit) in zip(layout.logits, logits) { weights[place] = logit.weight }
    for case .feature(let feature, let position) in settings.targets {
      weights[try Self.place(of: feature, position: position, in: model)] = 1
    }
    effects = DirectEffects(nodeCount: layout.nodeCount)
    constants = Array(repeating: RowConstants(), count: layout.nodeCount)
    accumulator = InfluenceAccumulator(rootWeights: weights)
  }

  /// The place of a feature that is to be traced.
  private static func place(
    of feature: FeatureID, position: Int, in model: LocalReplacementModel
  ) throws(AttributionError) -> Int {
    func bad(_ reason: String) -> AttributionError {
      .badTarget(text: "feature:\(feature.layer)/\(feature.index)@\(position)", reason: reason)
    }
    let transcoder = model.transcoder
    guard (0..<transcoder.layerCount).contains(feature.layer) else {
      throw bad("the transcoders have layers 0 to \(transcoder.layerCount - 1)")
    }
    let count = transcoder.featureCount(layer: feature.layer)
    guard (0..<count).contains(feature.index) else {
      throw bad("layer \(feature.layer) has features 0 to \(count - 1)")
    }
    guard (0..<model.recording.positionCount).contains(position) else {
      throw bad("the prompt has positions 0 to \(model.recording.positionCount - 1)")
    }
    guard !model.zeroedPositions.contains(position) else {
      throw bad("position \(position) has no features; name a later one")
    }
    guard let place = model.activations.place(of: feature, position: position) else {
      let there = model.activations.places(layer: feature.layer, position: position)
      let strongest = there.map { model.activations.entries[$0] }.sorted { $0.activation > $1.activation }
      let names = strongest.prefix(5).map { "\($0.index)" }.joined(separator: ", ")
      let others =
        names.isEmpty ? "none" : there.count > 5 ? "\(names) and \(there.count - 5) weaker ones" : names
      throw bad("that feature is not active there; active in layer \(feature.layer) there: \(others)")
    }
    guard !model.heldPlaces.contains(place) else { throw bad("it is set to a value, so nothing leads to it") }
    return place
  }

  /// Refuses a model whose features or errors are not finite: every number behind them would be nonsense.
  private static func checkFinite(_ model: LocalReplacementModel) throws(AttributionError) {
    for (entry, z) in zip(model.activations.entries, model.preactivations)
    where !entry.activation.isFinite || !z.isFinite {
      throw .notFinite(place: "feature \(entry.index) of transcoder layer \(entry.layer)")
    }
    for (layer, errors) in model.errors.enumerated() where !errors.values.allSatisfy(\.isFinite) {
      throw .notFinite(place: "what the transcoders write to layer \(layer)")
    }
  }

  /// Traces the prompt of a local replacement model.
  /// - Parameters:
  ///   - tokenizer: What shows the tokens as text.
  ///   - progress: Called now and then from the thread that traces.
  ///   - isCancelled: Asked often, from any thread, whether the trace is still wanted.
  /// - Throws: ``AttributionError/cancelled`` if it is not, and other errors of that type.
  public static func attribute(
    _ model: LocalReplacementModel, prompt: Prompt, tokenizer: Tokenizer,
    settings: AttributionSettings = AttributionSettings(),
    progress: @escaping (AttributionProgress) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(AttributionError) -> AttributionResult {
    try settings.validate()
    var clock = PhaseClock()
    let logits = try model.logitTargets(settings, tokenizer: tokenizer)
    try checkFinite(model)
    clock.end("targets")
    if isCancelled() { throw .cancelled }
    let plan = try MemoryPlan(model, settings, held: Memory.resident, available: Memory.available)
    let pullback = FrozenPullback(model)
    clock.end("sources")
    var attributor = try Attributor(
      pullback, settings: settings, plan: plan, logits: logits, progress: progress, isCancelled: isCancelled)
    try attributor.sweep()
    clock.end("attribution")
    var result = attributor.result(prompt, phases: clock.phases)
    result.choices = model.resolvedChoices(settings, tokenizer: tokenizer)
    return result
  }

  // MARK: The sweep

  private mutating func sweep() throws(AttributionError) {
    try attributeLogits()
    let layers = layout.layerCount
    let total = accumulator.rootWeights.reduce(0, +)
    var budget = (1 - settings.coverage) * total
    for layer in (0..<layers).reversed() {
      let (chosen, skipped) = choose(layer: layer, budget: budget / Double(layer + 1))
      for place in skipped {
        let flow = accumulator.flow(through: place)
        effects.isSkipped[place] = true
        accumulator.skip(place)
        budget -= flow
      }
      budget = max(0, budget)
      try attributeFeatures(chosen, layer: layer)
    }
  }

  /// Which features of a layer get rows, and which are skipped.
  private func choose(layer: Int, budget: Double) -> (chosen: [Int], skipped: [Int]) {
    let places = model.activations.places(layer: layer).filter { !model.heldPlaces.contains($0) }
    let flow = places.map { accumulator.flow(through: $0) }
    var order = places.indices.sorted { (-flow[$0], $0) < (-flow[$1], $1) }
    var skipped: [Int] = []
    if settings.coverage < 1 || logits.isEmpty {
      var spent = 0.0
      while let last = order.last, spent + flow[last] <= budget {
        spent += flow[last]
        skipped.append(places[order.removeLast()])
      }
    }
    if let limit = settings.rowLimit {
      let below = model.activations.places(layer: 0).lowerBound..<(places.last.map { $0 + 1 } ?? 0)
      let left = min(below.count, max(0, limit - rowsComputed))
      let quota =
        below.isEmpty ? 0 : Int((Double(left) * Double(places.count) / Double(below.count)).rounded(.up))
      while order.count > quota { skipped.append(places[order.removeLast()]) }
    }
    return (order.map { places[$0] }.sorted(), skipped.sorted())
  }

  private mutating func attributeLogits() throws(AttributionError) {
    guard !logits.isEmpty else { return }
    progress(AttributionProgress(phase: "attributing logits", fraction: 0))
    let position = model.recording.positionCount - 1
    let jobs = zip(layout.logits, logits).map { place, logit in
      let norm = model.transformer.finalNorm
      return RowJob(
        place: place, target: model.target(outputDirection: logit.direction, position: position),
        value: model.value(ofOutputDirection: logit.direction, position: position),
        bias: norm.kind.centers ? Double(Kernels.dot(logit.direction.span, norm.bias.span)) : 0)
    }
    try attribute(jobs, layerLimit: layout.layerCount)
  }

  private mutating func attributeFeatures(_ places: [Int], layer: Int) throws(AttributionError) {
    let entries = model.activations.entries
    let jobs = places.map { place in
      RowJob(
        place: place, target: model.target(entries[place].feature, position: entries[place].position),
        value: Double(model.preactivations[place]),
        bias: Double(model.targetConstant(entries[place].feature)))
    }
    rowsComputed += jobs.count
    // The encoder rows have become targets.
    if !Memory.keepsPages { model.transcoder.layers[layer].encoder.forgetPages() }
    try attribute(jobs, layerLimit: layer)
    let done = Double(model.activations.count - model.activations.places(layer: layer).lowerBound)
    progress(
      AttributionProgress(
        phase: "attributing layer \(layer)", fraction: done / Double(max(1, model.activations.count))))
  }

  // MARK: Rows

  /// One row to compute.
  private struct RowJob {
    let place: Int
    let target: PullbackTarget
    /// The target's value in the recorded run.
    let value: Double
    /// The target's own constant.
    let bias: Double
  }

  /// Computes rows of one layer in batches, stores them, and lets influence flow along them in order.
  private mutating func attribute(_ jobs: [RowJob], layerLimit: Int) throws(AttributionError) {
    let sorted = jobs.sorted { (-$0.target.position, $0.place) < (-$1.target.position, $1.place) }
    let costs = costs(of: sorted, layerLimit: layerLimit)
    let batches = batches(of: sorted, costs: costs)
    let orders = sorted.map { sources(layerLimit: layerLimit, position: $0.target.position).order }
    var rows = [[EffectRow]](repeating: [], count: batches.count)
    let (pullback, isCancelled) = (self.pullback, self.isCancelled)
    let targets = sorted.map(\.target)
    rows.withUnsafeMutableBufferPointer { rows in
      let rows = SharedPointer(rows)
      Parallel.forEach(batches.count) { batch in
        if isCancelled() { return }
        rows.pointer[batch] = pullback.rows(
          of: Array(targets[batches[batch]]), orders: Array(orders[batches[batch]]), isCancelled: isCancelled)
      }
    }
    // A batch without rows was given up.
    if rows.contains(where: \.isEmpty) { throw .cancelled }
    operations += costs.reduce(0, +)
    for (job, row) in zip(sorted, rows.joined()) {
      let sources = sources(layerLimit: layerLimit, position: job.target.position).places
      effects.rows[job.place] = DirectEffects.Row(sources: sources, weights: row.weights)
      constants[job.place] = RowConstants(
        constant: row.constant, bias: Float(job.bias), value: Float(job.value))
      let sum = row.weights.reduce(Double(row.constant) + job.bias) { $0 + Double($1) }
      largestGap = max(largestGap, abs(sum - job.value) / max(1, abs(job.value)))
    }
    for job in jobs { accumulator.add(effects.rows[job.place], of: job.place) }
  }

  /// The most targets in a batch: enough rows to keep the matrix products busy.
  private static let largestBatch = 112

  /// Products of fewer rows take as long as of this many, so that no more batches are made than have them on average.
  private static let leastBatch = 14

  /// Shares out rows, those at the last positions first, in batches that cost nearly the same, as many for each thread
  /// where memory allows.
  /// - Parameter costs: The operations of each row.
  private mutating func batches(of jobs: [RowJob], costs: [Double]) -> [Range<Int>] {
    let threads = Parallel.threadCount
    func count(of rows: Int, by size: Int) -> Int { (rows + size - 1) / size }
    let even = count(of: count(of: jobs.count, by: Self.largestBatch), by: threads) * threads
    var planned = min(count(of: jobs.count, by: Self.leastBatch), even)
    var left = costs.reduce(0, +)
    var batches: [Range<Int>] = []
    var start = 0
    while start < jobs.count {
      let bytes = pullback.bytesPerTarget(position: jobs[start].target.position)
      let size = max(1, min(Self.largestBatch, plan.working / threads / bytes))
      planned = max(planned, count(of: jobs.count - start, by: size))
      let goal = left / Double(planned)
      var (end, cost) = (start + 1, costs[start])
      while end < jobs.count, end - start < size, planned == 1 || cost + costs[end] / 2 <= goal {
        cost += costs[end]
        end += 1
      }
      batches.append(start..<end)
      let known = batchSizes ?? (end - start)...(end - start)
      batchSizes = min(known.lowerBound, end - start)...max(known.upperBound, end - start)
      (start, left, planned) = (end, left - cost, planned - 1)
    }
    return batches
  }

  /// The operations of each row.
  private func costs(of jobs: [RowJob], layerLimit: Int) -> [Double] {
    var known: [Int: Double] = [:]
    return jobs.map { job in
      let position = job.target.position
      if let cost = known[position] { return cost }
      let cost = pullback.operations(layer: layerLimit, position: position)
      known[position] = cost
      return cost
    }
  }

  /// The sources of a row, in order, and their places in the graph.
  private mutating func sources(layerLimit: Int, position: Int) -> (order: SourceOrder, places: [Int32]) {
    let key = SourceKey(layerLimit: layerLimit, position: position)
    if let known = sourceLists[key] { return known }
    let order = pullback.sourceOrder(layerLimit: layerLimit, position: position)
    var places: [Int32] = []
    places.reserveCapacity(order.count)
    for layer in 0..<layerLimit {
      places += model.activations.places(layer: layer, through: position).map { Int32($0) }
    }
    for layer in 0..<layerLimit {
      for source in stride(from: model.zeroedPositions.upperBound, through: position, by: 1) {
        places.append(Int32(layout.error(layer: layer, position: source)))
      }
    }
    for source in 0...position { places.append(Int32(layout.embedding(position: source))) }
    precondition(places.count == order.count, "\(places.count) places for \(order.count) sources")
    sourceLists[key] = (order, places)
    return (order, places)
  }

  // MARK: The result

  private func result(_ prompt: Prompt, phases: [PhaseClock.Phase]) -> AttributionResult {
    let total = accumulator.rootWeights.reduce(0, +)
    let graph = AttributionGraph(
      metadata: GraphMetadata(
        slug: "graph", scan: "", prompt: prompt.text, promptTokens: prompt.texts,
        layerCount: layout.layerCount),
      nodes: nodes(prompt), effects: effects, rootWeights: accumulator.rootWeights)
    return AttributionResult(
      graph: graph, layout: layout, model: model, logits: logits,
      coverage: total > 0 ? 1 - accumulator.missing / total : 1, missing: accumulator.missing,
      rowsComputed: rowsComputed, rowsPossible: model.activations.count - model.heldPlaces.count,
      rowConstants: constants, largestIdentityGap: largestGap, memory: plan, batchSizes: batchSizes ?? 0...0,
      phases: phases, operations: operations)
  }

  private func nodes(_ prompt: Prompt) -> [GraphNode] {
    let tokens = prompt.tokens.map { Int($0) }
    let last = prompt.tokens.count - 1
    func node(
      _ node: Node, label: String = "", activation: Float? = nil, probability: Double? = nil
    ) -> GraphNode {
      GraphNode(
        node: node, id: node.fileID(layerCount: layout.layerCount, tokens: tokens), label: label,
        activation: activation, probability: probability)
    }
    var nodes = model.activations.entries.enumerated().map { place, entry in
      var vertex = node(
        .feature(layer: entry.layer, index: entry.index, position: entry.position),
        activation: entry.activation)
      vertex.isHeld = model.heldPlaces.contains(place)
      return vertex
    }
    for layer in 0..<layout.layerCount {
      for position in 0..<layout.positionCount {
        nodes.append(node(.error(layer: layer, position: position), label: "error of layer \(layer)"))
      }
    }
    for (position, text) in prompt.visibleTexts.enumerated() {
      nodes.append(node(.embedding(position: position), label: "Emb: \"\(text)\""))
    }
    for logit in logits {
      var vertex = node(
        .logit(token: Int(logit.token), position: last), label: logit.label, probability: logit.probability)
      vertex.difference = logit.difference
      nodes.append(vertex)
    }
    return nodes
  }
}
