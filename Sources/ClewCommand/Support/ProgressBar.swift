internal import Clew
internal import Dispatch
internal import Foundation
internal import Synchronization

/// How far a piece of work has come, and how long it will still take, on standard error: on a terminal one line that changes,
/// elsewhere, in a log say, a line every ten seconds.
final class ProgressBar: Sendable {
  private struct State {
    var phase = ""
    var fraction = 0.0
    var lastDrawn: ContinuousClock.Instant?
    /// Whether there is work to tell of.
    var isActive = false
  }

  /// How often a log gets a line.
  static let logInterval = 10

  private let isQuiet: Bool
  private let start = ContinuousClock().now
  private let state = Mutex(State())
  /// Rings while nobody watches, so that a log has its line however long a step takes; `nil` on a terminal.
  // Dispatch's objects may be used from any thread, which their types do not say.
  nonisolated(unsafe) private let bell: (any DispatchSourceTimer)?

  /// - Parameter isQuiet: Whether to show nothing.
  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    bell = isQuiet || Terminal.isWatched ? nil : DispatchSource.makeTimerSource(queue: .global())
    let interval = DispatchTimeInterval.seconds(Self.logInterval)
    bell?.setEventHandler { [weak self] in self?.log() }
    bell?.schedule(deadline: .now() + interval, repeating: interval)
    bell?.activate()
  }

  deinit { bell?.cancel() }

  /// Says what is being done. On a terminal the line is drawn at most ten times a second within a phase.
  /// - Parameter fraction: The part of all work that is done, 0 to 1.
  func show(_ phase: String, fraction: Double) {
    guard !isQuiet else { return }
    let now = ContinuousClock().now
    let line = state.withLock { state -> String? in
      let isSame = state.isActive && phase == state.phase
      (state.phase, state.fraction, state.isActive) = (phase, fraction, true)
      guard bell == nil else { return nil }
      if isSame, let last = state.lastDrawn, now - last < .milliseconds(100) { return nil }
      state.lastDrawn = now
      return "\r\u{1B}[2K\(bar(fraction)) \(Terminal.visible(phase))\(timeLeft(fraction, now))"
    }
    if let line { Terminal.write(line) }
  }

  /// Takes the line away; a log gets no more.
  func clear() {
    let wasDrawn = state.withLock { state in
      defer { state = State() }
      return state.lastDrawn != nil
    }
    if wasDrawn { Terminal.write("\r\u{1B}[2K") }
  }

  /// One line of a log.
  private func log() {
    let now = ContinuousClock().now
    let line = state.withLock { state -> String? in
      guard state.isActive else { return nil }
      let part = state.fraction > 0 ? ", \(NumberText.percent(min(1, state.fraction)))" : ""
      return "clew: \(state.phase)\(part)\(timeLeft(state.fraction, now))"
    }
    if let line { Terminal.complain(line) }
  }

  private func bar(_ fraction: Double) -> String {
    let width = 24
    let done = fraction > 0 ? Int((min(1, fraction) * Double(width)).rounded()) : 0
    return String(repeating: "█", count: done) + String(repeating: "·", count: width - done)
  }

  private func timeLeft(_ fraction: Double, _ now: ContinuousClock.Instant) -> String {
    let elapsed = Double((now - start).components.seconds)
    guard fraction > 0.05, fraction < 1, elapsed >= 1 else { return "" }
    let seconds = Int((elapsed / fraction * (1 - fraction)).rounded(.up))
    return ", about \(seconds < 600 ? "\(seconds) s" : "\((seconds + 59) / 60) min") left"
  }
}
