internal import Foundation

/// Seconds by phase: on the wall, and of the processor over all threads.
public struct PhaseClock {
  /// One phase that has ended.
  public struct Phase: Sendable {
    public let name: String
    public let wallSeconds: Double
    public let cpuSeconds: Double
  }

  private var wall = Self.now(CLOCK_MONOTONIC)
  private var cpu = Self.now(CLOCK_PROCESS_CPUTIME_ID)
  /// The phases that have ended, in order.
  public private(set) var phases: [Phase] = []

  public init() {}

  /// Ends the phase that runs and starts the next.
  public mutating func end(_ name: String) {
    let (wallEnd, cpuEnd) = (Self.now(CLOCK_MONOTONIC), Self.now(CLOCK_PROCESS_CPUTIME_ID))
    phases.append(Phase(name: name, wallSeconds: wallEnd - wall, cpuSeconds: cpuEnd - cpu))
    (wall, cpu) = (wallEnd, cpuEnd)
  }

  /// Leaves out the time since the last phase ended.
  public mutating func skip() {
    (wall, cpu) = (Self.now(CLOCK_MONOTONIC), Self.now(CLOCK_PROCESS_CPUTIME_ID))
  }

  private static func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
