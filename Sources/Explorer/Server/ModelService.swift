public import Foundation

/// What the explorer does with a live model. The server knows no models; who starts it fulfils this.
///
/// Orders and outcomes pass through as JSON, for the page writes the ones and reads the others.
public protocol ModelService: Sendable {
  /// What the page calls the model.
  var modelName: String { get }
  /// What the page calls its transcoders.
  var transcodersName: String { get }

  /// What the model expects at every token of the prompt that an order traces.
  func answers(to order: Data) async throws -> Data
  /// Puts a trace at the end of the queue.
  /// - Returns: Its number.
  func add(_ order: Data) async throws -> Int
  /// Stops a trace, or takes it out of the queue.
  func cancel(_ number: Int) async throws
  /// How all traces stand, now and after every change.
  func changes() async -> AsyncStream<TraceNews>
  /// The graph of a finished trace; `nil` if it led to none.
  func source(of number: Int) async throws -> GraphSource?

  /// Changes features of a traced prompt: what the graph predicts, and what the model does.
  /// - Parameter trace: The order that led to the graph, ``GraphSource/order``.
  func outcome(of order: Data, on trace: Data) async throws -> Data
  /// Takes sets of features away, and measures the answers without them.
  func cuts(_ order: Data, on trace: Data) async throws -> Data
}

/// How all traces stand.
public struct TraceNews: Sendable {
  /// Every trace with its state and progress, in JSON.
  public var jobs: Data
  /// The numbers of those that are finished.
  public var finished: [Int]

  public init(jobs: Data, finished: [Int]) {
    self.jobs = jobs
    self.finished = finished
  }
}

/// A request that the model's side refuses, in a sentence.
public struct ModelRefusal: Error, CustomStringConvertible {
  public let description: String
  /// Whether the same may be granted a little later.
  public let isForNow: Bool

  public init(_ description: String, isForNow: Bool = false) {
    (self.description, self.isForNow) = (description, isForNow)
  }
}
