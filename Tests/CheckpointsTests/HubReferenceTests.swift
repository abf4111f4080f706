import Checkpoints
import Foundation
import TestSupport
import Testing

/// Names on the Hugging Face hub, and what its cache has of them.
struct HubReferenceTests {
  @Test(arguments: [
    ("google/gemma-2-2b", "google/gemma-2-2b", "", "main"),
    ("mntss/clt-gemma-2-2b-2.5M", "mntss/clt-gemma-2-2b-2.5M", "", "main"),
    ("a/b@v1.0", "a/b", "", "v1.0"), ("a/b/c/d", "a/b", "c/d", "main"),
    ("a/b/c@refs/pr/1", "a/b", "c", "refs/pr/1"),
    ("hf://a/b/c/d.npz?revision=x", "a/b", "c/d.npz", "x"), ("hf://a/b", "a/b", "", "main"),
    ("hf://EleutherAI/b/c", "EleutherAI/b", "c", "main"),
    ("a/b/", "a/b", "", "main"),
    ("https://huggingface.co/a/b", "a/b", "", "main"), ("https://hf.co/a/b/", "a/b", "", "main"),
    ("https://huggingface.co/a/b/tree/v1", "a/b", "", "v1"),
    ("https://huggingface.co/a/b/tree/main/c/d", "a/b", "c/d", "main"),
  ])
  func `a name is taken apart`(name: String, repository: String, path: String, revision: String) throws {
    let reference = try #require(HubReference(name))
    #expect(reference == HubReference(repository: repository, path: path, revision: revision))
  }

  @Test(arguments: [
    "", "gpt2", "/a/b", "./a/b", "../a/b", "a/../b", "~/a/b", "a b/c", "a/b@", "a/b@..", "a/$(b)", "-a/b",
    "a/b@-x",
    "https://example.org/a/b", "https://huggingface.co/a", "https://huggingface.co/a/b/discussions/1",
    "https://huggingface.co/a/b/tree", "hf://a/b/../x", "ftp://huggingface.co/a/b",
  ])
  func `what is shaped otherwise is no name`(name: String) { #expect(HubReference(name) == nil) }

  @Test func `a name leads to what its revision names, through links`() throws {
    let cache = try HubCache()
    try cache.add("a/b", ["config.yaml": Data("1".utf8), "x/y/z.json": Data("2".utf8)], commit: "c1")
    try cache.add("a/b", ["config.yaml": Data("3".utf8)], revision: "v1", commit: "c2")
    func text(_ name: String) throws -> String? {
      try HubReference(name)?.place(in: cache.url).map {
        String(decoding: try Data(contentsOf: $0), as: UTF8.self)
      }
    }
    #expect(try text("a/b/config.yaml") == "1")
    #expect(try text("a/b/x/y/z.json") == "2")
    #expect(try text("a/b/config.yaml@v1") == "3")
    #expect(try text("a/b/config.yaml@c2") == "3")
    #expect(try text("a/b/x/y/z.json@v1") == nil)
    #expect(HubReference("a/c")?.place(in: cache.url) == nil)
    #expect(HubReference("a/b@v2")?.place(in: cache.url) == nil)
    #expect(HubReference("a/b")?.knownRevisions(in: cache.url) == ["main", "v1"])
    // A link whose blob is gone is as good as none.
    try FileManager.default.removeItem(at: cache.url.appending(path: "models--a--b/blobs/c2-config.yaml"))
    #expect(try text("a/b/config.yaml@v1") == nil)
  }

  @Test(arguments: ["a/b", "a/b@v1", "a/b/x/y", "a/b/x/y@v1"])
  func `a folder in a cache says whose it is`(name: String) throws {
    let cache = try HubCache()
    try cache.add("a/b", ["x/y/z": Data()], commit: "c1")
    try cache.add("a/b", ["x/y/z": Data()], revision: "v1", commit: "c2")
    let place = try #require(HubReference(name)?.place(in: cache.url))
    #expect(HubReference(cachedFolder: place)?.description == name)
    #expect(HubReference.name(of: place) == (name.contains("x") ? "y" : "b"))
  }

  @Test func `a folder elsewhere is nobody's`() throws {
    let folder = try TemporaryFolder()
    #expect(HubReference(cachedFolder: folder.url) == nil)
    #expect(HubReference.name(of: folder.url("mine")) == "mine")
    #expect(HubReference(cachedFolder: URL(filePath: "/snapshots")) == nil)
    #expect(HubReference(cachedFolder: URL(filePath: "/a/snapshots/b")) == nil)
  }

  @Test func `viewers look features up by the repository's name`() {
    #expect(HubReference("a/b")?.scan == "a/b")
    #expect(HubReference("a/b/c/d@v1")?.scan == "a/b//c/d@v1")
  }
}
