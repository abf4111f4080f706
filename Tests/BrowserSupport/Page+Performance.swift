import AttributionGraphs

/// When a page was painted during a stretch of time.
public struct FrameTimes: Sendable {
  /// The times between one frame and the next, in milliseconds.
  public let intervals: [Double]

  /// The frames a second, over the whole stretch.
  public var perSecond: Double {
    let total = intervals.reduce(0, +)
    return total > 0 ? 1000 * Double(intervals.count) / total : 0
  }

  /// The longest time without a frame, in milliseconds; a stretch without frames is infinite.
  public var longest: Double { intervals.max() ?? .infinity }
}

extension Page {
  /// Measures how often the page is painted while something happens.
  public func frameTimes(during action: () async throws -> Void) async throws -> FrameTimes {
    try await run(
      """
      globalThis.clewFrames = [];
      globalThis.clewTick = time => {
        clewFrames?.push(time);
        if (clewFrames) requestAnimationFrame(clewTick);
      };
      requestAnimationFrame(clewTick);
      """)
    try await action()
    let times: [Double] = try await evaluate("(times => (clewFrames = null, times))(clewFrames)")
    return FrameTimes(intervals: zip(times, times.dropFirst()).map { $1 - $0 })
  }

  /// The bytes that the page's scripts hold, after what nobody holds was collected.
  public func heapSize() async throws -> Int {
    try await command("HeapProfiler.collectGarbage", within: .seconds(60))
    return try await command("Runtime.getHeapUsage")["usedSize"].int ?? 0
  }
}
