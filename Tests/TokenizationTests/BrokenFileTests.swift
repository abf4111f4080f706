import Tensors
import Foundation
import Testing

@testable import Tokenization

struct BrokenFileTests {
  @Test(arguments: [
    ("[", "byte 1: the file ends too early"), ("{\"model\": tru}", "byte 13"), ("{} x", "byte 3"),
    ("{\"a\" 1}", "a colon"), ("[1,]", "a value"), ("{\"a\": \"\\q\"}", "an unknown escape"),
    ("\"\\ud800\"", "surrogate"), ("\"\\ud800\\u0041\"", "surrogate"), ("\"\\u00g0\"", "hexadecimal"),
    ("\"a\nb\"", "control character"), ("", "ends too early"), ("[1-2]", "byte 1: '1-2' is not a number"),
  ])
  func `text that is not JSON is refused with its place`(text: String, part: String) throws {
    let error = #expect(throws: TokenizationError.self) { try Tokenizer(json: Data(text.utf8)) }
    let message = try #require(error?.description)
    #expect(message.hasPrefix("tokenizer.json is not valid JSON at byte"))
    #expect(message.contains(part), "\(message)")
  }

  @Test func `nesting that would exhaust the stack is refused`() {
    let error = #expect(throws: TokenizationError.self) {
      try Tokenizer(json: Data(repeating: UInt8(ascii: "["), count: 100_000))
    }
    #expect(error?.description.contains("at byte 128: values are nested too deeply") == true)
  }

  @Test func `bytes that are not UTF-8 are refused`() {
    let json = Data([0x22, 0xFF, 0x22])
    #expect(
      throws: TokenizationError.notJSON(
        file: "tokenizer.json", byte: 0, problem: "the file is not UTF-8 text")
    ) {
      try Tokenizer(json: json)
    }
  }

  @Test func `every escape is read, and keys that are canonically equivalent stay apart`() throws {
    let json = #"{"\u00e9": -1, "e\u0301": [1.5e2, "\"\\\/\b\f\n\r\t\ud83d\ude00é"], "": null}"#
    let place = try JSONPlace(Data(json.utf8), file: "test")
    let members = try place.members()
    #expect(members.map { $0.key.utf8.count } == [2, 3, 0])
    let items = try #require(try JSONPlace(Data(json.utf8), file: "test")["e\u{301}"]).items()
    #expect(try items[1].string() == "\"\\/\u{8}\u{C}\n\r\t😀é")
    guard case .number(150) = items[0].value else {
      Issue.record("1.5e2 is 150")
      return
    }
  }

  @Test(arguments: [
    (#"{"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}"#, "'b' is not in the vocabulary"),
    (#"{"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}"#, "'ab' is not in the vocabulary"),
    (#"{"type": "BPE", "vocab": {"a": 0}, "merges": ["aa"]}"#, "an item 0 that is neither"),
    (#"{"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "a", "a"]]}"#, "an item 0 that is neither"),
    (#"{"type": "BPE", "vocab": {"a": 0}, "merges": [1]}"#, "an item 0 that is neither"),
    (#"{"type": "BPE", "vocab": {"a": 0}, "merges": {}}"#, "model.merges must be an array, but is an object"),
    (#"{"type": "BPE", "vocab": ["a"], "merges": []}"#, "model.vocab must be an object, but is an array"),
    (
      #"{"type": "BPE", "vocab": {"a": "0"}, "merges": []}"#,
      "gives the piece 'a' a string instead of a token"
    ),
    (#"{"type": "BPE", "vocab": {"a": 0.5}, "merges": []}"#, "gives the piece 'a' a number instead"),
    (#"{"type": "BPE", "vocab": {"a": -1}, "merges": []}"#, "the token -1, outside 0 to 65551, of 1 pieces"),
    (#"{"type": "BPE", "vocab": {"a": 1048576}, "merges": []}"#, "the token 1048576, outside 0 to 65551"),
    (#"{"type": "BPE", "vocab": {"a": 99999999999}, "merges": []}"#, "the token 99999999999, outside"),
    (#"{"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}"#, "the token 0 to both 'a' and 'b'"),
    (#"{"type": "BPE", "vocab": {"a": 0, "a": 1}, "merges": []}"#, "holds the piece 'a' twice"),
    (#"{"type": "BPE", "vocab": {}, "merges": [], "fuse_unk": 1}"#, "model.fuse_unk must be true or false"),
    (#"{"type": "BPE", "merges": []}"#, "model has no 'vocab'"),
    (#"{"vocab": {}}"#, "neither a 'type' nor 'merges'"),
    (#"{"type": 3}"#, "model.type must be a string, but is a whole number"), ("7", "model must be an object"),
    (#"{"type": "Unigram", "vocab": []}"#, "'Unigram', which is not supported; supported are BPE, WordLevel"),
    (#"{"type": "WordPiece", "vocab": {}}"#, "at model for 'WordPiece', which is not supported"),
    (
      #"{"type": "BPE", "vocab": {}, "merges": [], "end_of_word_suffix": "</w>"}"#,
      "at model.end_of_word_suffix for '</w>', which is not supported"
    ),
  ])
  func `a model that cannot be used is refused with the reason`(model: String, part: String) throws {
    try expect(part, from: SmallFile(model: model))
  }

  @Test func `components that are not supported are named`() throws {
    let unheard = #"{"type": "Unheard"}"#
    let parts = ["normalizer", "pre_tokenizer", "post_processor", "decoder"].map {
      "at \($0) for 'Unheard', which is not supported"
    }
    try expect(parts[0], from: SmallFile(normalizer: unheard))
    try expect(parts[1], from: SmallFile(preTokenizer: unheard))
    try expect(parts[2], from: SmallFile(postProcessor: unheard))
    try expect(parts[3], from: SmallFile(decoder: unheard))
    let nested = #"{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Precompiled"}]}"#
    try expect("at normalizer.normalizers[1] for 'Precompiled'", from: SmallFile(normalizer: nested))
  }

  @Test(arguments: [
    (
      #"{"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated"}"#,
      "pre_tokenizer.pattern.Regex is '('"
    ),
    (#"{"type": "Split", "pattern": {}, "behavior": "Isolated"}"#, "must hold 'String' or 'Regex'"),
    (#"{"type": "Split", "pattern": {"String": "a"}, "behavior": "Gone"}"#, "'Gone', which is not supported"),
    (#"{"type": "Metaspace", "replacement": "ab"}"#, "must have one scalar as 'replacement', not 2"),
    (#"{"type": "Metaspace", "prepend_scheme": "last"}"#, "supported are always, never, first"),
    (#"{"type": "Sequence"}"#, "has no 'pretokenizers'"),
    (#"{"type": "Digits", "individual_digits": 1}"#, "true or false"),
  ])
  func `a pre-tokenizer that cannot be used is refused with the reason`(json: String, part: String) throws {
    try expect(part, from: SmallFile(preTokenizer: json))
  }

  @Test(arguments: [
    (#"[{"id": 0, "content": "x"}]"#, "gives 'x' the token 0, which is 'a'"),
    (#"[{"id": 9, "content": "a"}]"#, "gives 'a' the token 9, but it is 0 elsewhere"),
    (
      #"[{"id": 9, "content": "x"}, {"id": 9, "content": "y"}]"#,
      "added_tokens[1] gives 'y' the token 9, which is 'x'"
    ),
    (
      #"[{"id": 9, "content": "x"}, {"id": 10, "content": "x"}]"#,
      "gives 'x' the token 10, but it is 9 elsewhere"
    ),
    (#"[{"id": -9, "content": "x"}]"#, "added_tokens[0].id is -9, outside 0 to"),
    (#"[{"id": 9}]"#, "added_tokens[0] has no 'content'"), ("3", "added_tokens must be an array"),
  ])
  func `added tokens that contradict the vocabulary are refused`(added: String, part: String) throws {
    try expect(part, from: SmallFile(addedTokens: added))
  }

  @Test(arguments: [
    (#"{"SpecialToken": {"id": "<s>"}}"#, "post_processor.special_tokens.<s>.ids[0] is 77"),
    (#"{"SpecialToken": {"id": "<x>"}}"#, "post_processor.special_tokens has no '<x>'"),
    (#"{"Sequence": {"id": "B"}}"#, "must be 'A'"), (#"{}"#, "has no 'Sequence'"),
  ])
  func `a template that cannot be used is refused`(item: String, part: String) throws {
    let template =
      #"{"type": "TemplateProcessing", "single": [\#(item)], "special_tokens": {"<s>": {"ids": [77]}}}"#
    try expect(part, from: SmallFile(postProcessor: template))
  }

  @Test func `a folder without a tokenizer is an error that says so`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "no-such-folder-\(UInt64.random(in: 0...UInt64.max))")
    let error = #expect(throws: TokenizationError.self) { try Tokenizer(folder: folder) }
    #expect(error?.description.contains("tokenizer.json cannot be read: there is no such file") == true)
    #expect(error?.localizedDescription == error?.description)
  }

  @Test func `a file cut short anywhere or with any byte changed never crashes`() throws {
    var file = SmallFile()
    file.model = SmallFile.bytePairs(["a", "b", "ab", "é"], merges: ["a b"], options: #""unk_token": "a""#)
    file.addedTokens = #"[{"id": 9, "content": "<s>", "special": true, "normalized": false}]"#
    file.normalizer =
      #"{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Prepend", "prepend": "▁"}]}"#
    file.preTokenizer =
      #"{"type": "Split", "pattern": {"Regex": "a+"}, "behavior": "Isolated", "invert": true}"#
    file.decoder = #"{"type": "Strip", "content": " ", "start": 1, "stop": 1}"#
    let bytes = Array(file.json.utf8)
    for count in 0..<bytes.count {
      #expect(throws: TokenizationError.self) { try Tokenizer(json: Data(bytes[..<count])) }
    }
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<3000 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let other = #"{}[]",:0129-aeé\"#.utf8.randomElement(using: &generator) ?? 0
        changed[Int.random(in: 0..<bytes.count, using: &generator)] = other
      }
      guard let tokenizer = try? Tokenizer(json: Data(changed)) else { continue }
      let tokens = (try? tokenizer.encode("ab <s> aé")) ?? []
      _ = tokenizer.decode(tokens + [-1, 500])
    }
  }

  private func expect(_ part: String, from file: SmallFile) throws {
    let error = #expect(throws: TokenizationError.self) { try file.tokenizer() }
    let message = try #require(error?.description)
    #expect(message.contains(part), "\(message)")
  }
}
