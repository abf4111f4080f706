internal import CKernels
internal import Foundation
internal import Synchronization

/// How much memory there is, and how much this process holds.
public enum Memory {
  private static let keeps = Atomic<Bool>(true)
  private static let earlierPeak = Atomic<Int>(0)

  /// Whether pages of mapped weights stay in memory once a product has read them. Kept, they are at hand for the next
  /// prompt; given back, at most a few tiles of weights lie in memory at a time. Results do not depend on it.
  public static var keepsPages: Bool {
    get { keeps.load(ordering: .relaxed) }
    set { keeps.store(newValue, ordering: .relaxed) }
  }

  /// Bytes that are free for new work, as far as the system says.
  public static var available: Int {
    for line in lines(of: "/proc/meminfo") where line.hasPrefix("MemAvailable:") {
      if let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) {
        return kibibytes << 10
      }
    }
    return Int(ProcessInfo.processInfo.physicalMemory)
  }

  /// Bytes that this process holds now, mapped files included; 0 where the system does not say.
  public static var resident: Int {
    let pages = lines(of: "/proc/self/statm").first?.split(separator: " ").dropFirst().first
    return (pages.flatMap { Int($0) } ?? 0) * Int(getpagesize())
  }

  /// The most bytes that this process has held, mapped files included.
  public static var peak: Int {
    let peak = max(earlierPeak.load(ordering: .relaxed), recentPeak)
    guard peak == 0 else { return peak }
    // Second best: it counts the process that started this one, if that held more.
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }

  /// Begins a new measurement of ``recentPeak``.
  public static func resetPeak() {
    earlierPeak.store(peak, ordering: .relaxed)
    try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
  }

  /// The most bytes that this process has held since ``resetPeak()``; 0 where the system does not say.
  public static var recentPeak: Int {
    let line = lines(of: "/proc/self/status").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }

  /// Gives memory that was freed back to the system, where it is asked to hold on to little.
  public static func giveBack() {
    if !keepsPages { ck_give_back() }
  }

  private static func lines(of path: String) -> [Substring] {
    ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n")
  }
}
