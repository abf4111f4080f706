public import Attribution
internal import Foundation
internal import Synchronization

/// Traces prompts one after the other on a thread of their own, and tells any number of observers how far they are.
///
/// At most ``capacity`` orders wait, counting finished traces that nobody has asked for; more are refused. A trace that waits
/// or runs can be cancelled. What was asked for, failed or was cancelled is kept until ``keptCount`` later ones are too.
public actor TraceQueue {
  /// How a trace stands.
  public enum State: String, Codable, Sendable {
    case waiting, running, finished, failed, cancelled
    /// Whether nothing more will happen.
    public var isEnd: Bool { self != .waiting && self != .running }
  }

  /// One trace, as observers see it.
  public struct Job: Codable, Equatable, Sendable {
    public let id: Int
    public let order: TraceOrder
    public internal(set) var state: State
    /// What is being done.
    public internal(set) var phase: String
    /// The part of the work that is done, 0 to 1; it does not fall.
    public internal(set) var fraction: Double
    /// Since the work began.
    public internal(set) var seconds: Double
    /// What went wrong, in a sentence.
    public internal(set) var message: String?
  }

  /// All traces that are known at one moment.
  public struct Snapshot: Codable, Equatable, Sendable {
    /// Grows with every change.
    public let revision: Int
    /// By id, which grows with every order.
    public let jobs: [Job]
  }

  /// What traces: called on the queue's thread.
  public typealias Work =
    @Sendable (
      _ order: TraceOrder, _ progress: @escaping @Sendable (AttributionProgress) -> Void,
      _ isCancelled: @escaping @Sendable () -> Bool
    ) throws -> PromptTrace

  public let capacity: Int
  public let keptCount: Int
  /// The next trace begins once fewer finished ones than this wait to be asked for.
  public let unreadCount: Int
  private let work: Work
  private let thread = WorkThread(named: "clew.traces")
  private var entries: [Int: Entry] = [:]
  private var waiting: [Int] = []
  private var running: Int?
  private var nextID = 1
  private var revision = 0
  private var observers: [Int: AsyncStream<Snapshot>.Continuation] = [:]
  private var nextObserver = 0

  private struct Entry {
    var job: Job
    let control: Control
    var began: ContinuousClock.Instant?
    var trace: PromptTrace?
    /// Whether somebody has asked for the trace, or there is none to ask for.
    var isRead = false
  }

  /// A queue in front of a live model.
  /// - Parameter unreadCount: Where somebody is sure to ask for every trace: how many finished ones may wait for that before the
  ///   next begins. As many as are taken by default.
  public init(_ model: LiveModel, capacity: Int = 16, keptCount: Int = 16, unreadCount: Int? = nil) {
    self.init(capacity: capacity, keptCount: keptCount, unreadCount: unreadCount) {
      order, progress, isCancelled in
      try model.trace(order, progress: progress, isCancelled: isCancelled)
    }
  }

  /// A queue in front of anything that traces.
  public init(
    capacity: Int = 16, keptCount: Int = 16, unreadCount: Int? = nil, work: @escaping Work
  ) {
    self.capacity = max(1, capacity)
    self.unreadCount = max(1, unreadCount ?? .max)
    self.keptCount = max(1, keptCount)
    self.work = work
  }

  // MARK: Orders

  /// Puts an order at the end of the queue.
  /// - Returns: The trace's id.
  /// - Throws: ``ExploringError/queueFull(capacity:)`` if as many wait as may.
  public func add(_ order: TraceOrder) throws(ExploringError) -> Int {
    guard waiting.count + unread < capacity else { throw .queueFull(capacity: capacity) }
    let id = nextID
    nextID += 1
    let job = Job(id: id, order: order, state: .waiting, phase: "waiting", fraction: 0, seconds: 0)
    entries[id] = Entry(job: job, control: Control())
    waiting.append(id)
    if running == nil { startNext() }
    // Beginning tells the observers as well.
    if running != id { changed() }
    return id
  }

  /// Takes a trace out of the queue, or stops it where it is; one that has ended stays as it is.
  /// - Throws: ``ExploringError/noSuchTrace(id:)`` for a trace that is not known any more.
  public func cancel(_ id: Int) throws(ExploringError) {
    guard let entry = entries[id] else { throw .noSuchTrace(id: id) }
    entry.control.cancel()
    guard entry.job.state == .waiting else { return }
    waiting.removeAll { $0 == id }
    close(id, as: .cancelled)
    changed()
  }

  /// The trace that an order led to.
  /// - Returns: `nil` while there is none, or for good if it failed or was cancelled.
  /// - Throws: ``ExploringError/noSuchTrace(id:)`` for a trace that is not known any more.
  public func trace(_ id: Int) throws(ExploringError) -> PromptTrace? {
    guard let entry = entries[id] else { throw .noSuchTrace(id: id) }
    if entry.trace != nil, !entry.isRead {
      entries[id]?.isRead = true
      forget()
      startNext()
    }
    return entry.trace
  }

  /// The same, and the queue lets go of the trace; its job stays known.
  public func take(_ id: Int) throws(ExploringError) -> PromptTrace? {
    let trace = try trace(id)
    entries[id]?.trace = nil
    return trace
  }

  /// How many finished traces nobody has asked for.
  private var unread: Int { entries.values.count { $0.job.state == .finished && !$0.isRead } }

  // MARK: Observers

  /// How all traces stand now.
  public var snapshot: Snapshot {
    Snapshot(revision: revision, jobs: entries.keys.sorted().compactMap { entries[$0].map(current) })
  }

  /// How all traces stand now, and again after every change; who is slow sees the latest only.
  public func changes() -> AsyncStream<Snapshot> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Snapshot.self, bufferingPolicy: .bufferingNewest(1))
    let observer = nextObserver
    nextObserver += 1
    observers[observer] = continuation
    continuation.onTermination = { [weak self] _ in
      Task { [weak self] in await self?.forget(observer) }
    }
    continuation.yield(snapshot)
    return stream
  }

  /// Waits until a trace has ended.
  public func end(of id: Int) async throws -> Job {
    for await snapshot in changes() {
      guard let job = snapshot.jobs.first(where: { $0.id == id }) else {
        throw ExploringError.noSuchTrace(id: id)
      }
      if job.state.isEnd { return job }
    }
    throw CancellationError()
  }

  private func forget(_ observer: Int) { observers[observer] = nil }

  private func changed() {
    revision += 1
    let snapshot = snapshot
    for observer in observers.values { observer.yield(snapshot) }
  }

  /// A job with what its thread says of it.
  private func current(_ entry: Entry) -> Job {
    var job = entry.job
    guard job.state == .running else { return job }
    let progress = entry.control.progress
    job.phase = progress.phase
    job.fraction = progress.fraction
    job.seconds = entry.began.map(Self.seconds) ?? 0
    return job
  }

  private static func seconds(since start: ContinuousClock.Instant) -> Double {
    let (seconds, parts) = (ContinuousClock.now - start).components
    return Double(seconds) + Double(parts) * 1e-18
  }

  // MARK: The work

  private func startNext() {
    guard running == nil, !waiting.isEmpty, unread < unreadCount else { return }
    let id = waiting.removeFirst()
    guard var entry = entries[id] else { return }
    running = id
    entry.job.state = .running
    entry.began = .now
    entries[id] = entry
    let (thread, work, order, control) = (thread, work, entry.job.order, entry.control)
    Task {
      let result: Result<PromptTrace, any Error>
      do {
        let trace = try await thread.run {
          try work(
            order, { if control.note($0) { Task { await self.progressed(id) } } }, { control.isCancelled })
        }
        result = .success(trace)
      } catch {
        result = .failure(error)
      }
      ended(id, result)
    }
    changed()
  }

  private func progressed(_ id: Int) { if running == id { changed() } }

  private func ended(_ id: Int, _ result: Result<PromptTrace, any Error>) {
    if let entry = entries[id] {
      entries[id]?.job = current(entry)
      switch result {
      // What was cancelled too late to be stopped is not wanted either.
      case _ where entry.control.isCancelled: close(id, as: .cancelled)
      case .success(let trace):
        entries[id]?.trace = trace
        close(id, as: .finished)
      case .failure(let error): close(id, as: .failed, saying: "\(error)")
      }
    }
    running = nil
    startNext()
    if running == nil { changed() }
  }

  /// Ends a job.
  private func close(_ id: Int, as state: State, saying message: String? = nil) {
    entries[id]?.job.state = state
    entries[id]?.job.phase = state.rawValue
    entries[id]?.job.message = message
    if state == .finished { entries[id]?.job.fraction = 1 }
    entries[id]?.isRead = state != .finished
    forget()
  }

  /// Forgets the oldest of those that nobody waits for.
  private func forget() {
    let ended = entries.values.filter { $0.job.state.isEnd && $0.isRead }.map(\.job.id).sorted()
    for old in ended.dropLast(keptCount) { entries[old] = nil }
  }
}

/// What the queue and the thread tell each other about one trace.
private final class Control: Sendable {
  private struct State {
    var isCancelled = false
    var progress = AttributionProgress(phase: "starting", fraction: 0)
    var noted: ContinuousClock.Instant?
  }

  private let state = Mutex(State())
  /// Within a phase, observers need no more than this many reports a second.
  private static let reportsPerSecond = 20

  var isCancelled: Bool { state.withLock { $0.isCancelled } }
  var progress: AttributionProgress { state.withLock { $0.progress } }

  func cancel() { state.withLock { $0.isCancelled = true } }

  /// Takes a report of the thread.
  /// - Returns: Whether observers should hear of it.
  func note(_ progress: AttributionProgress) -> Bool {
    state.withLock { state in
      let isNewPhase = state.progress.phase != progress.phase
      state.progress = AttributionProgress(
        phase: progress.phase, fraction: max(state.progress.fraction, progress.fraction))
      let now = ContinuousClock.now
      let isDue = state.noted.map { now - $0 > .seconds(1) / Self.reportsPerSecond } ?? true
      guard isDue || isNewPhase else { return false }
      state.noted = now
      return true
    }
  }
}
