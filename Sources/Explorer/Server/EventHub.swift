internal import Synchronization

/// Who is told of news: a page's socket.
protocol NewsReader: AnyObject, Sendable {
  func read(_ news: String)
}

/// Tells every open page what has changed: another tab's edits, a trace's progress.
final class EventHub: Sendable {
  private let readers = Mutex<[ObjectIdentifier: any NewsReader]>([:])
  private let limit: Int

  /// - Parameter limit: The most pages that are told.
  init(limit: Int) { self.limit = limit }

  /// Whether no more pages are told.
  var isFull: Bool { readers.withLock { $0.count >= limit } }

  /// Takes a page in.
  /// - Returns: Whether there was room.
  func add(_ reader: any NewsReader) -> Bool {
    readers.withLock { readers in
      guard readers.count < limit else { return false }
      readers[ObjectIdentifier(reader)] = reader
      return true
    }
  }

  func remove(_ reader: any NewsReader) {
    readers.withLock { readers in readers[ObjectIdentifier(reader)] = nil }
  }

  /// Sends one piece of news to all.
  func tell(_ news: String) {
    for reader in readers.withLock({ Array($0.values) }) { reader.read(news) }
  }
}
