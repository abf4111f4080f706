@testable import Files
import Foundation
import TestSupport
import Testing

/// Files that appear together or not at all, whatever fails and whenever the process ends.
struct StagedFilesTests {
  let parent: TemporaryFolder
  private var folder: String { parent.url("result").path }
  private static let owned = ["a", "b", "c"]

  init() throws {
    parent = try TemporaryFolder()
    try parent.write("result/a", "old a".utf8)
    try parent.write("result/b", "old b".utf8)
    try parent.write("result/c", "old c".utf8)
    try parent.write("result/notes.txt", "mine".utf8)
    try parent.write("result/figures/one.svg", "mine too".utf8)
  }

  /// What stands in the visible files of the folder.
  private func contents() throws -> [String: String] {
    var contents: [String: String] = [:]
    for path in try parent.files() where !path.contains("/.") && !path.hasPrefix(".") {
      contents[path] = String(decoding: try Data(contentsOf: parent.url(path)), as: UTF8.self)
    }
    return contents
  }

  private var hidden: [String] {
    get throws {
      try FileManager.default.subpathsOfDirectory(atPath: parent.url.path)
        .filter { $0.hasPrefix(".") || $0.contains("/.") }
    }
  }

  private func stage(_ files: StagedFiles) throws {
    for name in ["a", "b"] { try files.stage(name) { _ = $0(Array("new \(name)".utf8)) } }
  }

  private static let mine = ["result/notes.txt": "mine", "result/figures/one.svg": "mine too"]
  private static let old = mine.merging(
    ["result/a": "old a", "result/b": "old b", "result/c": "old c"]) { $1 }
  private static let new = mine.merging(["result/a": "new a", "result/b": "new b"]) { $1 }

  @Test func `a folder that is replaced keeps what others put there, and loses its own old files`() throws {
    let before = FileIdentity(folder)
    let files = try StagedFiles(replacing: folder, owned: Self.owned)
    try stage(files)
    #expect(try contents() == Self.old)
    try files.commit()
    #expect(try contents() == Self.new)
    #expect(try hidden.isEmpty)
    #expect(FileIdentity(folder) != before, "it was exchanged")
  }

  @Test func `what is new takes the place of what had its name, whether it was owned or not`() throws {
    let files = try StagedFiles(replacing: folder, owned: [])
    try stage(files)
    try files.commit()
    #expect(try contents() == Self.new.merging(["result/c": "old c"]) { $1 })
    #expect(try hidden.isEmpty)
  }

  @Test(.enabled(if: geteuid() != 0, "who may do everything may move it, too"))
  func `a subfolder that cannot be moved keeps the folder in its place`() throws {
    let before = FileIdentity(folder)
    chmod(parent.url("result/figures").path, 0o555)
    defer { chmod(parent.url("result/figures").path, 0o755) }
    let files = try StagedFiles(replacing: folder, owned: Self.owned)
    try stage(files)
    try files.commit()
    #expect(try contents() == Self.new)
    #expect(FileIdentity(folder) == before)
  }

  @Test(.enabled(if: geteuid() == 0, "nobody else may give a folder away"))
  func `the new folder belongs to whom the old one belonged to`() throws {
    chown(folder, 1234, 4321)
    let files = try StagedFiles(replacing: folder, owned: Self.owned)
    try stage(files)
    try files.commit()
    let after = try #require(FileIdentity(folder))
    #expect(after.owner == 1234 && after.group == 4321)
  }

  @Test func `a move that a killed process began, and that cannot be ended, is in the way`() throws {
    try parent.write("result/.clew-1-1.commit/a", "older".utf8)
    try FileManager.default.removeItem(at: parent.url("result/a"))
    try parent.write("result/a/inside", "a folder".utf8)
    #expect(throws: FileError.self) { try StagedFiles(folder: folder) }
    try FileManager.default.removeItem(at: parent.url("result/a"))
    _ = try StagedFiles(folder: folder)
    #expect(try contents()["result/a"] == "older")
  }

  @Test func `a folder that is not there or empty is put in place as well`() throws {
    for path in ["result2", "deep/er/result", "empty"] {
      if path == "empty" {
        try FileManager.default.createDirectory(at: parent.url(path), withIntermediateDirectories: true)
      }
      let files = try StagedFiles(replacing: parent.url(path).path, owned: Self.owned)
      try stage(files)
      try files.commit()
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: parent.url(path).path).sorted() == ["a", "b"])
    }
    #expect(try hidden.isEmpty)
  }

  @Test func `a file of others can get another name, and a link in the path stays`() throws {
    try FileManager.default.createSymbolicLink(
      atPath: parent.url("link").path, withDestinationPath: "result")
    let files = try StagedFiles(
      replacing: parent.url("link").path, owned: Self.owned, renaming: ["notes.txt": "older.txt"])
    try stage(files)
    try files.commit()
    var wanted = Self.new
    wanted["result/older.txt"] = wanted.removeValue(forKey: "result/notes.txt")
    #expect(try contents().filter { $0.key.hasPrefix("result/") } == wanted)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: parent.url("link").path) == "result")
  }

  @Test func `rights to read stay as they were`() throws {
    chmod(folder, 0o700)
    chmod(folder + "/a", 0o600)
    let files = try StagedFiles(replacing: folder, owned: Self.owned)
    try stage(files)
    try files.commit()
    #expect(FileIdentity(folder)?.mode == 0o700)
    #expect(FileIdentity(folder + "/a")?.mode == 0o600)
  }

  /// The manners in which files come into a folder.
  enum Manner: CaseIterable {
    /// Exchanged as a whole.
    case whole
    /// As a whole, where the system cannot exchange, or nothing can lie beside the folder.
    case unexchanged, alone
    /// One after the other, beside others.
    case among

    fileprivate var lack: FileSteps.Lack? {
      switch self {
      case .unexchanged: .exchange
      case .alone: .siblings
      default: nil
      }
    }
  }

  private func files(_ manner: Manner) throws -> StagedFiles {
    manner == .among
      ? try StagedFiles(folder: folder) : try StagedFiles(replacing: folder, owned: Self.owned)
  }

  private func wanted(_ manner: Manner) -> [String: String] {
    manner == .among ? Self.new.merging(["result/c": "old c"]) { $1 } : Self.new
  }

  @Test(arguments: Manner.allCases)
  func `whichever call fails, all files are the old ones or all the new`(manner: Manner) throws {
    var failures = 0
    for step in 1..<200 {
      let test = try StagedFilesTests()
      let plan = FileSteps.Plan(.fail, at: step)
      var error: FileError?
      FileSteps.$lack.withValue(manner.lack) {
        FileSteps.$plan.withValue(plan) {
          do {
            let files = try test.files(manner)
            try test.stage(files)
            try files.commit()
          } catch let failure { error = failure as? FileError }
        }
      }
      if error == nil {
        // Nothing is left, or the next one brings it to its end.
        _ = try StagedFiles(replacing: test.folder, owned: Self.owned)
        #expect(try test.hidden.filter { !$0.hasSuffix(Replacement.record) }.isEmpty, "step \(step)")
      } else {
        #expect(try test.hidden.isEmpty, "step \(step)")
      }
      let found = try test.contents()
      switch error {
      case nil, .unconfirmed: #expect(found == test.wanted(manner), "step \(step)")
      case .cannotWrite: #expect(found == Self.old, "step \(step)")
      default: Issue.record("step \(step): \(String(describing: error))")
      }
      if error != nil { failures += 1 }
      if plan.reached < step { break }
    }
    #expect(failures > 8, "\(failures) calls were let fail")
  }

  @Test func `an empty leftover, and one that is not whole, go; one that is locked stays`() throws {
    let held = try StagingFolder(in: parent.url.path, replacing: "result")
    try parent.write(".result.clew-1-1.partial/.clew-new", "a\nb\n".utf8)
    try parent.write(".result.clew-1-1.partial/a", "half".utf8)
    try parent.write("result/.clew-1-2.partial/a", "half".utf8)
    try parent.write(".cost.clew-1-3.work/model/weights", "much".utf8)
    try FileManager.default.createDirectory(
      at: parent.url(".result.clew-1-4.partial"), withIntermediateDirectories: false)
    _ = try StagedFiles(replacing: folder, owned: Self.owned)
    #expect(try hidden == [URL(filePath: held.path).lastPathComponent])
    #expect(try contents() == Self.old)
  }

  @Test func `an old folder that was exchanged and not yet removed gives back what is somebody's`() throws {
    try parent.write("result/.clew-new", "a\nb\nc\n".utf8)
    // The same file under two names, one changed in between, a subfolder, and files that go.
    let old = ".result.clew-1-1.partial"
    try parent.write("\(old)/sub/deep", "sub".utf8)
    try parent.write("\(old)/late.txt", "saved late".utf8)
    try parent.write("\(old)/a", "older a".utf8)
    link(folder + "/notes.txt", parent.url("\(old)/notes.txt").path)
    _ = try StagedFiles(replacing: folder, owned: Self.owned)
    let wanted = Self.old.merging(["result/sub/deep": "sub", "result/late.txt": "saved late"]) { $1 }
    #expect(try contents() == wanted)
    #expect(try hidden.isEmpty)
  }

  @Test func `two that write one folder at the same time leave one's files and never some of both`()
    async throws
  {
    let path = folder
    for _ in 0..<20 {
      await withTaskGroup(of: Void.self) { group in
        for writer in 0..<4 {
          group.addTask {
            guard let files = try? StagedFiles(replacing: path, owned: Self.owned) else { return }
            for name in ["a", "b"] { try? files.stage(name) { _ = $0(Array("\(writer)".utf8)) } }
            try? files.commit()
          }
        }
      }
      let found = try contents()
      #expect(found["result/a"] == found["result/b"])
      #expect(found.filter { Self.mine.keys.contains($0.key) } == Self.mine)
    }
    #expect(try hidden.isEmpty)
  }

  @Test func `what is dropped takes the folders that it made with it`() throws {
    for path in ["new", "new/deep/er", "result/new"] {
      do {
        let files = try StagedFiles(folder: parent.url(path).path)
        try files.stage("a") { _ = $0([1]) }
      }
      #expect(!FileManager.default.fileExists(atPath: parent.url(path).path))
    }
    #expect(try hidden.isEmpty && contents() == Self.old)
    #expect(!FileManager.default.fileExists(atPath: parent.url("new").path))
  }

  @Test func `more files than are open at once come into place`() throws {
    let files = try StagedFiles(folder: parent.url("many").path)
    for number in 0..<300 { try files.stage("\(number).json") { _ = $0(Array("\(number)".utf8)) } }
    try files.commit()
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent.url("many").path).count == 300)
  }
}
