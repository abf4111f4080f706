@testable import Files
import Foundation
import Synchronization
import TestSupport
import Testing

/// Who may write, for moments and for the time of some work.
struct ClaimTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `a claimed folder is refused to others until it is let go`() throws {
    let path = folder.url("result")
    do {
      let claim = try WriteClaim(folder: path)
      #expect(throws: FileError.busy(path: path.relativePath, process: Int(getpid()))) {
        try WriteClaim(folder: path)
      }
      withExtendedLifetime(claim) {}
    }
    #expect(!FileManager.default.fileExists(atPath: path.path), "it stayed empty")
    _ = try WriteClaim(folder: path)
  }

  @Test func `a claim holds when the folder is replaced as a whole, and leaves nothing behind`() throws {
    let path = folder.url("result")
    try folder.write("result/a", "old".utf8)
    do {
      let claim = try WriteClaim(folder: path)
      let files = try StagedFiles(replacing: path.path, owned: ["a"])
      try files.stage("a") { _ = $0([1]) }
      try files.commit()
      #expect(throws: FileError.self) { try WriteClaim(folder: path) }
      withExtendedLifetime(claim) {}
    }
    #expect(try folder.files() == ["result/a"])
  }

  @Test func `what a killed process claimed is free`() throws {
    try folder.write("result/.clew.lock", "1\n".utf8)
    try folder.write(".data.sqlite.clew.lock", "1\n".utf8)
    do {
      let claims = [
        try WriteClaim(folder: folder.url("result")), try WriteClaim(file: folder.url("data.sqlite")),
      ]
      #expect(throws: FileError.busy(path: folder.url("data.sqlite").relativePath, process: Int(getpid()))) {
        try WriteClaim(file: folder.url("data.sqlite"))
      }
      withExtendedLifetime(claims) {}
    }
    #expect(try folder.files().isEmpty)
  }

  @Test func `of many that want a folder at once one gets it`() async throws {
    let path = folder.url("result")
    for _ in 0..<20 {
      let claims = await withTaskGroup(of: WriteClaim?.self) { group in
        for _ in 0..<8 { group.addTask { try? WriteClaim(folder: path) } }
        return await group.reduce(into: [WriteClaim]()) { if let claim = $1 { $0.append(claim) } }
      }
      #expect(claims.count == 1)
    }
  }

  @Test func `who reads and writes under a lock loses nothing`() async throws {
    try folder.write("count", "0".utf8)
    let url = folder.url("count")
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<25 {
            guard let lock = try? FolderLock(url.deletingLastPathComponent()),
              let text = try? String(contentsOf: url, encoding: .utf8), let count = Int(text)
            else { continue }
            try? OutputPlace.write(Array("\(count + 1)".utf8), to: url.path)
            withExtendedLifetime(lock) {}
          }
        }
      }
    }
    #expect(try String(contentsOf: url, encoding: .utf8) == "100")
  }
}
