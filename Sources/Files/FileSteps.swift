internal import Foundation
internal import Synchronization

/// The calls that change the disk, counted, so that a test can end the process before any of them or let it fail.
///
/// Only debug builds have it. The environment variable `CLEW_FILE_STEP` says `kill:7` to end the process before its seventh
/// such call, `hold:7` to hold it there for an hour, and `fail:7` to let that call fail as on a full disk; with the name of
/// a file, `fail:graph.svg`, it is the call that makes that file. `CLEW_FILE_LACK` says what the file system is to lack.
enum FileSteps {
  #if DEBUG
    /// What happens at one of the calls.
    final class Plan: Sendable {
      enum Event: String { case kill, hold, fail }
      private let event: Event
      private let place: String
      private let count = Atomic<Int>(0)

      init(_ event: Event, at step: Int) { (self.event, place) = (event, "\(step)") }

      init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let event = Event(rawValue: String(parts[0])) else { return nil }
        (self.event, place) = (event, String(parts[1]))
      }

      /// How many calls there were.
      var reached: Int { count.load(ordering: .relaxed) }

      func next(_ file: String?) -> Int32 {
        let number = count.add(1, ordering: .relaxed).newValue
        guard place == "\(number)" || place == file else { return 0 }
        switch event {
        case .kill: kill(getpid(), SIGKILL)
        case .hold: sleep(3600)
        case .fail: return ENOSPC
        }
        return 0
      }
    }

    /// The plan of one test.
    @TaskLocal static var plan: Plan?
    private static let processPlan = ProcessInfo.processInfo.environment["CLEW_FILE_STEP"].flatMap {
      Plan($0)
    }

    /// Whether a test wants a file system on which folders cannot be exchanged, or hidden ones not lie beside them.
    enum Lack: String { case exchange, siblings }
    @TaskLocal static var lack: Lack?
    private static let processLack = ProcessInfo.processInfo.environment["CLEW_FILE_LACK"]
      .flatMap { Lack(rawValue: $0) }
    static func lacks(_ what: Lack) -> Bool { (lack ?? processLack) == what }

    /// The error number with which the next call is to fail; 0 lets it happen.
    /// - Parameter file: The name of the file that it makes.
    static func next(_ file: String? = nil) -> Int32 { (plan ?? processPlan)?.next(file) ?? 0 }
  #else
    enum Lack { case exchange, siblings }
    @inline(__always) static func lacks(_ what: Lack) -> Bool { false }
    @inline(__always) static func next(_ file: String? = nil) -> Int32 { 0 }
  #endif
}
