import Tensors
import Foundation
import Testing

@testable import Tokenization

struct BytePairTests {
  @Test func `merges of lower rank go first, and of equal ones the leftmost`() throws {
    var file = SmallFile()
    file.model = SmallFile.bytePairs(
      ["a", "b", "c", "ab", "bc", "aa", "abc"], merges: ["b c", "a b", "a a", "ab c"])
    let tokenizer = try file.tokenizer()
    #expect(try tokenizer.encode("abc") == [0, 4])
    #expect(try tokenizer.encode("abab") == [3, 3])
    #expect(try tokenizer.encode("aaaaa") == [5, 5, 0])
    #expect(try tokenizer.encode("") == [])
  }

  @Test func `merges may be pairs, which may hold spaces`() throws {
    var file = SmallFile()
    file.model = """
      {"vocab": {"a": 0, " ": 1, "a ": 2, "a a": 3}, "merges": [["a", " "], ["a ", "a"]]}
      """
    #expect(try file.tokenizer().encode("a aa") == [3, 0])
  }

  @Test func `a word that is a piece is taken whole where merges are to be ignored`() throws {
    for (ignores, expected) in [(true, [3]), (false, [0, 1, 2])] as [(Bool, [Token])] {
      var file = SmallFile()
      file.model = SmallFile.bytePairs(["a", "b", "c", "abc"], options: #""ignore_merges": \#(ignores)"#)
      #expect(try file.tokenizer().encode("abc") == expected)
      #expect(try file.tokenizer().encode("abca").count == 4)
    }
  }

  @Test(arguments: [(true, [1, 0, 1]), (false, [1, 0, 0, 1])] as [(Bool, [Token])])
  func `unknown letters share a token where they are to be fused`(fuses: Bool, expected: [Token]) throws {
    var file = SmallFile()
    file.model = SmallFile.bytePairs(["?", "a"], options: #""unk_token": "?", "fuse_unk": \#(fuses)"#)
    #expect(try file.tokenizer().encode("axya") == expected)
    #expect(try file.tokenizer().unknown == 0)
  }

  @Test func `letters without a piece fall back to all their bytes or none`() throws {
    var file = SmallFile()
    let options = #""unk_token": "?", "byte_fallback": true"#
    file.model = SmallFile.bytePairs(["?", "<0xC3>", "<0xA9>", "a"], options: options)
    #expect(try file.tokenizer().encode("aé") == [3, 1, 2])
    #expect(try file.tokenizer().encode("aè") == [3, 0])
  }

  @Test func `a letter that nothing stands for is an error that names it`() throws {
    let error = #expect(throws: TokenizationError.self) { try SmallFile().tokenizer().encode("abé") }
    #expect(error == .unencodable(text: "é (U+00E9)", inside: "abé"))
    #expect(error?.description.contains("'é (U+00E9)' in 'abé' is not in the vocabulary") == true)
  }

  @Test func `a word that nothing stands for is an error, and with an unknown token that token`() throws {
    var file = SmallFile()
    file.preTokenizer = #"{"type": "WhitespaceSplit"}"#
    file.model = SmallFile.words(["a", "?"])
    #expect(try file.tokenizer().encode("a b") == [0, 1])
    file.model = SmallFile.words(["a"])
    #expect(throws: TokenizationError.unencodable(text: "b", inside: "b")) {
      try file.tokenizer().encode("a b")
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `merging with a heap is merging by search`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var pieces = ["a", "b", "c"]
    var merges: [(String, String)] = []
    while merges.count < 25 {
      let left = pieces.randomElement(using: &generator) ?? "a"
      let right = pieces.randomElement(using: &generator) ?? "a"
      if pieces.contains(left + right) { continue }
      pieces.append(left + right)
      merges.append((left, right))
    }
    var file = SmallFile()
    file.model = SmallFile.bytePairs(pieces, merges: merges.map { "\($0) \($1)" })
    let tokenizer = try file.tokenizer()
    for _ in 0..<20 {
      let letters = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        pieces[Int.random(in: 0..<3, using: &generator)]
      }
      let expected = Self.merged(letters, by: merges)
      let tokens = try tokenizer.encode(letters.joined())
      #expect(tokens.map(tokenizer.piece(of:)) == expected)
    }
  }

  /// The definition: join the leftmost pair of lowest rank until there is none.
  private static func merged(_ letters: [String], by merges: [(String, String)]) -> [String] {
    var pieces = letters
    func rank(_ place: Int) -> Int {
      merges.firstIndex { $0 == (pieces[place], pieces[place + 1]) } ?? .max
    }
    while let place = (0..<max(0, pieces.count - 1)).min(by: { (rank($0), $0) < (rank($1), $1) }),
      rank(place) < .max
    {
      pieces[place...place + 1] = [pieces[place] + pieces[place + 1]]
    }
    return pieces
  }

  @Test(.timeLimit(.minutes(1)))
  func `a prompt of a hundred thousand letters without a space is no burden`() throws {
    var file = SmallFile()
    file.model = SmallFile.bytePairs(["a", "aa", "aaaa"], merges: ["a a", "aa aa"])
    let tokens = try file.tokenizer().encode(String(repeating: "a", count: 100_001))
    #expect(tokens == Array(repeating: 2, count: 25_000) + [0])
  }
}
