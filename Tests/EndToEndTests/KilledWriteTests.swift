import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Processes that are killed: what they leave is all old or all new, and the next one takes the rest away.
struct KilledWriteTests {
  private static let mine = ["notes.txt": "my own", "figures/one.svg": "a figure", "view.json": "no view"]

  /// The arguments of a trace that tells itself from another by its name alone.
  private func arguments(_ slug: String, _ folder: TemporaryFolder) throws -> [String] {
    try traceArguments(of: .shared()) + ["--output", folder.url("result").path, "--slug", slug, "--quiet"]
  }

  /// A folder with a trace and what a reader put there.
  private func traced(_ slug: String) async throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let outcome = try await ClewProcess.run(try arguments(slug, folder))
    #expect(outcome.status == 0, "\(outcome.error)")
    for (name, text) in Self.mine { try folder.write("result/\(name)", text.utf8) }
    return folder
  }

  /// Which trace the files of a folder are of; `nil` if not all are of one.
  private func slug(of folder: TemporaryFolder) throws -> String? {
    let result = folder.url("result")
    guard
      let slug = try? GraphReading(contentsOfFile: result.appending(path: "graph.json").path).graph.metadata
        .slug,
      (try? AttributionGraph(traceFolder: result)) != nil
    else { return nil }
    for name in ["report.md", "run.json"] {
      let text = String(decoding: try Data(contentsOf: result.appending(path: name)), as: UTF8.self)
      // Both record the command line.
      guard text.contains(slug) else { return nil }
    }
    return slug
  }

  @Test(arguments: ["", "exchange", "siblings"])
  func `at whatever moment a trace is killed, its folder is all old or all new`(lack: String) async throws {
    let folder = try await traced("the-old-one")
    var found: [String] = []
    for step in 1..<200 {
      let outcome = try await ClewProcess.run(
        try arguments("the-new-one", folder),
        after: "export CLEW_FILE_STEP=kill:\(step) CLEW_FILE_LACK=\(lack)")
      #expect(outcome.status == 0 || outcome.status == 128 + SIGKILL, "\(outcome.error)")
      // What reads it brings a move to its end that was begun; where folders are exchanged there is none.
      if !lack.isEmpty { Leftovers.finish(in: folder.url("result").path) }
      let slug = try #require(try slug(of: folder), "step \(step)")
      found.append(slug)
      if slug == "the-new-one" {
        // Only what is told of it is left: the next one must find all of it.
        let again = try await ClewProcess.run(try arguments("the-old-one", folder))
        #expect(again.status == 0, "\(again.error)")
        #expect(try self.slug(of: folder) == "the-old-one", "step \(step)")
      }
      for (name, text) in Self.mine {
        let read = try? Data(contentsOf: folder.url("result/\(name)"))
        // A subfolder of a killed process comes with the next one.
        if slug == "the-new-one" || !name.contains("/") {
          #expect(read == Data(text.utf8), "step \(step), \(name)")
        }
      }
      if outcome.status == 0 { break }
    }
    #expect(found.count > 20 && Set(found) == ["the-old-one", "the-new-one"], "\(found.count) moments")
    let last = try await ClewProcess.run(try arguments("the-old-one", folder))
    #expect(last.status == 0, "\(last.error)")
    let names = try folder.files()
    #expect(names == (OutputFolder.traceFiles + Self.mine.keys).map { "result/\($0)" }.sorted(), "\(names)")
  }

  @Test func `at whatever moment a figure is killed, the file is the old one or the new`() async throws {
    let folder = try await traced("figure")
    let figure = folder.url("one.svg")
    for step in 1..<50 {
      try folder.write("one.svg", "old".utf8)
      let outcome = try await ClewProcess.run(
        ["render", folder.url("result").path, "--what", "graph", "-o", figure.path],
        after: "export CLEW_FILE_STEP=kill:\(step)")
      let text = String(decoding: try Data(contentsOf: figure), as: UTF8.self)
      #expect(text == "old" || text.hasSuffix("</svg>\n"), "step \(step)")
      if outcome.status == 0 { break }
    }
    #expect(try folder.files().filter { !$0.hasPrefix("result/") } == ["one.svg"])
  }
}
