public import Foundation
internal import GRDB
public import Tokenization
public import Transcoding

/// A database of feature examples: statistics, examples, promoted tokens and proposed labels of every feature.
///
/// One SQLite file, whose `user_version` is that of the layout. A feature's row number is its layer times 2³² plus its
/// index, so that it is found at once among millions.
public final class FeatureStore: Sendable {
  static let applicationID: Int32 = 0x436C_6577  // "Clew"
  static let layoutVersion = 1

  let queue: DatabaseQueue
  public let path: String
  public let provenance: FeatureProvenance
  public let progress: FeatureProgress

  /// What the database beside a folder's weights is called.
  public static let usualFile = "features.sqlite"

  /// Opens a finished database to read from it.
  public convenience init(reading url: URL) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue else {
      throw FeatureExamplesError.noDatabase(path: url.path)
    }
    try self.init(url, configuration: Self.configuration(isReadOnly: true))
    guard progress.isComplete else {
      throw FeatureExamplesError.damaged(path: path, reason: "its build was not finished")
    }
  }

  /// Opens a database that is there.
  init(_ url: URL, configuration: Configuration) throws {
    path = url.path
    let path = path
    (queue, provenance, progress) = try Self.understandably(path) {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      let (provenance, progress) = try queue.read { database in
        try Self.check(database, path: path)
        return (
          try Self.meta(FeatureProvenance.self, "provenance", database, path: path),
          try Self.meta(FeatureProgress.self, "progress", database, path: path)
        )
      }
      return (queue, provenance, progress)
    }
    let counts = provenance.featureCounts
    guard counts.allSatisfy({ (0..<1 << 31).contains($0) }), progress.positions >= 0, counts.count < 1 << 16
    else { throw FeatureExamplesError.damaged(path: path, reason: "its numbers of features are impossible") }
  }

  static func configuration(isReadOnly: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = isReadOnly
    configuration.busyMode = .immediateError
    configuration.prepareDatabase { database in
      if !isReadOnly { try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
    }
    return configuration
  }

  private static func check(_ database: Database, path: String) throws {
    func damaged(_ reason: String) -> FeatureExamplesError { .damaged(path: path, reason: reason) }
    guard try Int32.fetchOne(database, sql: "PRAGMA application_id") == applicationID else {
      throw damaged("another program wrote it")
    }
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    guard version == layoutVersion else {
      throw damaged("its layout is of version \(version), this Clew reads version \(layoutVersion)")
    }
  }

  static func meta<T: Decodable>(
    _ type: T.Type, _ key: String, _ database: Database, path: String
  ) throws -> T {
    let text = try String.fetchOne(database, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    guard let text, let value = try? JSONDecoder().decode(T.self, from: Data(text.utf8)) else {
      throw FeatureExamplesError.damaged(path: path, reason: "it does not say its \(key)")
    }
    return value
  }

  /// Turns what the database says into one sentence.
  static func understandably<R>(_ path: String, _ body: () throws -> R) throws -> R {
    do { return try body() } catch let error as DatabaseError {
      let reason = error.message ?? "SQLite reports error \(error.resultCode.rawValue)"
      switch error.resultCode {
      case .SQLITE_BUSY, .SQLITE_LOCKED: throw FeatureExamplesError.busy(path: path)
      case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
        throw FeatureExamplesError.cannotWrite(path: path, reason: reason)
      default: throw FeatureExamplesError.damaged(path: path, reason: reason)
      }
    } catch is RowDecodingError {
      throw FeatureExamplesError.damaged(
        path: path, reason: "a value is missing or of another type than its column's")
    }
  }

  /// Refuses to speak of other weights than those that the examples are of.
  public func check(transcoderFingerprint: String) throws(FeatureExamplesError) {
    guard transcoderFingerprint == provenance.transcoderFingerprint else {
      throw .mismatch(path: path, reason: "it was built for transcoders of another fingerprint")
    }
  }

  static func id(of feature: FeatureID) -> Int64 { Int64(feature.layer) << 32 | Int64(feature.index) }
  static func feature(of id: Int64) -> FeatureID {
    FeatureID(layer: Int(id >> 32), index: Int(id & 0xFFFF_FFFF))
  }

  /// What is known of a feature.
  public func record(of feature: FeatureID) throws -> FeatureRecord {
    func missing(_ reason: String) -> FeatureExamplesError {
      .noSuchFeature(layer: feature.layer, index: feature.index, reason: reason)
    }
    let counts = provenance.featureCounts
    guard counts.indices.contains(feature.layer) else {
      throw missing("layers go from 0 to \(counts.count - 1)")
    }
    guard (0..<counts[feature.layer]).contains(feature.index) else {
      throw missing("features of this layer go from 0 to \(counts[feature.layer] - 1)")
    }
    guard let record = try records(layer: feature.layer, feature.index..<feature.index + 1).first else {
      throw FeatureExamplesError.damaged(path: path, reason: "a feature is missing")
    }
    return record
  }

  /// What is known of a stretch of a layer's features, by index.
  public func records(layer: Int, _ indices: Range<Int>) throws -> [FeatureRecord] {
    let first = Self.id(of: FeatureID(layer: layer, index: indices.lowerBound))
    return try Self.understandably(path) {
      try queue.read { database in
        try Row.fetchAll(
          database,
          sql: "SELECT id, statistics, promoted, proposed FROM features WHERE id >= ? AND id < ? ORDER BY id",
          arguments: [first, first + Int64(indices.count)]
        ).map(record)
      }
    }
  }

  private func record(_ row: Row) throws -> FeatureRecord {
    guard let id = Int64.fromDatabaseValue(row[0]), let statistics = Data.fromDatabaseValue(row[1]),
      let promoted = Data.fromDatabaseValue(row[2]),
      let statistics = FeatureStatistics(bytes: Array(statistics)),
      let promoted = PromotedTokens(bytes: Array(promoted))
    else { throw FeatureExamplesError.damaged(path: path, reason: "a feature's numbers are none") }
    return FeatureRecord(
      feature: Self.feature(of: id), statistics: statistics, tokens: promoted,
      proposedLabel: String.fromDatabaseValue(row[3]))
  }

  /// What each token shows.
  /// - Parameter tokenizer: The model's, if it is at hand: then characters that take several tokens are whole.
  public func tokenTexts(tokenizer: Tokenizer? = nil) throws -> TokenTexts {
    try Self.understandably(path) {
      try queue.read { database in
        var texts: [String] = []
        let rows = try Row.fetchCursor(database, sql: "SELECT id, text FROM tokens ORDER BY id")
        while let row = try rows.next() {
          guard Int.fromDatabaseValue(row[0]) == texts.count, let text = String.fromDatabaseValue(row[1])
          else {
            throw FeatureExamplesError.damaged(path: path, reason: "its tokens are not numbered from 0")
          }
          texts.append(text)
        }
        return TokenTexts(texts: texts, tokenizer: tokenizer)
      }
    }
  }

  /// The proposed labels of all features that have one.
  func proposedLabels() throws -> [FeatureID: String] {
    try Self.understandably(path) {
      try queue.read { database in
        var labels: [FeatureID: String] = [:]
        let rows = try Row.fetchCursor(
          database, sql: "SELECT id, proposed FROM features WHERE proposed IS NOT NULL")
        while let row = try rows.next() {
          guard let id = Int64.fromDatabaseValue(row[0]), let label = String.fromDatabaseValue(row[1]) else {
            throw FeatureExamplesError.damaged(path: path, reason: "a label is none")
          }
          labels[Self.feature(of: id)] = label
        }
        return labels
      }
    }
  }

  /// The features in whose proposed label, words of examples or promoted tokens a text occurs, those of labels first.
  public func search(_ text: String, limit: Int) throws -> [FeatureID] {
    try Self.understandably(path) {
      try queue.read { database in
        let wanted = text.lowercased()
        return try Int64.fetchAll(
          database,
          sql: """
            SELECT id FROM words WHERE instr(text, ?) > 0
            ORDER BY instr(substr(text, 1, instr(text, char(10))), ?) = 0, id LIMIT ?
            """, arguments: [wanted, wanted, limit]
        ).map(Self.feature)
      }
    }
  }
}
