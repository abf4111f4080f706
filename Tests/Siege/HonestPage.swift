import Foundation
import Synchronization

/// A page of the explorer as an honest reader has it, while others attack: it asks, and counts how long it waits.
///
/// In turn it opens a connection for each request, as a page that is opened does, and asks on one that stays open.
public final class HonestPage: Sendable {
  /// How long its answers took, in milliseconds.
  public struct Waits: Sendable {
    public var sorted: [Double]
    /// How many requests got no answer, or one of another status than 200.
    public var failures: Int

    public var count: Int { sorted.count }
    public var median: Double { at(0.5) }
    public var p99: Double { at(0.99) }
    public var maximum: Double { sorted.last ?? .nan }

    private func at(_ share: Double) -> Double {
      sorted.isEmpty ? .nan : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }
  }

  private let port: Int
  private let paths: [String]
  private let pause: Double
  private let state = Mutex((waits: [Double](), failures: 0, isOver: false))
  private let end = DispatchSemaphore(value: 0)

  /// Begins to ask.
  /// - Parameters:
  ///   - paths: What is asked for, one after the other.
  ///   - pause: The seconds between two requests.
  public init(port: Int, paths: [String], pause: Double = 0.02) {
    (self.port, self.paths, self.pause) = (port, paths, pause)
    Thread { [self] in ask() }.start()
  }

  /// Ends, and says how it went.
  public func finish() -> Waits {
    state.withLock { $0.isOver = true }
    end.wait()
    return state.withLock { Waits(sorted: $0.waits.sorted(), failures: $0.failures) }
  }

  private func ask() {
    defer { end.signal() }
    var kept: Line?
    var number = 0
    while !state.withLock({ $0.isOver }) {
      let path = paths[number / 2 % paths.count]
      let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n"
      let start = ContinuousClock.now
      var status: Int?
      if number.isMultiple(of: 2) {
        if let line = Line(port: port), line.send(request) { status = line.status() }
      } else {
        // A server may close a connection between two requests; a browser opens another then.
        if let line = kept, line.send(request) { status = line.status() }
        if status == nil {
          kept = Line(port: port)
          if let line = kept, line.send(request) { status = line.status() }
        }
      }
      let wait = (ContinuousClock.now - start) / .milliseconds(1)
      state.withLock { state in
        if status == 200 { state.waits.append(wait) } else { state.failures += 1 }
      }
      number += 1
      usleep(UInt32(pause * 1e6))
    }
  }
}
