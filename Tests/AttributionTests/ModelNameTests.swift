import Foundation
import TestSupport
import Testing

@testable import Clew

/// Names tell whether transcoders were made for a model, where they say anything.
struct ModelNameTests {
  private static func folder(_ path: String, config: String = "{}") throws -> (TemporaryFolder, URL) {
    let parent = try TemporaryFolder()
    try parent.write("\(path)/config.json", config.utf8)
    return (parent, parent.url(path))
  }

  @Test(
    arguments: [
      ("gemma-2-2b", "google/gemma-2-2b", true), ("gemma-2-2b-bf16", "gemma-2-2b", true),
      ("gpt2", "gpt2-small", true),
      ("Llama-3.2-1B", "meta-llama/Llama-3.2-1B", true), ("gemma-2-2b-it", "google/gemma-2-2b", false),
      ("Qwen3-1.7B", "Qwen/Qwen3-0.6B", false), ("stories260K", "llama", false), ("anything", "", true),
      ("anything", "model", true), ("model", "llama", true),
      ("models--google--gemma-2-2b/snapshots/0a1b2c", "google/gemma-2-2b", true),
      ("models--google--gemma-2-2b/snapshots/0a1b2c", "google/gemma-2-9b", false),
    ])
  func `a folder and a stated name are one model or two`(path: String, stated: String, isSame: Bool) throws {
    let (parent, folder) = try Self.folder(path)
    defer { withExtendedLifetime(parent) {} }
    let name = folder.lastPathComponent
    #expect((ModelNames.mismatch(stated: stated, folder: folder, name: name) == nil) == isSame)
  }

  @Test func `a configuration that says where it came from counts`() throws {
    let (parent, folder) = try Self.folder("mine", config: #"{"_name_or_path": "google/gemma-2-2b"}"#)
    defer { withExtendedLifetime(parent) {} }
    #expect(ModelNames.mismatch(stated: "gemma-2-2b", folder: folder, name: "mine") == nil)
    let mismatch = try #require(ModelNames.mismatch(stated: "gpt2", folder: folder, name: "mine"))
    #expect(mismatch.contains("'gpt2'") && mismatch.contains("'mine'"))
  }

  @Test func `numbers that follow one another are drawn together`() {
    #expect(TraceNotes.ranges([0, 1, 2, 5, 7, 8]) == "0 to 2, 5, 7, 8")
    #expect(TraceNotes.ranges([4]) == "4" && TraceNotes.ranges([]) == "")
  }
}
