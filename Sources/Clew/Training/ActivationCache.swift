internal import Checkpoints
public import Foundation
internal import Tensors
internal import Transcoding

/// Activations of a corpus on disk: what was computed once is read again, by later passes and by other runs.
///
/// The folder holds one folder for each model, corpus and hook; in it each file holds some consecutive groups of rows,
/// as ``ActivationReader`` makes them, in float32: `activations`, `[token, 2 · layer · dModel]`. Training with the cache
/// gives the same bits as without. A disk that is nearly full ends the growing, not the training.
public final class ActivationCache {
  /// Where a group of rows lies.
  private struct Group: Codable {
    /// Where the corpus stood before it.
    var begin: TokenCorpus.Place
    /// Where it goes on.
    var end: TokenCorpus.Place
    /// Tokens of the group.
    var count: Int
  }

  /// The layout of the files.
  private static let version = "1"
  /// Bytes of a file, about.
  private static let fileBytes = 64 << 20
  /// Bytes of memory that a cache takes while it grows: the numbers of a file, the file, and room to grow.
  static let gatheredBytes = 3 * fileBytes
  /// Bytes of a disk that are left to others.
  private static let sparedBytes = 1 << 30

  /// The folder of this model, corpus and hook.
  public let folder: URL
  /// Why nothing more is kept, in a few words; `nil` while all goes well.
  public private(set) var trouble: String?
  private let width: Int
  private let freeBytes: () -> Int?
  private var places: [TokenCorpus.Place: (file: String, first: Int, group: Group)] = [:]
  private var open: (name: String, values: WeightMatrix)?
  private var waiting: (groups: [Group], values: [Float]) = ([], [])

  /// Opens what is kept, or makes the folder.
  /// - Parameters:
  ///   - parent: The folder of all caches.
  ///   - name: What tells this model, corpus and hook from others.
  ///   - width: Numbers of a token.
  ///   - freeBytes: Bytes that are free on the disk; `nil` if the system does not say.
  /// - Throws: ``TrainingError`` if the folder cannot be made, or a file in it is damaged.
  init(
    _ parent: URL, name: String, width: Int, freeBytes: (() -> Int?)? = nil
  ) throws(TrainingError) {
    self.width = width
    let folder = parent.appending(path: name.replacing("/", with: "-"))
    self.folder = folder
    self.freeBytes = freeBytes ?? { DiskSpace.free(at: folder) }
    do throws(CheckpointError) {
      // It writes nothing, but makes sure that something can be written.
      _ = try FileBatch(folder: folder)
    } catch { throw .files(error) }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names.sorted() where name.hasSuffix(".safetensors") && !name.hasPrefix(".") {
      try index(name)
    }
  }

  /// Tokens that are kept.
  public var tokenCount: Int { places.values.reduce(0) { $0 + $1.group.count } }
  /// Bytes that they take.
  public var byteCount: Int { tokenCount * width * 4 }

  /// Reads the group that begins at a place into a table.
  /// - Returns: Its tokens, and where the corpus goes on; `nil` if it is not kept.
  func read(
    at place: TokenCorpus.Place, into table: RowTable
  ) throws(TrainingError) -> (count: Int, end: TokenCorpus.Place)? {
    guard let known = places[place] else { return nil }
    if open?.name != known.file { open = (known.file, try contents(of: known.file).values) }
    guard let values = open?.values else { return nil }
    guard known.group.count <= table.rowCount else {
      throw .badCheckpoint(
        path: folder.appending(path: known.file).path,
        reason: "it has groups of \(known.group.count) tokens, more than \(table.rowCount)",
        advice: "Remove it; what it held is computed again.")
    }
    for row in 0..<known.group.count { table.copy(row: row, from: values, row: known.first + row) }
    return (known.group.count, known.group.end)
  }

  /// Keeps the group between two places.
  func keep(_ table: RowTable, count: Int, from begin: TokenCorpus.Place, to end: TokenCorpus.Place) {
    guard trouble == nil, places[begin] == nil else { return }
    waiting.groups.append(Group(begin: begin, end: end, count: count))
    for row in 0..<count {
      table.withRow(row) { row in row.withUnsafeBufferPointer { waiting.values += $0 } }
    }
    if waiting.values.count * 4 >= Self.fileBytes { flush() }
  }

  /// Writes what is waiting.
  func flush() {
    defer {
      waiting.groups.removeAll()
      waiting.values.removeAll(keepingCapacity: true)
    }
    guard trouble == nil, let begin = waiting.groups.first?.begin else { return }
    let bytes = waiting.values.count * 4
    if let free = freeBytes(), free < bytes + Self.sparedBytes {
      trouble = "its disk is nearly full"
      return
    }
    let name = "activations-\(begin.file)-\(begin.byte)-\(begin.row).safetensors"
    guard let groups = try? JSONEncoder().encode(waiting.groups) else {
      preconditionFailure("the groups of a cache cannot be encoded")
    }
    var writer = SafetensorsWriter(metadata: [
      ("clew_activations", Self.version), ("groups", String(decoding: groups, as: UTF8.self)),
    ])
    writer.add("activations", waiting.values, shape: [waiting.values.count / width, width])
    do throws(CheckpointError) {
      let batch = try FileBatch(folder: folder)
      try batch.stage(name, parts: writer.parts())
      try batch.commit()
      index(waiting.groups, in: name)
    } catch {
      trouble = if case .cannotWrite(_, let reason) = error { reason } else { "\(error)" }
    }
  }

  // MARK: Files

  private func index(_ name: String) throws(TrainingError) {
    index(try contents(of: name).groups, in: name)
  }

  private func index(_ groups: [Group], in name: String) {
    var first = 0
    for group in groups {
      places[group.begin] = (name, first, group)
      first += group.count
    }
  }

  /// Opens a file and checks that it is one of a cache.
  private func contents(of name: String) throws(TrainingError) -> (groups: [Group], values: WeightMatrix) {
    let url = folder.appending(path: name)
    func bad(_ reason: String) -> TrainingError {
      .badCheckpoint(path: url.path, reason: reason, advice: "Remove it; what it held is computed again.")
    }
    do throws(CheckpointError) {
      let file = try SafetensorsFile(url)
      guard file.metadata["clew_activations"] == Self.version,
        let groups = try? JSONDecoder().decode(
          [Group].self, from: Data((file.metadata["groups"] ?? "").utf8)),
        // A group that led back would be read for ever.
        groups.allSatisfy({ $0.count > 0 && $0.count <= 1 << 32 && $0.begin.precedes($0.end) })
      else { throw .badHeader(path: url.path, reason: "it is no file of activations") }
      let rows = groups.reduce(0) { $0 + $1.count }
      return (groups, try file.tensor("activations").weight(outputs: rows, inputs: width))
    } catch { throw bad("\(error)") }
  }

}
