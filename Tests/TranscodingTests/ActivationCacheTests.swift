import Foundation
import Tensors
import TestSupport
import Testing

@testable import Clew

struct ActivationCacheTests {
  private let table = RowTable(rows: 3, width: 4)

  init() {
    for row in 0..<3 {
      for column in 0..<4 { table.write([Float(10 * row + column)].span, row: row, column: column) }
    }
  }

  private func place(_ row: Int) -> TokenCorpus.Place {
    var place = TokenCorpus.Place()
    place.row = row
    return place
  }

  @Test func `what was kept is read by the next cache`() throws {
    let folder = try TemporaryFolder()
    let first = try ActivationCache(folder.url("cache"), name: "a/b", width: 4)
    first.keep(table, count: 3, from: place(0), to: place(2))
    first.keep(table, count: 2, from: place(2), to: place(9))
    first.flush()
    #expect(first.trouble == nil && first.tokenCount == 5 && first.byteCount == 80)
    let second = try ActivationCache(folder.url("cache"), name: "a/b", width: 4)
    let copy = RowTable(rows: 3, width: 4)
    let read = try #require(try second.read(at: place(2), into: copy))
    #expect(read.count == 2 && read.end == place(9))
    for row in 0..<2 {
      #expect(
        copy.withRow(row) { row in row.indices.map { row[$0] } } == (0..<4).map { Float(10 * row + $0) })
    }
    #expect(try second.read(at: place(1), into: copy) == nil)
    // A group that no reader could have made is refused.
    #expect(throws: TrainingError.self) { try second.read(at: place(0), into: RowTable(rows: 2, width: 4)) }
    #expect(try ActivationCache(folder.url("cache"), name: "other", width: 4).tokenCount == 0)
  }

  @Test func `every damage to a file is noticed before its numbers are used`() throws {
    let folder = try TemporaryFolder()
    let first = try ActivationCache(folder.url("cache"), name: "a", width: 4)
    first.keep(table, count: 3, from: place(0), to: place(2))
    first.keep(table, count: 2, from: place(2), to: place(9))
    first.flush()
    let path = try #require(try folder.files().first)
    let whole = [UInt8](try Data(contentsOf: folder.url(path)))
    let copy = RowTable(rows: 3, width: 4)
    var refused = 0
    for bit in stride(from: 0, to: whole.count * 8, by: 13) {
      var bytes = whole
      bytes[bit / 8] ^= 1 << (bit % 8)
      try Data(bytes).write(to: folder.url(path))
      func use() throws {
        let cache = try ActivationCache(folder.url("cache"), name: "a", width: 4)
        // A place that nobody knows any more is computed again.
        for place in [place(0), place(2)] { #expect(try cache.read(at: place, into: copy) == nil) }
      }
      do { try use() } catch {
        refused += 1
        #expect("\(error)".contains("Remove it"), "bit \(bit): \(error)")
      }
    }
    #expect(refused > whole.count / 2)
  }

  @Test func `a file of another model's cache, or of an earlier version, is refused`() throws {
    let folder = try TemporaryFolder()
    for (name, at) in [("a", 0), ("b", 5)] {
      let cache = try ActivationCache(folder.url("cache"), name: name, width: 4)
      cache.keep(table, count: 3, from: place(at), to: place(at + 2))
      cache.flush()
    }
    let files = try folder.files()
    try #require(files.count == 2)
    let moved = "cache/a/" + (files[1].split(separator: "/").last ?? "")
    try folder.write(moved, Data(contentsOf: folder.url(files[1])))
    var error = #expect(throws: TrainingError.self) {
      try ActivationCache(folder.url("cache"), name: "a", width: 4)
    }
    #expect(error?.description.contains("another model, text or input") == true)
    try FileManager.default.removeItem(at: folder.url(moved))
    _ = try ActivationCache(folder.url("cache"), name: "a", width: 4)
    try RawSafetensors.bend(folder.url(files[0])) {
      $0["__metadata__"] = ["clew_activations": "1"]
    }
    error = #expect(throws: TrainingError.self) {
      try ActivationCache(folder.url("cache"), name: "a", width: 4)
    }
    #expect(error?.description.contains("earlier version") == true)
  }

  @Test func `files that have changed names are read for what they hold`() throws {
    let folder = try TemporaryFolder()
    let first = try ActivationCache(folder.url("cache"), name: "a", width: 4)
    for (row, count) in [(0, 3), (5, 2)] {
      first.keep(table, count: count, from: place(row), to: place(row + 1))
      first.flush()
    }
    let files = try folder.files()
    try #require(files.count == 2)
    let bytes = try files.map { try Data(contentsOf: folder.url($0)) }
    for (file, other) in zip(files, bytes.reversed()) { try other.write(to: folder.url(file)) }
    let copy = RowTable(rows: 3, width: 4)
    let second = try ActivationCache(folder.url("cache"), name: "a", width: 4)
    #expect(try second.read(at: place(0), into: copy)?.count == 3)
    #expect(try second.read(at: place(5), into: copy)?.count == 2)
  }

  @Test func `the last of a disk is left to others`() throws {
    let folder = try TemporaryFolder()
    var free = (1 << 30) + 48
    let cache = try ActivationCache(folder.url("cache"), name: "a", width: 4, freeBytes: { free })
    cache.keep(table, count: 3, from: place(0), to: place(1))
    cache.flush()
    #expect(cache.trouble == nil)
    free -= 48
    cache.keep(table, count: 3, from: place(1), to: place(2))
    cache.flush()
    #expect(cache.trouble == "its disk is nearly full" && cache.tokenCount == 3)
    #expect(try folder.files().count { $0.hasPrefix("cache/") } == 1)
  }
}
