import Clew
import Foundation
import Tensors
import TestSupport
import Testing
import TinyModels

/// Damage to the files that training reads again: it is named, or changes nothing. `CLEW_DAMAGES` says how many there are.
struct TrainingDamageTests {
  private let folder: TemporaryFolder
  private let weights: [String: Data]
  private let count = ProcessInfo.processInfo.environment["CLEW_DAMAGES"].flatMap { Int($0) } ?? 60

  /// A finished run, with its cache, and one that was stopped after its first step.
  init() throws {
    folder = try TemporaryFolder()
    weights = try Self.finish(folder.url("whole"), resumes: false)
    let stopped = try Self.run(folder.url("stopped"), resumes: false)
    _ = try stopped.run(checkpointSeconds: 1e9, shouldStop: { true }, progress: { _ in })
  }

  private static func run(_ url: URL, resumes: Bool) throws -> TranscoderRun {
    try .tiny(of: TinyModel.shared().open().transformer, in: url, resumes: resumes)
  }

  /// Trains to the end; what was learned, by file.
  private static func finish(_ url: URL, resumes: Bool) throws -> [String: Data] {
    _ = try run(url, resumes: resumes).run(
      checkpointSeconds: 1e9, shouldStop: { false }, progress: { _ in })
    let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
      .filter { $0.hasSuffix(".safetensors") }
    #expect(!names.isEmpty)
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: url.appending(path: $0))) })
  }

  /// A file with some damage: bits that flip, stretches that are cut off, zeroed, exchanged or put in twice, bytes that
  /// come from nowhere.
  private func damaged(_ whole: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var bytes = whole
    func place() -> Int {
      // The header is short, and half of the damage goes there.
      Int.random(
        in: 0..<(Bool.random(using: &generator) ? min(1500, whole.count) : whole.count), using: &generator)
    }
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: bytes[place()] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes.removeLast(Int.random(in: 1...whole.count, using: &generator))
    case 2:
      let first = place()
      for i in first..<min(whole.count, first + 4096) { bytes[i] = 0 }
    case 3:
      // Two pages change places.
      let (a, b) = (place(), place())
      for i in 0..<min(4096, whole.count - max(a, b)) { bytes.swapAt(a + i, b + i) }
    case 4: for _ in 0..<16 { bytes[place()] = UInt8.random(in: 0...255, using: &generator) }
    case 5:
      let first = place()
      bytes.insert(contentsOf: whole[first..<min(whole.count, first + 512)], at: first)
    case 6: bytes += (0..<64).map { _ in UInt8.random(in: 0...255, using: &generator) }
    default:
      let first = place()
      bytes.removeSubrange(first..<min(whole.count, first + 64))
    }
    return bytes
  }

  @Test func `damaged activations are refused by name, or the same is learned`() throws {
    let cache = folder.url("whole/cache")
    let paths = try FileManager.default.subpathsOfDirectory(atPath: cache.path)
      .filter { $0.hasSuffix(".safetensors") }
    let path = try #require(paths.first)
    let whole = [UInt8](try Data(contentsOf: cache.appending(path: path)))
    var generator = SeededGenerator(seed: 5)
    var refused = 0
    for number in 0..<count {
      let bytes = damaged(whole, using: &generator)
      guard bytes != whole else { continue }
      try folder.write("case/cache/\(path)", bytes)
      do {
        #expect(try Self.finish(folder.url("case"), resumes: false) == weights, "damage \(number)")
      } catch let error as TrainingError {
        refused += 1
        #expect(
          error.description.contains("\(path) cannot be used") && error.description.contains("Remove it"))
      }
      try FileManager.default.removeItem(at: folder.url("case"))
    }
    print("\(refused) of \(count) damaged files of activations were refused")
    #expect(refused > count / 2)
  }

  @Test func `no damaged checkpoint is gone on from`() throws {
    let state = folder.url("stopped/checkpoint/state.safetensors")
    let whole = [UInt8](try Data(contentsOf: state))
    var generator = SeededGenerator(seed: 6)
    for number in 0..<count {
      let bytes = damaged(whole, using: &generator)
      guard bytes != whole else { continue }
      try Data(bytes).write(to: state)
      let error = #expect(throws: TrainingError.self, "damage \(number)") {
        try Self.run(folder.url("stopped"), resumes: true)
      }
      #expect(
        error?.description.contains("state.safetensors cannot be used") == true, "\(number): \(error as Any)")
    }
    try Data(whole).write(to: state)
    #expect(try Self.finish(folder.url("stopped"), resumes: true) == weights)
  }

  @Test func `damage to the text that a model wrote is taken away, and the same text is written`() throws {
    let model = try TinyModel.shared().open()
    let file = folder.url("text/sampled-tokens.txt")
    func text() throws -> [[Token]] {
      let corpus = try SampledCorpus.open(
        model.transformer, model.tokenizer, .init(tokens: 700, temperature: 1, seed: 3), file: file,
        progress: { _ in })
      var cursor = corpus.cursor(), rows: [[Token]] = []
      while let row = try cursor.next() { rows.append(row) }
      return rows
    }
    let rows = try text()
    let whole = [UInt8](try Data(contentsOf: file))
    var generator = SeededGenerator(seed: 7)
    for number in 0..<count {
      let bytes = damaged(whole, using: &generator)
      guard bytes != whole else { continue }
      try Data(bytes).write(to: file)
      #expect(throws: CorpusError.self, "damage \(number)") {
        try SampledCorpus.read(
          file, tokenizer: model.tokenizer, configuration: model.transformer.configuration)
      }
      do {
        #expect(try text() == rows, "damage \(number)")
        #expect(try Data(contentsOf: file) == Data(whole))
      } catch let error as CorpusError {
        // Only where the first line is another one.
        guard case .otherText = error else { throw error }
      }
    }
  }
}
