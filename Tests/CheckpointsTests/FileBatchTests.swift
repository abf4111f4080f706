import Checkpoints
import Foundation
import TestSupport
import Testing

/// Files that appear together or not at all.
struct FileBatchTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `committed files appear together and replace what was there`() throws {
    try folder.write("a", "old".utf8)
    let batch = try FileBatch(folder: folder.url)
    try batch.stage("a", Array("new".utf8))
    try batch.stage("b", parts: [Array("in ".utf8), Array("parts".utf8)])
    #expect(try Data(contentsOf: folder.url("a")) == Data("old".utf8))
    #expect(!FileManager.default.fileExists(atPath: folder.url("b").path))
    try batch.commit()
    #expect(try folder.files() == ["a", "b"])
    #expect(try Data(contentsOf: folder.url("a")) == Data("new".utf8))
    #expect(try Data(contentsOf: folder.url("b")) == Data("in parts".utf8))
  }

  @Test func `a dropped batch leaves nothing behind`() throws {
    try folder.write("a", "old".utf8)
    do {
      let batch = try FileBatch(folder: folder.url)
      try batch.stage("a", Array("new".utf8))
      try batch.stage("b", Array("more".utf8))
      #expect(try folder.files().count == 3)
    }
    #expect(try folder.files() == ["a"])
    #expect(try Data(contentsOf: folder.url("a")) == Data("old".utf8))
  }

  @Test func `a dropped batch takes the folders that it made with it`() throws {
    try folder.write("kept/a", "old".utf8)
    for path in ["kept/new", "new", "new/deep/er"] {
      do {
        let batch = try FileBatch(folder: folder.url(path))
        try batch.stage("b", Array("more".utf8))
      }
      #expect(
        try FileManager.default.subpathsOfDirectory(atPath: folder.url.path).sorted() == ["kept", "kept/a"])
    }
  }

  @Test func `a folder in a file's place is refused before anything is replaced`() throws {
    try folder.write("a", "old".utf8)
    try folder.write("b/inside", "mine".utf8)
    do {
      let batch = try FileBatch(folder: folder.url)
      try batch.stage("a", Array("new".utf8))
      let error = #expect(throws: CheckpointError.self) { try batch.stage("b", Array("more".utf8)) }
      #expect(error?.description.contains("folder") == true)
    }
    #expect(try folder.files() == ["a", "b/inside"])
    #expect(try Data(contentsOf: folder.url("a")) == Data("old".utf8))
  }

  @Test func `a plain file in the folder's place is refused`() throws {
    try folder.write("a", "old".utf8)
    for path in ["a", "a/below"] {
      let error = #expect(throws: CheckpointError.self) { try FileBatch(folder: folder.url(path)) }
      #expect(error?.description.contains("cannot be written") == true)
    }
    #expect(try folder.files() == ["a"])
  }
}
