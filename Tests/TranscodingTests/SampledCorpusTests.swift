import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Text that a model writes itself, kept as it is written.
struct SampledCorpusTests {
  private let folder: TemporaryFolder
  private let model: TracingModel
  private var file: URL { folder.url("text.txt") }

  init() throws {
    folder = try TemporaryFolder()
    model = try TinyModel.shared().open()
  }

  private func sampled(
    _ tokens: Int = 1500, temperature: Double = 1, seed: UInt64 = 3, to name: String = "text.txt",
    replaces: Bool = false
  ) throws -> TokenCorpus {
    try SampledCorpus.open(
      model.transformer, model.tokenizer, .init(tokens: tokens, temperature: temperature, seed: seed),
      file: folder.url(name), replaces: replaces, progress: { _ in })
  }

  private func rows(_ corpus: TokenCorpus) throws -> [[Token]] {
    var cursor = corpus.cursor(), rows: [[Token]] = []
    while let row = try cursor.next() { rows.append(row) }
    return rows
  }

  @Test func `a text that was cut off anywhere is gone on with to the same bytes`() throws {
    let whole = try sampled()
    let expected = try rows(whole)
    #expect(expected.reduce(0) { $0 + $1.count - 1 } >= 1500)
    let bytes = try Data(contentsOf: file)
    for end in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
      try bytes.prefix(end).write(to: file)
      let again = try sampled()
      #expect(try rows(again) == expected, "\(end) bytes")
      #expect(again.fingerprint == whole.fingerprint)
      #expect(try Data(contentsOf: file) == bytes)
    }
  }

  @Test func `a longer text begins with the shorter one, and a shorter one is its beginning`() throws {
    let short = try rows(try sampled(300))
    let long = try rows(try sampled(1500))
    #expect(Array(long.prefix(short.count)) == short && long.count > short.count)
    #expect(try rows(try sampled(1500, to: "other.txt")) == long)
    #expect(try rows(try sampled(300)) == short)
  }

  @Test func `a text that was written otherwise is not thrown away unless that is asked for`() throws {
    let first = try rows(try sampled())
    for attempt in [{ try sampled(seed: 4) }, { try sampled(temperature: 0.5) }] {
      let error = #expect(throws: CorpusError.self) { try attempt() }
      #expect(error?.description.contains("temperature 1.0 seed 3") == true)
      #expect(error?.description.contains("--restart") == true)
    }
    #expect(try rows(try sampled()) == first)
    #expect(try rows(try sampled(seed: 4, replaces: true)) != first)
    try folder.write("mine.txt", "my own text\n".utf8)
    #expect(throws: CorpusError.self) { try sampled(to: "mine.txt") }
    #expect(try Data(contentsOf: folder.url("mine.txt")) == Data("my own text\n".utf8))
  }

  @Test func `a kept text is read as it is, and one that is cut off is refused`() throws {
    let written = try sampled()
    func read(_ rows: Range<Int>? = nil) throws -> TokenCorpus {
      try SampledCorpus.read(
        file, rows: rows, tokenizer: model.tokenizer, configuration: model.transformer.configuration)
    }
    let all = try rows(try read())
    // The last batch is kept whole.
    #expect(try Array(all.prefix(rows(written).count)) == rows(written))
    #expect(try rows(try read(2..<5)) == Array(all[2..<5]))
    let tooFar = #expect(throws: CorpusError.self) { try read(0..<all.count + 1) }
    #expect(tooFar?.description.contains("has \(all.count)") == true)
    #expect(SampledCorpus.find(file) == file && SampledCorpus.find(folder.url("none")) == nil)
    let bytes = try Data(contentsOf: file)
    try bytes.dropLast(3).write(to: file)
    let broken = #expect(throws: CorpusError.self) { try read() }
    #expect(broken?.description.contains("damaged or unfinished from byte") == true)
  }
}
