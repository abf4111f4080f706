internal import Clew
internal import Dispatch
internal import Foundation
internal import Synchronization

/// Ctrl-C and polite requests to end: nothing half-written stays, nothing that was there is lost.
enum Interruption {
  // Kept for the life of the process: a source that is freed no longer fires.
  nonisolated(unsafe) private static var sources: [any DispatchSourceSignal] = []
  private static let saves = Atomic<Bool>(false)
  private static let signal = Atomic<Int32>(0)
  private static let kept = Mutex<String?>(nil)

  /// Whether the work at hand saves what it has and ends by itself at the first signal; a second one ends it at once.
  static var waitsForSave: Bool {
    get { saves.load(ordering: .relaxed) }
    set { saves.store(newValue, ordering: .relaxed) }
  }
  /// What a message at the end says of the work's files, if more can be said than whether any are finished.
  static var whatIsKept: String? {
    get { kept.withLock { $0 } }
    set { kept.withLock { $0 = newValue } }
  }
  /// Whether a signal has come that the work at hand should heed.
  static var isRequested: Bool { signal.load(ordering: .relaxed) != 0 }
  /// The status to end with after a signal, as shells expect it.
  static var status: Int32 { 128 + signal.load(ordering: .relaxed) }

  /// Ends the process at the signals for it, with the status that shells expect.
  static func watch() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      Foundation.signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if waitsForSave, signal.exchange(number, ordering: .relaxed) == 0 { return }
        // On a terminal the message stands below the progress bar.
        let start = "\(Terminal.isWatched ? "\n" : "")clew: stopped; "
        FileBatch.endProcess(status: 128 + number) { hasFinished in
          let kept =
            waitsForSave
            ? "what was saved before is kept"
            : whatIsKept ?? (hasFinished ? "what was finished before is kept" : "nothing was written")
          Terminal.complain("\(start)\(kept).")
        }
      }
      source.resume()
      sources.append(source)
    }
    Foundation.signal(SIGPIPE, SIG_DFL)
  }
}
