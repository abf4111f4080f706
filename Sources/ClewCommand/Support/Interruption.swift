internal import Clew
internal import Dispatch
internal import Foundation

/// Ctrl-C and polite requests to end: nothing half-written stays, nothing that was there is lost.
enum Interruption {
  // Kept for the life of the process: a source that is freed no longer fires.
  nonisolated(unsafe) private static var sources: [any DispatchSourceSignal] = []

  /// Ends the process at the signals for it, with the status that shells expect.
  static func watch() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        // On a terminal the message stands below the progress bar.
        Terminal.complain("\(Terminal.isWatched ? "\n" : "")clew: stopped; nothing was written.")
        FileBatch.endProcess(status: 128 + number)
      }
      source.resume()
      sources.append(source)
    }
    signal(SIGPIPE, SIG_DFL)
  }
}
