import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

struct TokenCorpusTests {
  private static func model() throws -> (Tokenizer, TransformerConfiguration) {
    let model = try TinyModel.shared().open()
    return (model.tokenizer, model.transformer.configuration)
  }

  private func corpus(_ texts: [String], rowLength: Int? = nil) throws -> TokenCorpus {
    let folder = try TemporaryFolder()
    let (tokenizer, configuration) = try Self.model()
    let urls = try texts.enumerated().map { try folder.write("\($0).txt", Array($1.utf8)) }
    return try TokenCorpus(
      texts: urls, tokenizer: tokenizer, configuration: configuration, rowLength: rowLength)
  }

  private func rows(_ corpus: TokenCorpus, from place: TokenCorpus.Place = .init()) throws -> [[Token]] {
    var cursor = corpus.cursor(from: place)
    var rows: [[Token]] = []
    while let row = try cursor.next() { rows.append(row) }
    return rows
  }

  /// The tokens of all rows without BOS.
  private func content(_ rows: [[Token]]) -> [Token] { rows.flatMap { $0.dropFirst() } }

  /// The words w1 to w30 over and over.
  private func words(_ count: Int) -> String {
    (0..<count).map { "w\($0 % 30 + 1)" }.joined(separator: " ")
  }

  private func expected(_ count: Int) -> [Token] { (0..<count).map { Token($0 % 30 + 1) } }

  @Test func `blank lines end documents, and every row begins with BOS`() throws {
    let text = "\u{FEFF}\n\nw1 w2 w3\nw4\n \t\r\n\n w5 w6\r\n\r\nw7"
    let rows = try rows(try corpus([text, "w8\n"]))
    let expected: [[Token]] = [[0, 1, 2, 3, 4], [0, 5, 6], [0, 7], [0, 8]]
    #expect(rows == expected)
  }

  @Test func `a long document becomes rows that fit, with nothing lost`() throws {
    let rows = try rows(try corpus([words(100)]))
    #expect(rows.allSatisfy { $0.count <= 16 && $0.first == 0 })
    #expect(content(rows) == expected(100))
    #expect(try self.rows(try corpus([words(100)], rowLength: 5)).count == 25)
  }

  @Test func `a file without blank lines is read in pieces, with no word cut`() throws {
    let count = 60_000  // about 180 KB
    let rows = try rows(try corpus([words(count)]))
    #expect(content(rows) == expected(count))
  }

  @Test func `a cursor goes on from any place as if it had never stopped`() throws {
    let corpus = try corpus(["w1 w2\n\n\(words(40))\n\nw3", "w4\n\nw5"])
    let all = try rows(corpus)
    var cursor = corpus.cursor()
    for index in all.indices {
      #expect(try rows(corpus, from: cursor.place) == Array(all[index...]))
      #expect(try cursor.next() == all[index])
    }
    #expect(try cursor.next() == nil)
    #expect(cursor.fraction == 1)
  }

  /// A beginning, the bytes that follow it, and a part of the message.
  private static let badTexts: [(String, [UInt8], String)] = [
    ("", [], "holds no text"), (" \n\t\n", [], "holds no text"), ("w1 w2", [0, 1], "byte 5 is zero"),
    ("w1 ", [0xC3, 0x28], "from byte 3 on"), ("w1 ", [0xED, 0xA0, 0x80], "from byte 3 on"),
    ("w1 w2 ", [0xF0, 0x9F], "from byte 6"),
  ]

  @Test(arguments: badTexts)
  func `what is no text is refused with the place`(
    beginning: String, rest: [UInt8], part: String
  ) throws {
    let bytes = Array(beginning.utf8) + rest
    let folder = try TemporaryFolder()
    let (tokenizer, configuration) = try Self.model()
    let url = try folder.write("bad.txt", bytes)
    let error = #expect(throws: CorpusError.self) {
      try TokenCorpus(texts: [url], tokenizer: tokenizer, configuration: configuration)
    }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("bad.txt") == true)
  }

  private func numpy(_ type: String, _ bytes: [UInt8], count: Int) -> [UInt8] {
    let header = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(count),), }\n".utf8)
    let start: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(header.count), 0]
    return start + header + bytes
  }

  private func stored(
    _ tokens: [UInt16], _ offsets: [Int64], rows: Range<Int>? = nil
  ) throws -> TokenCorpus {
    let folder = try TemporaryFolder()
    let (tokenizer, configuration) = try Self.model()
    let data = tokens.withUnsafeBytes { Array($0) }, places = offsets.withUnsafeBytes { Array($0) }
    return try TokenCorpus(
      tokens: try folder.write("t.npy", numpy("<u2", data, count: tokens.count)),
      offsets: try folder.write("o.npy", numpy("<i8", places, count: offsets.count)), rows: rows,
      tokenizer: tokenizer, configuration: configuration)
  }

  @Test func `stored rows come in order, all or those asked for`() throws {
    let tokens: [UInt16] = [0, 4, 5, 0, 6, 0], offsets: [Int64] = [0, 3, 5, 6]
    let all: [[Token]] = [[0, 4, 5], [0, 6], [0]]
    #expect(try rows(try stored(tokens, offsets)) == all)
    #expect(try rows(try stored(tokens, offsets, rows: 1..<2)) == [all[1]])
  }

  private static let badRows: [([UInt16], [Int64], Range<Int>?, String)] = [
    ([0, 40], [0, 2], nil, "the token 40"), ([0, 1], [0, 3], nil, "reach from 0 to 3"),
    ([0, 1], [0, 0, 2], nil, "row 0"), ([1, 0], [0, 2], nil, "begins with the token 1"),
    ([0, 1], [0, 2], 0..<2, "rows 0:2"), ([0, 1], [0], nil, "at least one row"),
    (Array(repeating: 0, count: 17), [0, 17], nil, "17 tokens"),
  ]

  @Test(arguments: badRows)
  func `rows that do not fit the model are refused by number`(
    tokens: [UInt16], offsets: [Int64], rows: Range<Int>?, part: String
  ) throws {
    let error = #expect(throws: CorpusError.self) { try stored(tokens, offsets, rows: rows) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
  }

  @Test(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
  func `the sampled stories are read whole`() throws {
    let folder = SharedFiles.url("models/stories260K")
    let tokens = SharedFiles.url("transcoders/stories260K-tokens")
    let corpus = try TokenCorpus(
      tokens: tokens.appending(path: "heldout_tokens.npy"),
      offsets: tokens.appending(path: "heldout_offsets.npy"),
      rows: 0..<162, tokenizer: try Tokenizer(folder: folder),
      configuration: try Transformer(folder: folder).configuration)
    #expect(try rows(corpus).reduce(0) { $0 + $1.count } == 60_256)
  }
}
