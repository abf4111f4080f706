internal import Clew
internal import Explorer
internal import Foundation
internal import Synchronization

/// A model and its transcoders behind the explorer's page.
final class LiveService: ModelService {
  private let live: LiveModel
  private let queue: TraceQueue
  private let measurements = BoundedWork(named: "clew.measurements")
  private let orders = BoundedWork(named: "clew.orders")
  private let files = BoundedWork(named: "clew.files")
  private let examples: ExampleLibrary?
  /// The folder that gets a folder for each trace; `nil` keeps traces in memory.
  private let output: URL?
  private let command: [String]
  private let modelFingerprint: String
  private let transcodersFingerprint: String
  private let traces = Mutex<[(order: TraceOrder, trace: PromptTrace)]>([])
  /// The most traces that are ready to be changed.
  private static let readyCount = 8
  /// The most tokens that a page may have traced.
  private static let tokenLimit = 1024
  /// The most traces that wait.
  private static let queueCapacity = 32
  /// How many bytes of the prompts that ran last are kept.
  private static let promptMemory = 256 << 20

  init(_ model: TracingModel, examples: ExampleLibrary?, output: URL?, command: [String]) {
    live = LiveModel(model, memoryBudget: Self.promptMemory)
    // Each is written to the disk before many more are made.
    queue = TraceQueue(live, capacity: Self.queueCapacity, unreadCount: 2)
    (self.examples, self.output, self.command) = (examples, output, command)
    modelFingerprint = Fingerprint.of(folder: model.transformer.folder)
    transcodersFingerprint = Fingerprint.of(model.transcoder)
  }

  var modelName: String { live.model.transformer.name }
  var transcodersName: String { live.model.transcoder.name }

  // MARK: Answers and traces

  func answers(to order: Data) async throws -> Data {
    let asked = try Self.order(order)
    return try await measurements.run { [self] in
      try Self.check(try settled(asked), "reads")
      return try Self.data(try live.answers(to: asked))
    }
  }

  func add(_ order: Data) async throws -> Int {
    let asked = try Self.order(order)
    let order = try await orders.run { [self] in
      let order = try settled(asked)
      try Self.check(order, "traces")
      // What cannot be traced is said at once.
      _ = try order.request(for: live.model)
      return order
    }
    do {
      return try await queue.add(order)
    } catch ExploringError.queueFull(let capacity) {
      throw ModelRefusal("\(ExploringError.queueFull(capacity: capacity))", isForNow: true)
    } catch {
      throw ModelRefusal("\(error)")
    }
  }

  /// Refuses prompts that would keep everybody waiting.
  private static func check(_ order: TraceOrder, _ verb: String) throws {
    let count = order.tokens?.count ?? 0
    guard count <= tokenLimit else {
      throw ModelRefusal(
        "The prompt has \(count) tokens, and the page \(verb) at most \(tokenLimit). Use clew trace for longer ones."
      )
    }
  }

  func cancel(_ number: Int) async throws {
    do { try await queue.cancel(number) } catch { throw ModelRefusal("\(error)") }
  }

  func changes() async -> AsyncStream<TraceNews> {
    let snapshots = await queue.changes()
    return AsyncStream { continuation in
      let task = Task {
        for await snapshot in snapshots {
          guard let jobs = try? Self.data(snapshot.jobs) else { continue }
          continuation.yield(
            TraceNews(jobs: jobs, finished: snapshot.jobs.filter { $0.state == .finished }.map(\.id)))
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  func source(of number: Int) async throws -> GraphSource? {
    guard let order = await queue.snapshot.jobs.first(where: { $0.id == number })?.order,
      let trace = try await queue.take(number)
    else { return nil }
    return try await files.run { [self] in try source(of: trace, order: order) }
  }

  /// Traces at once; for what the page shows first.
  func source(of order: TraceOrder) throws -> GraphSource {
    let order = try settled(order)
    return try source(of: live.trace(order), order: order)
  }

  /// The order with its prompt as tokens: what is asked of its graph later is asked of the same ones, however text and
  /// vocabulary may have changed by then.
  private func settled(_ order: TraceOrder) throws -> TraceOrder {
    let tokenizer = live.model.tokenizer
    var settled = order
    var request = TraceRequest(order.input)
    request.tokenCount = order.tokenCount
    let tokens = try request.tokens(with: tokenizer).tokens
    if order.tokenCount != nil || order.prompt.isEmpty { settled.prompt = tokenizer.decode(tokens) }
    (settled.tokens, settled.opening, settled.tokenCount) = (tokens, nil, nil)
    return settled
  }

  /// The folder that a trace was written to; `nil` if it is not to be, or cannot be, which is said.
  private func written(_ trace: PromptTrace) -> URL? {
    guard let output else { return nil }
    do {
      let place = try TraceFolders(parent: output).place(named: trace.result.graph.metadata.slug)
      try withExtendedLifetime(place) { try trace.write(to: place.url, model: live.model, command: command) }
      return place.url
    } catch {
      // The work is done, so it is shown all the same.
      Terminal.complain("clew: \(error) The trace is shown in the page, and lost when that ends.")
      return nil
    }
  }

  private func source(of trace: PromptTrace, order: TraceOrder) throws -> GraphSource {
    // What is changed and measured on a graph starts from an unchanged run.
    let isChanged = !trace.request.changes.isEmpty
    if !isChanged { keep(trace, order) }
    let graph = trace.result.graph
    let folder = written(trace)
    let data = isChanged ? nil : try Self.data(order)
    guard let folder else {
      return GraphSource(
        name: graph.metadata.slug, purpose: purpose(of: order), prompt: order.prompt, order: data,
        features: examples
      ) { OpenGraph(graph: graph, isWhole: true) }
    }
    // Its files hold all of it, so that it need not stay in memory.
    let input = GraphInput(folder.path)
    let held = Set(graph.nodes.filter(\.isHeld).map(\.id))
    return GraphSource(
      name: folder.lastPathComponent, purpose: purpose(of: order),
      viewFile: folder.appending(path: "view.json"), prompt: order.prompt, order: data, features: examples
    ) { [examples] in
      var open = try input.opened(labels: examples)
      // Of those that were left out of the pruned file, the tensors do not say it.
      for place in open.graph.nodes.indices where held.contains(open.graph.nodes[place].id) {
        open.graph.nodes[place].isHeld = true
      }
      return open
    }
  }

  /// What an order traces, in words: `Austin − Sacramento`, `feature 2/417 at 5`; `nil` for the likeliest answers.
  func purpose(of order: TraceOrder) -> String? {
    let (tokenizer, count) = (live.model.tokenizer, order.tokens?.count ?? 0)
    func text(_ token: Token) -> String { tokenizer.text(of: token).trimmingCharacters(in: .whitespaces) }
    let targets = (order.targets ?? []).compactMap {
      try? AttributionTarget($0, tokenizer: tokenizer, positionCount: count)
    }
    let words = targets.map { target in
      switch target {
      case .token(let token): text(token)
      case .difference(let first, let second): "\(text(first)) − \(text(second))"
      case .word(let word): word.text
      case .wordDifference(let first, let second): "\(first.text) − \(second.text)"
      case .feature(let feature, let position): "feature \(feature.layer)/\(feature.index) at \(position)"
      }
    }
    let changed = order.changes?.isEmpty == false ? ["changed"] : []
    return words.isEmpty && changed.isEmpty ? nil : (words + changed).joined(separator: ", ")
  }

  /// The newest folder where this version of Clew traced an order before, with these models.
  func folder(of order: TraceOrder) -> GraphInput? {
    guard let output, let settings = try? order.request(for: live.model).settings else { return nil }
    guard var whole = try? settled(order) else { return nil }
    whole.coverage = settings.coverage
    whole.maxLogits = settings.maxLogits
    whole.logitMass = settings.logitMass
    return TraceFolders(parent: output).all(
      named: PromptTrace.slug(of: PromptTrace.slug(of: whole.input), targets: order.targets ?? [])
    )
    .reversed()
    .map { GraphInput($0.path) }
    .first { self.order(of: $0) == whole && Self.run(of: $0)?["clew"]?.string == Version.current }
  }

  /// The order that leads once more to the graph of a trace's folder; `nil` if another model made it.
  func order(of input: GraphInput) -> TraceOrder? {
    guard let run = Self.run(of: input),
      run["model"]?.object?["fingerprint"]?.string == modelFingerprint,
      run["transcoders"]?.object?["fingerprint"]?.string == transcodersFingerprint,
      let settings = run["settings"]?.object, settings["changes"] == nil,
      let prompt = settings["prompt"]?.string, let targets = targets(settings)
    else { return nil }
    var order = TraceOrder(prompt: prompt, targets: targets.isEmpty ? nil : targets)
    order.coverage = settings["coverage"]?.double
    order.maxLogits = settings["max_logits"]?.int
    order.logitMass = settings["logit_mass"]?.double
    order.maxRows = settings["max_rows"]?.int
    if let ids = settings["tokens"]?.array {
      // They are of the prompt as cut, which nobody typed.
      if settings["tokens_read"] != nil { order.prompt = "" }
      order.tokens = ids.compactMap { $0.int.flatMap { Token(exactly: $0) } }
      guard order.tokens?.count == ids.count else { return nil }
    } else {
      order.tokenCount = settings["tokens_read"]?.int
    }
    return try? settled(order)
  }

  /// What was asked for by name, as users write it; nothing for the likeliest answers, `nil` for what cannot be told.
  private func targets(_ settings: JSONObject) -> [String]? {
    if let asked = settings["targets_asked"]?.array {
      let texts = asked.compactMap(\.string)
      return texts.count == asked.count ? texts : nil
    }
    // Records of earlier versions have the nodes alone. A token's weight was its probability, asked for or not, so the same
    // tokens by name give the same graph; the tokens of a difference are not told.
    return settings["targets"]?.array.flatMap { targets in
      let texts = targets.map { self.target($0.object ?? [:]) }
      return texts.contains(nil) ? nil : texts.compactMap(\.self)
    }
  }

  /// A target of an earlier version's record.
  private func target(_ target: JSONObject) -> String? {
    if let token = target["token"]?.int {
      return token < live.model.transformer.unembedding.outputs ? "token:\(token)" : nil
    }
    guard let place = target["node"]?.string.flatMap({ FeaturePlace(id: $0) }) else { return nil }
    return "feature:\(place.layer)/\(place.index)@\(place.position)"
  }

  /// What a trace's folder says of how it was made.
  private static func run(of input: GraphInput) -> JSONObject? {
    input.isTraceFolder ? TraceFolders.run(in: URL(filePath: input.path)) : nil
  }

  // MARK: Measurements

  func outcome(of order: Data, on trace: Data) async throws -> Data {
    let (asked, traced) = (try RequestJSON.decoded(InterventionOrder.self, order), try Self.order(trace))
    return try await measurements.run { [self] in
      try Self.data(try live.outcome(of: asked, on: try ready(traced)))
    }
  }

  func cuts(_ order: Data, on trace: Data) async throws -> Data {
    let (asked, traced) = (try RequestJSON.decoded(CutOrder.self, order), try Self.order(trace))
    return try await measurements.run { [self] in
      try Self.data(try live.outcomes(of: asked, on: try ready(traced)))
    }
  }

  /// A trace that was made before, or made again.
  private func ready(_ order: TraceOrder) throws -> PromptTrace {
    if let known = traces.withLock({ $0.first { $0.order == order }?.trace }) { return known }
    let trace = try live.trace(order)
    keep(trace, order)
    return trace
  }

  private func keep(_ trace: PromptTrace, _ order: TraceOrder) {
    traces.withLock { traces in
      traces.removeAll { $0.order == order }
      traces.append((order, trace))
      if traces.count > Self.readyCount { traces.removeFirst() }
    }
  }

  // MARK: JSON

  private static func order(_ data: Data) throws -> TraceOrder {
    try RequestJSON.decoded(TraceOrder.self, data)
  }

  static func data(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(value)
  }
}
