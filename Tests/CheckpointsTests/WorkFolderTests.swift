import Checkpoints
import Foundation
import TestSupport
import Testing

/// Folders for the time of some work.
struct WorkFolderTests {
  @Test func `a work folder goes with all that lies in it when nobody holds it`() throws {
    let parent = try TemporaryFolder()
    var work: WorkFolder? = try WorkFolder(in: parent.url, named: "work")
    let url = try #require(work).url
    let files = try FileBatch(folder: url.appending(path: "deep"))
    try files.stage("file", [1, 2, 3])
    try files.commit()
    #expect(FileManager.default.fileExists(atPath: url.appending(path: "deep/file").path))
    #expect(url.lastPathComponent.hasPrefix("."))
    work = nil
    #expect(!FileManager.default.fileExists(atPath: url.path))
    #expect(FileManager.default.fileExists(atPath: parent.url.path))
  }

  @Test func `one that nothing was written to leaves nothing`() throws {
    let parent = try TemporaryFolder()
    do { _ = try WorkFolder(in: parent.url, named: "work") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent.url.path).isEmpty)
  }
}
