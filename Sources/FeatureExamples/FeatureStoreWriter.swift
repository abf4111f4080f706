internal import Files
internal import Foundation
internal import GRDB
internal import Tokenization
internal import Transcoding

/// A database of feature examples that is being built, under a name of its own beside its place.
final class FeatureStoreWriter {
  private let queue: DatabaseQueue
  private let url: URL

  /// Where a build is kept until it is finished.
  static func partial(of url: URL) -> URL { URL(filePath: url.path + ".partial") }

  private init(_ queue: DatabaseQueue, url: URL) {
    self.queue = queue
    self.url = url
  }

  /// Removes an unfinished build.
  static func discard(partOf url: URL) {
    for suffix in ["", "-journal"] { unlink(partial(of: url).path + suffix) }
  }

  /// Begins a build.
  static func begin(
    at url: URL, provenance: FeatureProvenance, tokenTexts: [String]
  ) throws -> FeatureStoreWriter {
    let path = partial(of: url).path
    return try FeatureStore.understandably(path) {
      let queue = try DatabaseQueue(path: path, configuration: FeatureStore.configuration(isReadOnly: false))
      try queue.write { database in
        try database.execute(
          sql: """
            PRAGMA application_id = \(FeatureStore.applicationID);
            PRAGMA user_version = \(FeatureStore.layoutVersion);
            CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE tokens (id INTEGER PRIMARY KEY, text TEXT NOT NULL, count INTEGER NOT NULL);
            CREATE TABLE features (
              id INTEGER PRIMARY KEY, statistics BLOB NOT NULL, promoted BLOB, proposed TEXT);
            CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
            """)
        let naming = try database.makeStatement(sql: "INSERT INTO tokens VALUES (?, ?, 0)")
        for (token, text) in tokenTexts.enumerated() { try naming.execute(arguments: [token, text]) }
        try put(provenance, "provenance", database)
        try put(FeatureProgress(), "progress", database)
      }
      return FeatureStoreWriter(queue, url: url)
    }
  }

  /// Goes on with a build: puts what it had counted into a collector.
  static func resume(
    at url: URL, provenance: FeatureProvenance, into collector: FeatureCollector
  ) throws -> FeatureStoreWriter {
    let file = partial(of: url)
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw FeatureExamplesError.nothingToResume(path: url.path)
    }
    let store = try FeatureStore(file, configuration: FeatureStore.configuration(isReadOnly: false))
    if let reason = provenance.difference(to: store.provenance) {
      throw FeatureExamplesError.mismatch(path: file.path, reason: reason)
    }
    try read(store, into: collector)
    return FeatureStoreWriter(store.queue, url: url)
  }

  /// A finished database that a build would end with, with its counts put into a collector; `nil` if there is none, or an
  /// unfinished build beside it.
  static func finished(
    at url: URL, by provenance: FeatureProvenance, into collector: FeatureCollector
  ) throws -> FeatureStore? {
    guard !FileManager.default.fileExists(atPath: partial(of: url).path),
      let store = try? FeatureStore(reading: url), provenance.difference(to: store.provenance) == nil
    else { return nil }
    try read(store, into: collector)
    return store
  }

  /// Whether a build was ended before it had saved anything.
  static func isBlank(partOf url: URL) throws -> Bool {
    let path = partial(of: url).path
    guard FileManager.default.fileExists(atPath: path) else { return false }
    return try FeatureStore.understandably(path) {
      let queue = try DatabaseQueue(path: path, configuration: FeatureStore.configuration(isReadOnly: false))
      defer { try? queue.close() }
      return try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") == 0 }
    }
  }

  /// Puts what a build had counted into a collector.
  private static func read(_ store: FeatureStore, into collector: FeatureCollector) throws {
    let path = store.path
    collector.rowCount = store.progress.rows
    collector.tokenCount = store.progress.tokens
    collector.positionCount = store.progress.positions
    func damaged() -> FeatureExamplesError { .damaged(path: path, reason: "its counts are none") }
    try FeatureStore.understandably(path) {
      try store.queue.read { database in
        let tokens = try Row.fetchCursor(database, sql: "SELECT id, count FROM tokens")
        while let row = try tokens.next() {
          guard let token = Int.fromDatabaseValue(row[0]), let count = Int.fromDatabaseValue(row[1]),
            collector.tokenFrequencies.indices.contains(token), count >= 0
          else { throw damaged() }
          collector.tokenFrequencies[token] = count
        }
        let features = try Row.fetchCursor(database, sql: "SELECT id, statistics FROM features")
        while let row = try features.next() {
          guard let id = Int64.fromDatabaseValue(row[0]), id >= 0, let bytes = Data.fromDatabaseValue(row[1]),
            let statistics = FeatureStatistics(bytes: Array(bytes)),
            collector.take(statistics, of: FeatureStore.feature(of: id))
          else { throw damaged() }
        }
      }
    }
  }

  /// How many texts an unfinished build has counted; `nil` if there is none worth keeping.
  static func rows(ofUnfinishedAt url: URL) throws -> Int? {
    let file = partial(of: url)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    do {
      let store = try FeatureStore(file, configuration: FeatureStore.configuration(isReadOnly: false))
      try store.queue.close()
      return store.progress.rows > 0 ? store.progress.rows : nil
    } catch FeatureExamplesError.damaged {
      return nil
    }
  }

  /// Refuses a place where a build would replace something else than its own result.
  /// - Parameter isReplacing: Whether databases of other origin may be replaced.
  static func checkPlace(
    _ url: URL, for provenance: FeatureProvenance, isReplacing: Bool
  ) throws(FeatureExamplesError) {
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    guard let store = try? FeatureStore(reading: url) else { throw .foreign(path: url.path) }
    guard !isReplacing else { return }
    if let origin = provenance.differentOrigin(of: store.provenance) {
      throw .occupied(path: url.path, reason: "it was built with \(origin)")
    }
  }

  /// Saves what has been counted since the last time, in one transaction.
  func checkpoint(_ collector: FeatureCollector) throws {
    try transaction { database in
      try Self.save(collector, database)
      try Self.put(Self.progress(of: collector, isComplete: false), "progress", database)
    }
    for layer in collector.layers {
      for index in layer.isChanged.indices { layer.isChanged[index] = false }
    }
  }

  private static func progress(of collector: FeatureCollector, isComplete: Bool) -> FeatureProgress {
    FeatureProgress(
      rows: collector.rowCount, tokens: collector.tokenCount, positions: collector.positionCount,
      isComplete: isComplete)
  }

  private static func save(_ collector: FeatureCollector, _ database: Database) throws {
    try saveFrequencies(collector, database)
    let saving = try database.makeStatement(
      sql: "INSERT OR REPLACE INTO features (id, statistics) VALUES (?, ?)")
    for layer in collector.layers {
      for index in layer.features.indices where layer.isChanged[index] {
        let id = FeatureStore.id(of: FeatureID(layer: layer.layer, index: index))
        try saving.execute(arguments: [id, Data(layer.features[index].bytes)])
      }
    }
  }

  private static func saveFrequencies(_ collector: FeatureCollector, _ database: Database) throws {
    let counting = try database.makeStatement(sql: "UPDATE tokens SET count = ? WHERE id = ?")
    for (token, count) in collector.tokenFrequencies.enumerated() where count > 0 {
      try counting.execute(arguments: [count, token])
    }
  }

  /// Saves what was found about a layer's features, in one transaction.
  ///
  /// Statistics stay as they were saved together with the number of texts; only features that were never active have no
  /// row yet.
  func finish(_ layer: LayerStatistics, _ found: [(tokens: PromotedTokens, label: String?, words: String)])
    throws
  {
    precondition(!layer.isChanged.contains(true), "layer \(layer.layer) has counts that are not saved")
    try transaction { database in
      let saving = try database.makeStatement(
        sql: """
          INSERT INTO features VALUES (?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET promoted = excluded.promoted, proposed = excluded.proposed
          """)
      let words = try database.makeStatement(sql: "INSERT OR REPLACE INTO words VALUES (?, ?)")
      for (index, entry) in found.enumerated() {
        let id = FeatureStore.id(of: FeatureID(layer: layer.layer, index: index))
        try saving.execute(
          arguments: [id, Data(layer.features[index].bytes), Data(entry.tokens.bytes), entry.label])
        try words.execute(arguments: [id, entry.words])
      }
    }
  }

  /// Marks the build as finished.
  func complete(_ collector: FeatureCollector) throws {
    try transaction { database in
      try Self.put(Self.progress(of: collector, isComplete: true), "progress", database)
    }
  }

  /// Closes the file and moves it into its place.
  func moveIntoPlace() throws {
    let path = Self.partial(of: url).path
    try FeatureStore.understandably(path) { try queue.close() }
    do throws(FileError) { try OutputPlace.move(path, to: url.path) } catch {
      guard case .cannotWrite(let path, let reason) = error else { throw error }
      throw FeatureExamplesError.cannotWrite(path: path, reason: reason)
    }
  }

  private func transaction(_ body: (Database) throws -> Void) throws {
    try FeatureStore.understandably(Self.partial(of: url).path) {
      try withoutActuallyEscaping(body) { body in
        try queue.write { try body($0) }
      }
    }
  }

  private static func put(_ value: some Encodable, _ key: String, _ database: Database) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    try database.execute(sql: "INSERT OR REPLACE INTO meta VALUES (?, ?)", arguments: [key, text])
  }
}

extension FeatureCollector {
  /// Takes over what a build had counted of a feature; `false` if there is no such feature or token here.
  func take(_ statistics: FeatureStatistics, of feature: FeatureID) -> Bool {
    guard layers.indices.contains(feature.layer),
      layers[feature.layer].features.indices.contains(feature.index)
    else { return false }
    let examples = statistics.top + statistics.samples.joined()
    let tokens = Token(tokenFrequencies.count)
    guard examples.allSatisfy({ $0.tokens.allSatisfy { $0 < tokens } }) else { return false }
    layers[feature.layer].features[feature.index] = statistics
    return true
  }
}
