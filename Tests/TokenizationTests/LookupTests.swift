import Foundation
import Testing
import Tokenization

struct LookupTests {
  private static let template = """
    {"type": "TemplateProcessing", "single": [
      {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
      {"SpecialToken": {"id": "</s>", "type_id": 0}}],
     "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
                        "</s>": {"id": "</s>", "ids": [1, 1], "tokens": ["</s>", "</s>"]}}}
    """

  @Test func `a template puts its tokens around those of the text, if it may`() throws {
    var file = SmallFile()
    file.model = SmallFile.bytePairs(["<s>", "</s>", "a"])
    for processor in [
      Self.template, #"{"type": "Sequence", "processors": [{"type": "ByteLevel"}, \#(Self.template)]}"#,
    ] {
      file.postProcessor = processor
      #expect(try file.tokenizer().encode("aa") == [0, 2, 2, 1, 1])
      #expect(try file.tokenizer().encode("aa", addingSpecialTokens: false) == [2, 2])
      #expect(try file.tokenizer().encode("") == [0, 1, 1])
    }
  }

  @Test(arguments: [-1, 4, 5, 1_000_000, .max, .min] as [Token])
  func `a number that is no token shows as such`(token: Token) throws {
    let tokenizer = try SmallFile().tokenizer()
    #expect(tokenizer.piece(of: token) == nil)
    #expect(tokenizer.text(of: token) == "⟨\(token)⟩")
    #expect(tokenizer.decode([0, token, 1]) == "a⟨\(token)⟩b")
  }

  @Test func `tokens are found by how they read, with or without the space before`() throws {
    var file = SmallFile()
    file.model = SmallFile.bytePairs(["Austin", "ĠAustin", "ĠaustIn", "Ã©", "eÌģ"])
    file.decoder = #"{"type": "ByteLevel"}"#
    let tokenizer = try file.tokenizer()
    #expect(tokenizer.tokens(spelling: "Austin") == [0])
    #expect(tokenizer.tokens(spelling: " Austin") == [1])
    #expect(tokenizer.tokens(spelling: "Austin", allowingSpaceBefore: true) == [0, 1])
    #expect(tokenizer.tokens(spelling: "Dallas", allowingSpaceBefore: true) == [])
    #expect(tokenizer.tokens(spelling: "\u{E9}") == [3])
    #expect(tokenizer.tokens(spelling: "e\u{301}") == [4])
  }

  @Test func `names count before numbers, and the map of special tokens before the configuration`() throws {
    let file = SmallFile(model: SmallFile.bytePairs(["<s>", "</s>", "<e>", "a"]))
    func tokenizer(_ configuration: String?, _ map: String?, _ generation: String?, _ model: String?) throws
      -> Tokenizer
    {
      try Tokenizer(
        json: Data(file.json.utf8), configuration: configuration.map { Data($0.utf8) },
        specialTokensMap: map.map { Data($0.utf8) },
        generationConfiguration: generation.map { Data($0.utf8) },
        modelConfiguration: model.map { Data($0.utf8) })
    }
    let all = try tokenizer(
      #"{"bos_token": {"content": "<s>"}, "eos_token": null, "pad_token": "<nowhere>"}"#,
      #"{"bos_token": "</s>", "eos_token": "</s>"}"#, #"{"eos_token_id": [2, 1, 77], "pad_token_id": -1}"#,
      #"{"bos_token_id": 3, "eos_token_id": 3, "pad_token_id": 3}"#)
    // transformers adds a token that a name asks for and no vocabulary has.
    #expect([all.beginningOfText, all.endOfText, all.padding] == [1, 1, 4])
    #expect(all.piece(of: 4) == "<nowhere>" && all.openingTokens == [1, 4])
    #expect(all.endsOfText == [1, 2, 3])
    let numbers = try tokenizer(nil, nil, nil, #"{"bos_token_id": 3, "eos_token_id": [2, 0]}"#)
    #expect([numbers.beginningOfText, numbers.endOfText, numbers.padding] == [3, 2, nil])
    let none = try tokenizer(nil, nil, nil, nil)
    #expect([none.beginningOfText, none.endOfText] == [nil, nil])
    #expect(throws: TokenizationError.self) { try tokenizer(#"{"bos_token": 3}"#, nil, nil, nil) }
  }
}
