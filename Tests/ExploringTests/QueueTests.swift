import Clew
import Foundation
import Synchronization
import Testing
import TinyModels

/// Traces in a queue: order, bounds, progress, cancellation.
@Suite(.timeLimit(.minutes(5))) struct QueueTests {
  /// Work that waits until it is let go, or cancelled, and keeps count.
  private final class Gate: Sendable {
    struct State {
      var isOpen = false
      var begun: [String] = []
      var atOnce = 0
      var mostAtOnce = 0
    }
    let state = Mutex(State())
    let trace: PromptTrace

    init() throws {
      trace = try PromptTrace.trace(TraceRequest(prompt: "w1 w2"), with: TinyModel.shared().open())
    }

    func open() { state.withLock { $0.isOpen = true } }

    func work(
      _ order: TraceOrder, _ progress: @Sendable (AttributionProgress) -> Void,
      _ isCancelled: @Sendable () -> Bool
    ) throws -> PromptTrace {
      state.withLock {
        $0.begun.append(order.prompt)
        $0.atOnce += 1
        $0.mostAtOnce = max($0.mostAtOnce, $0.atOnce)
      }
      defer { state.withLock { $0.atOnce -= 1 } }
      while !state.withLock({ $0.isOpen }) {
        if isCancelled() { throw AttributionError.cancelled }
        usleep(1000)
      }
      if order.prompt == "bad" { throw TransformerError.emptyPrompt }
      for step in 0...10 {
        progress(AttributionProgress(phase: "step \(step)", fraction: Double(10 - step) / 10))
      }
      return trace
    }

    func queue(capacity: Int = 16, keptCount: Int = 16) -> TraceQueue {
      TraceQueue(capacity: capacity, keptCount: keptCount) { [self] in try work($0, $1, $2) }
    }
  }

  @Test func `traces run one after the other, in their order, and give what tracing gives`() async throws {
    let model = try TinyModel.shared().open()
    let queue = TraceQueue(LiveModel(model))
    let prompts = ["w3 w14 w15", "w9 w26", "w3 w14 w15 w9", "w3 w14 w15"]
    var ids: [Int] = []
    for prompt in prompts { ids.append(try await queue.add(TraceOrder(prompt: prompt))) }
    #expect(ids == ids.sorted())
    for (id, prompt) in zip(ids, prompts) {
      let job = try await queue.end(of: id)
      #expect(job.state == .finished && job.fraction == 1 && job.order.prompt == prompt && job.message == nil)
      let trace = try #require(try await queue.trace(id))
      let plain = try PromptTrace.trace(TraceRequest(prompt: prompt), with: model)
      #expect(trace.result.graph.denseAdjacency() == plain.result.graph.denseAdjacency())
      #expect(try trace.pruning.graph.json() == plain.pruning.graph.json())
    }
    let gate = try Gate()
    let gated = gate.queue()
    for number in 0..<5 { _ = try await gated.add(TraceOrder(prompt: "\(number)")) }
    gate.open()
    _ = try await gated.end(of: 5)
    #expect(gate.state.withLock { $0.begun } == ["0", "1", "2", "3", "4"])
    #expect(gate.state.withLock { $0.mostAtOnce } == 1)
  }

  @Test func `more than the queue holds is refused, until one has left`() async throws {
    let gate = try Gate()
    let queue = gate.queue(capacity: 3)
    for number in 1...4 { #expect(try await queue.add(TraceOrder(prompt: "\(number)")) == number) }
    await #expect(throws: ExploringError.queueFull(capacity: 3)) {
      try await queue.add(TraceOrder(prompt: "5"))
    }
    try await queue.cancel(3)
    let fifth = try await queue.add(TraceOrder(prompt: "5"))
    #expect(await queue.snapshot.jobs.map(\.state) == [.running, .waiting, .cancelled, .waiting, .waiting])
    gate.open()
    _ = try await queue.end(of: fifth)
    #expect(gate.state.withLock { $0.begun } == ["1", "2", "4", "5"])
    #expect(try await queue.trace(3) == nil)
    #expect(try await queue.trace(4) != nil)
  }

  @Test func `a running trace stops where it is, and the next begins`() async throws {
    let gate = try Gate()
    let queue = gate.queue()
    let (first, second) = (
      try await queue.add(TraceOrder(prompt: "1")), try await queue.add(TraceOrder(prompt: "2"))
    )
    try await queue.cancel(first)
    #expect(try await queue.end(of: first).state == .cancelled)
    gate.open()
    #expect(try await queue.end(of: second).state == .finished)
    // Too late is not an error.
    try await queue.cancel(second)
    #expect(try await queue.end(of: second).state == .finished)
    await #expect(throws: ExploringError.noSuchTrace(id: 99)) { try await queue.cancel(99) }
  }

  @Test func `what fails says why, and the next goes on`() async throws {
    let gate = try Gate()
    gate.open()
    let queue = gate.queue()
    let (bad, good) = (
      try await queue.add(TraceOrder(prompt: "bad")), try await queue.add(TraceOrder(prompt: "2"))
    )
    let job = try await queue.end(of: bad)
    #expect(job.state == .failed && job.message == TransformerError.emptyPrompt.description)
    #expect(try await queue.end(of: good).state == .finished)
    #expect(try await queue.trace(bad) == nil)
  }

  @Test func `what ended long ago is forgotten`() async throws {
    let gate = try Gate()
    gate.open()
    let queue = gate.queue(keptCount: 2)
    for number in 1...4 {
      let id = try await queue.add(TraceOrder(prompt: "\(number)"))
      _ = try await queue.end(of: id)
      #expect(try await queue.trace(id) != nil)
    }
    #expect(await queue.snapshot.jobs.map(\.id) == [3, 4])
    await #expect(throws: ExploringError.noSuchTrace(id: 1)) { try await queue.trace(1) }
  }

  @Test func `what nobody has asked for is not forgotten, and too much of it is refused`() async throws {
    let gate = try Gate()
    gate.open()
    let queue = gate.queue(capacity: 5, keptCount: 1)
    var ids: [Int] = []
    while ids.count < 5 {
      ids.append(try await queue.add(TraceOrder(prompt: "\(ids.count)")))
      _ = try await queue.end(of: ids[ids.count - 1])
    }
    await #expect(throws: ExploringError.queueFull(capacity: 5)) {
      try await queue.add(TraceOrder(prompt: "6"))
    }
    // Failed ones are asked for by nobody.
    for id in ids { #expect(try await queue.take(id) != nil) }
    for _ in 0..<10 {
      _ = try await queue.end(of: try await queue.add(TraceOrder(prompt: "bad")))
    }
    #expect(await queue.snapshot.jobs.count == 1)
  }

  @Test func `the next waits until few enough are left to be asked for`() async throws {
    let gate = try Gate()
    gate.open()
    let queue = TraceQueue(capacity: 8, unreadCount: 2) { try gate.work($0, $1, $2) }
    for number in 0..<6 { _ = try await queue.add(TraceOrder(prompt: "\(number)")) }
    for id in 1...6 {
      #expect(try await queue.end(of: id).state == .finished)
      let states = await queue.snapshot.jobs.map(\.state)
      #expect(states.count { $0 == .finished } <= id + 1)
      #expect(try await queue.take(id) != nil)
      #expect(try await queue.take(id) == nil)
    }
  }

  @Test func `an order of more targets than anybody needs is refused at once`() throws {
    let model = try TinyModel.shared().open()
    let order = TraceOrder(prompt: "w1 w2", targets: Array(repeating: "w3", count: 100_000))
    #expect(throws: ExploringError.outOfRange(name: "the number of targets", value: 100_000, range: 1...256))
    {
      try order.request(for: model)
    }
    let places = (0..<20_000).map { FeaturePlace(layer: 0, index: $0, position: 1) }
    let trace = try PromptTrace.trace(TraceRequest(prompt: "w1 w2"), with: model)
    #expect(
      throws: ExploringError.outOfRange(
        name: "the number of changed features", value: 40_000, range: 0...10_000)
    ) {
      try trace.outcome(of: InterventionOrder([.swap(places, for: places)]), tokenizer: model.tokenizer)
    }
  }

  @Test func `every observer sees progress grow to its end`() async throws {
    let gate = try Gate()
    let queue = gate.queue()
    let id = try await queue.add(TraceOrder(prompt: "1"))
    let seen = try await withThrowingTaskGroup(of: [TraceQueue.Snapshot].self) { group in
      for _ in 0..<3 {
        let changes = await queue.changes()
        group.addTask {
          var seen: [TraceQueue.Snapshot] = []
          for await snapshot in changes {
            seen.append(snapshot)
            if snapshot.jobs.first(where: { $0.id == id })?.state.isEnd == true { break }
          }
          return seen
        }
      }
      gate.open()
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(seen.count == 3)
    for snapshots in seen {
      #expect(zip(snapshots, snapshots.dropFirst()).allSatisfy { $0.revision < $1.revision })
      let jobs = snapshots.compactMap(\.jobs.first)
      #expect(
        zip(jobs, jobs.dropFirst()).allSatisfy { $0.fraction <= $1.fraction && $0.seconds <= $1.seconds })
      #expect(jobs.last?.state == .finished)
    }
    let snapshot = await queue.snapshot
    let back = try JSONDecoder().decode(TraceQueue.Snapshot.self, from: JSONEncoder().encode(snapshot))
    #expect(back == snapshot)
  }

  @Test func `waiting work holds up no other task`() async throws {
    let gate = try Gate()
    let queues = (0..<12).map { _ in gate.queue() }
    for queue in queues { _ = try await queue.add(TraceOrder(prompt: "1")) }
    while gate.state.withLock({ $0.atOnce }) < 12 { await Task.yield() }
    // Were the traces on the cooperative pool, more of them than processors would leave no thread for these.
    let sum = await withTaskGroup(of: Int.self) { group in
      for number in 0..<100 { group.addTask { number } }
      return await group.reduce(0, +)
    }
    #expect(sum == 4950)
    gate.open()
    for queue in queues { #expect(try await queue.end(of: 1).state == .finished) }
  }

  @Test func `a large trace stops in the middle of its work`() async throws {
    var settings = TinyModel.settings
    settings.layerCount = 6
    settings.dModel = 192
    settings.headCount = 4
    settings.contextLength = 128
    settings.featureCount = 512
    settings.activeFeatures = 40
    settings.vocabularyCount = 500
    // Its folder goes when nobody holds it any more.
    let tiny = try TinyModel(settings)
    defer { withExtendedLifetime(tiny) {} }
    let queue = TraceQueue(LiveModel(try tiny.open()))
    var order = TraceOrder(prompt: settings.prompt(tokenCount: 100))
    order.coverage = 1
    // On a busy machine this task may sleep until the trace has ended; then another is tried.
    for tries in 0..<20 {
      order.prompt = settings.prompt(tokenCount: 100 - tries)
      let id = try await queue.add(order)
      for await snapshot in await queue.changes() {
        let job = try #require(snapshot.jobs.first { $0.id == id })
        if job.phase.hasPrefix("attributing layer") || job.state.isEnd { break }
      }
      try await queue.cancel(id)
      let job = try await queue.end(of: id)
      guard job.state == .cancelled, job.fraction < 1 else { continue }
      #expect(job.fraction > 0)
      #expect(try await queue.trace(id) == nil)
      return
    }
    Issue.record("every trace had ended before it could be stopped")
  }

  @Test func `a trace that is not wanted throws, before its work and in it`() throws {
    let model = try TinyModel.shared().open()
    let calls = Mutex(0)
    #expect(throws: AttributionError.cancelled) {
      try PromptTrace.trace(TraceRequest(prompt: "w1 w2 w3"), with: model, isCancelled: { true })
    }
    func trace(stoppingAt limit: Int) throws -> PromptTrace {
      calls.withLock { $0 = 0 }
      return try PromptTrace.trace(
        TraceRequest(prompt: "w1 w2 w3"), with: model,
        isCancelled: {
          calls.withLock {
            $0 += 1
            return $0 == limit
          }
        })
    }
    let whole = try trace(stoppingAt: -1)
    let count = calls.withLock { $0 }
    #expect(count > 10)
    // Wherever it is asked, a single yes ends it; nothing half-made comes out.
    for limit in 1...count { #expect(throws: AttributionError.cancelled) { try trace(stoppingAt: limit) } }
    let again = try trace(stoppingAt: count + 1)
    #expect(again.result.graph.denseAdjacency() == whole.result.graph.denseAdjacency())
  }
}
