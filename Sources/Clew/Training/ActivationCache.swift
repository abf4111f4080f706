internal import Checkpoints
public import Foundation
internal import Tensors
internal import Transcoding

/// Activations of a corpus on disk: what was computed once is read again, by later passes and by other runs.
///
/// The folder holds one folder for each model, corpus and hook; in it each file holds some consecutive groups of rows,
/// as ``ActivationReader`` makes them, in float32: `activations`, `[token, 2 · layer · dModel]`. Training with the cache
/// gives the same bits as without: a file ends with a checksum, which is compared whenever it is opened for reading, and
/// says whose activations it holds. A disk that is nearly full ends the growing, not the training.
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

  /// What a file holds: rows of numbers, and the row that each group begins with.
  private struct Contents {
    let values: WeightMatrix
    let groups: [TokenCorpus.Place: (first: Int, group: Group)]
  }

  /// The layout of the files.
  private static let version = "2"
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
  /// What tells this model, corpus and hook from others.
  private let origin: String
  private let width: Int
  private let freeBytes: () -> Int?
  private var places: [TokenCorpus.Place: (file: String, count: Int)] = [:]
  private var open: (name: String, contents: Contents)?
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
    origin = name
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
  public var tokenCount: Int { places.values.reduce(0) { $0 + $1.count } }
  /// Bytes that they take.
  public var byteCount: Int { tokenCount * width * 4 }

  /// Reads the group that begins at a place into a table.
  /// - Returns: Its tokens, and where the corpus goes on; `nil` if it is not kept.
  func read(
    at place: TokenCorpus.Place, into table: RowTable
  ) throws(TrainingError) -> (count: Int, end: TokenCorpus.Place)? {
    guard let file = places[place]?.file else { return nil }
    if open?.name != file { open = (file, try contents(of: file, isChecked: true)) }
    // Another run may have put another file in its place.
    guard let contents = open?.contents, let (first, group) = contents.groups[place] else { return nil }
    guard group.count <= table.rowCount else {
      throw bad(file, "it has groups of \(group.count) tokens, more than \(table.rowCount)")
    }
    for row in 0..<group.count { table.copy(row: row, from: contents.values, row: first + row) }
    return (group.count, group.end)
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
      ("clew_activations", Self.version), ("of", origin), ("groups", String(decoding: groups, as: UTF8.self)),
    ])
    writer.add("activations", waiting.values, shape: [waiting.values.count / width, width])
    writer.seal()
    do throws(CheckpointError) {
      let batch = try FileBatch(folder: folder)
      try batch.stage(name, parts: writer.parts())
      try batch.commit()
      for group in waiting.groups { places[group.begin] = (name, group.count) }
    } catch {
      trouble = if case .cannotWrite(_, let reason) = error { reason } else { "\(error)" }
    }
  }

  // MARK: Files

  private func index(_ name: String) throws(TrainingError) {
    for (place, entry) in try contents(of: name, isChecked: false).groups {
      places[place] = (name, entry.group.count)
    }
  }

  private func bad(_ name: String, _ reason: String) -> TrainingError {
    .badCheckpoint(
      path: folder.appending(path: name).path, reason: reason,
      advice: "Remove it; what it held is computed again.")
  }

  /// Opens a file and checks that it is one of this cache.
  /// - Parameter isChecked: Whether all of it is read and compared with its checksum.
  private func contents(of name: String, isChecked: Bool) throws(TrainingError) -> Contents {
    let file: SafetensorsFile
    do throws(CheckpointError) { file = try SafetensorsFile(folder.appending(path: name)) } catch {
      throw bad(name, "\(error)")
    }
    switch file.metadata["clew_activations"] {
    case Self.version: break
    case "1": throw bad(name, "an earlier version of Clew wrote it, without a checksum")
    default: throw bad(name, "it is no file of activations")
    }
    if isChecked, !file.isIntact {
      throw bad(name, "it is damaged: its checksum is not that of what it holds")
    }
    guard file.metadata["of"] == origin else {
      throw bad(name, "it holds activations of another model, text or input")
    }
    guard
      let groups = try? JSONDecoder().decode(
        [Group].self, from: Data((file.metadata["groups"] ?? "").utf8)),
      // A group that led back would be read for ever.
      groups.allSatisfy({ $0.count > 0 && $0.count <= 1 << 32 && $0.begin.precedes($0.end) })
    else { throw bad(name, "it is damaged: its groups are none") }
    var rows = 0
    var places: [TokenCorpus.Place: (first: Int, group: Group)] = [:]
    for group in groups {
      places[group.begin] = (rows, group)
      rows += group.count
    }
    do throws(CheckpointError) {
      return Contents(
        values: try file.tensor("activations").weight(outputs: rows, inputs: width), groups: places)
    } catch { throw bad(name, "\(error)") }
  }
}
