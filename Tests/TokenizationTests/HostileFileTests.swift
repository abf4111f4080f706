import Foundation
import TestSupport
import Testing
import Tokenization

/// Files that would make much of little, or little in much time.
struct HostileFileTests {
  private static func sequence(_ kind: String, _ items: [String]) -> String {
    #"{"type": "Sequence", "\#(kind)": [\#(items.joined(separator: ", "))]}"#
  }

  private static func growing(_ count: Int) -> [String] {
    let content = String(repeating: "a", count: 15)
    return Array(
      repeating: #"{"type": "Replace", "pattern": {"String": "a"}, "content": "\#(content)"}"#, count: count)
  }

  @Test(arguments: [
    sequence("normalizers", growing(8)),
    sequence(
      "normalizers",
      Array(
        repeating: #"{"type": "Replace", "pattern": {"Regex": "(?=a)"}, "content": "aaaaaaaa"}"#, count: 12)),
    #"{"type": "Prepend", "prepend": "\#(String(repeating: "a", count: 100_000))"}"#,
  ])
  func `a normalizer that makes a novel of a word is refused`(normalizer: String) throws {
    var file = SmallFile(model: SmallFile.letters("ab"))
    file.normalizer = normalizer
    let tokenizer = try file.tokenizer()
    let error = #expect(throws: TokenizationError.self) { try tokenizer.encode("aaaa") }
    #expect(error?.description.contains("the normalizer in tokenizer.json makes more than") == true)
  }

  @Test func `a normalizer that grows a text within reason is not`() throws {
    var file = SmallFile(model: SmallFile.letters("ab"))
    file.normalizer = Self.sequence("normalizers", Self.growing(1))
    #expect(try file.tokenizer().encode("ab").count == 16)
  }

  @Test func `a row of byte-level pre-tokenizers, each of which doubles what it did not know, is refused`()
    throws
  {
    var file = SmallFile(model: SmallFile.letters("ab"))
    let step = #"{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}"#
    file.preTokenizer = Self.sequence("pretokenizers", Array(repeating: step, count: 40))
    let tokenizer = try file.tokenizer()
    let error = #expect(throws: TokenizationError.self) { try tokenizer.encode("éé") }
    #expect(error?.description.contains("the pre-tokenizer in tokenizer.json makes more than") == true)
  }

  @Test func `a decoder that could make gigabytes, or look around, is refused when it is read`() throws {
    for decoder in [
      Self.sequence("decoders", Self.growing(8)),
      #"{"type": "Replace", "pattern": {"Regex": "(?=(a+)+$)a"}, "content": "b"}"#,
    ] {
      var file = SmallFile(model: SmallFile.letters("ab"))
      file.decoder = decoder
      let error = #expect(throws: TokenizationError.self) { try file.tokenizer() }
      #expect(error?.description.contains("decoder") == true)
    }
  }

  @Test func `a template that doubles the text is refused`() throws {
    var file = SmallFile(model: SmallFile.letters("ab"))
    let text = #"{"Sequence": {"id": "A"}}"#
    file.postProcessor =
      #"{"type": "TemplateProcessing", "single": [\#(text), \#(text)], "special_tokens": {}}"#
    #expect(throws: TokenizationError.self) { try file.tokenizer() }
  }

  @Test func `a splitting expression that hung on 23 letters is finished at once`() throws {
    var file = SmallFile(model: SmallFile.letters("ab"))
    file.preTokenizer =
      #"{"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": false}"#
    let tokenizer = try file.tokenizer()
    #expect(try tokenizer.encode(String(repeating: "a", count: 23) + "b").count == 24)
    let long = String(repeating: "a", count: 100_000) + "b"
    #expect(try tokenizer.encode(long).count == 100_001)
  }

  @Test func `long texts of one letter take time in proportion`() throws {
    let json = try Data(
      contentsOf: SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Tokenizers/llama3/tokenizer.json"))
    let tokenizer = try Tokenizer(json: json)
    for letter in ["a", " ", "1", "\n", "<", "'", "<|eot_id|>", " \n"] {
      func seconds(_ count: Int) throws -> Double {
        let text = String(repeating: letter, count: count)
        return try processorSeconds { try tokenizer.encode(text) }.seconds
      }
      _ = try seconds(1000)
      let (short, long) = (try seconds(10_000), try seconds(100_000))
      #expect(long < 40 * max(short, 0.002), "\(letter.debugDescription): \(short) s, then \(long) s")
    }
  }

  @Test func `a space that takes spaces along does not walk through them again and again`() throws {
    var file = SmallFile(model: SmallFile.letters("ab "))
    file.addedTokens = #"[{"id": 2, "content": " ", "rstrip": true, "lstrip": true, "normalized": false}]"#
    let tokenizer = try file.tokenizer()
    let (tokens, seconds) = try processorSeconds {
      try tokenizer.encode("a" + String(repeating: " ", count: 200_000) + "b")
    }
    #expect(tokens.count == 200_002 && seconds < 5)
  }

  @Test func `a message does not repeat a whole book`() throws {
    let tokenizer = try SmallFile(model: SmallFile.letters("ab")).tokenizer()
    let error = #expect(throws: TokenizationError.self) {
      try tokenizer.encode(String(repeating: "a", count: 100_000) + "c")
    }
    #expect((error?.description.count ?? .max) < 400)
  }
}
