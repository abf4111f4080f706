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
