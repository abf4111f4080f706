import Foundation
import Tensors
import Testing

@testable import Tokenization

struct TrainingTests {
  private static let texts = [
    "the capital of Texas is Austin.", "the capital of France is Paris.", "Dallas is a city in Texas.",
    "lo contrario de pequeño es grande.", "calc 36 + 59 = 95.", "the war lasted from 1732 to 1745.",
  ]

  private func tokenizer(_ texts: [String], limit: Int, leastCount: Int = 2) throws -> Tokenizer {
    var trainer = BytePairTrainer(vocabularyLimit: limit)
    trainer.leastCount = leastCount
    for text in texts { trainer.add(text) }
    return try Tokenizer(
      json: trainer.tokenizerJSON(), configuration: BytePairTrainer.configurationJSON)
  }

  @Test func `any text can be written and read back`() throws {
    let tokenizer = try tokenizer(Self.texts, limit: 300)
    var generator = SeededGenerator(seed: 11)
    var hard = HardTexts(seed: 11)
    for text in (0..<100).flatMap({ _ in [hard.next(), Self.randomText(&generator)] }) {
      #expect(try Array(tokenizer.decode(tokenizer.encode(text)).utf8) == Array(text.utf8))
    }
  }

  @Test func `a full vocabulary has every word as one token, and BOS in front`() throws {
    let tokenizer = try tokenizer(Self.texts, limit: 10_000, leastCount: 1)
    let tokens = try tokenizer.encode("the capital of Texas is Austin.")
    #expect(
      tokens.map { tokenizer.text(of: $0) } == [
        "<bos>", "the", " capital", " of", " Texas", " is", " Austin", ".",
      ])
    #expect(tokens.first == 0 && tokenizer.beginningOfText == 0 && tokenizer.endOfText == 1)
  }

  @Test func `frequent words are tokens in a vocabulary that has no room for their parts`() throws {
    var trainer = BytePairTrainer(vocabularyLimit: 264)
    trainer.leastCountOfWholeWords = 2
    for text in Self.texts { trainer.add(text) }
    let tokenizer = try Tokenizer(json: trainer.tokenizerJSON())
    #expect(tokenizer.vocabularyCount == 264)
    #expect(try tokenizer.encode(" Texas is", addingSpecialTokens: false).count == 2)
    #expect(try tokenizer.decode(tokenizer.encode(" Texan isle")) == " Texan isle")
  }

  @Test func `every numeral is a token of its own, with the space before it`() throws {
    let tokenizer = try tokenizer(Self.texts, limit: 10_000, leastCount: 1)
    let tokens = try tokenizer.encode("calc 36 + 159 =", addingSpecialTokens: false)
    #expect(tokens.map { tokenizer.text(of: $0) } == ["calc", " 3", "6", " +", " 1", "5", "9", " ="])
  }

  @Test func `merges are those of a plain loop that counts everything again`() throws {
    var generator = SeededGenerator(seed: 12)
    let texts = (0..<60).map { _ in
      (0..<8).map { _ in
        String(
          (0..<Int.random(in: 1...6, using: &generator)).map { _ in "abc".randomElement(using: &generator)! })
      }
      .joined(separator: " ")
    }
    var trainer = BytePairTrainer(vocabularyLimit: 318)
    for text in texts { trainer.add(text) }
    let file = try #require(JSONSerialization.jsonObject(with: trainer.tokenizerJSON()) as? [String: Any])
    let model = try #require(file["model"] as? [String: Any])
    let merges = try #require(model["merges"] as? [[String]])
    #expect(merges.map { $0.joined(separator: " ") } == Self.plainMerges(texts, count: 60))
  }

  /// The merges by definition: count all pairs, take the best, join it everywhere, and again.
  private static func plainMerges(_ texts: [String], count: Int) -> [String] {
    var pieces = [String](repeating: "", count: 2) + ByteLetters.letters.map { String($0) }
    let letters = ByteLetters.letters
    var words = texts.flatMap { text -> [[Int]] in
      let scalars = Array(text.unicodeScalars)
      return WordScanner.singleNumerals.pieces(of: scalars[...]).map { range in
        ByteLetters.letters(of: scalars[range]).map { letter in 2 + (letters.firstIndex(of: letter) ?? 0) }
      }
    }
    var merges: [String] = []
    while merges.count < count {
      var counts: [[Int]: Int] = [:]
      for word in words {
        for pair in zip(word, word.dropFirst()) { counts[[pair.0, pair.1], default: 0] += 1 }
      }
      guard
        let best = counts.min(by: { (-$0.value, $0.key[0], $0.key[1]) < (-$1.value, $1.key[0], $1.key[1]) }),
        best.value >= 2
      else { break }
      merges.append(pieces[best.key[0]] + " " + pieces[best.key[1]])
      for place in words.indices {
        var joined: [Int] = []
        for token in words[place] {
          // A token that was joined just now is larger than any of the pair.
          if token == best.key[1], joined.last == best.key[0] {
            joined[joined.count - 1] = pieces.count
          } else {
            joined.append(token)
          }
        }
        words[place] = joined
      }
      pieces.append(pieces[best.key[0]] + pieces[best.key[1]])
    }
    return merges
  }

  @Test func `the same texts in another order give the same file`() throws {
    var files: Set<Data> = []
    for texts in [Self.texts, Self.texts.reversed()] {
      var trainer = BytePairTrainer(vocabularyLimit: 400)
      for text in texts { trainer.add(text) }
      files.insert(trainer.tokenizerJSON())
    }
    #expect(files.count == 1)
  }

  @Test(arguments: ["a1b22 333  4", " ½², ٣٤x", "don't 12.5%!", "  \n\t 7", "pequeño 1 "])
  func `the scanner cuts like the regular expression that it stands for`(text: String) throws {
    let scalars = Array(text.unicodeScalars)
    let pattern = Pattern.regex(try RegularExpression(WordScanner.singleNumerals.pattern))
    #expect(WordScanner.singleNumerals.pieces(of: scalars[...]) == (try pattern.matches(in: scalars[...])))
  }

  private static func randomText(_ generator: inout SeededGenerator) -> String {
    let scalars = (0..<30).compactMap { _ in
      Unicode.Scalar(
        UInt32.random(in: 0...(Bool.random(using: &generator) ? 0x7F : 0x2FFF), using: &generator))
    }
    return String(scalars)
  }
}
