import Clew
import Foundation
import TestSupport
import Testing

/// One of the seven trained models that the reference data holds, with the numbers expected of it.
struct ExpectedModel: Decodable {
  struct Case: Decodable {
    let ids: [Token]
    let last_logits: [Float]
    let greedy_ids: [Token]?
    let greedy_min_margin: Double?
  }
  struct Residual: Decodable {
    let ids: [Token]
    let stream: [[Float]]
  }
  let cases: [Case]
  let residual: Residual

  static let names = [
    "stories260K", "tinystories-656k", "babyllama-char105", "shakespeare-byte-2m", "slm4096", "gpt-nano-sort",
    "modadd113",
  ]

  static func load(_ name: String) throws -> (expected: ExpectedModel, model: Transformer) {
    let folder = SharedFiles.url("models/\(name)")
    let data = try Data(contentsOf: folder.appending(path: "expected.json"))
    return (try JSONDecoder().decode(ExpectedModel.self, from: data), try Transformer(folder: folder))
  }

  /// float32 against float32 over a few layers; modadd113 carries constants of 8,000 in its stream, and its
  /// makers name 0.05.
  static func tolerance(_ name: String) -> Double { name == "modadd113" ? 0.05 : 1e-4 }
}

@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct RealModelTests {
  @Test(arguments: ExpectedModel.names)
  func `the last logits are the reference's`(name: String) throws {
    let (expected, model) = try ExpectedModel.load(name)
    for example in expected.cases {
      let recording = try model.record(example.ids)
      #expect(largestDifference(recording.lastLogits, example.last_logits) < ExpectedModel.tolerance(name))
    }
  }

  @Test(arguments: ExpectedModel.names)
  func `the last position's residual is the reference's behind every block`(name: String) throws {
    let (expected, model) = try ExpectedModel.load(name)
    let recording = try model.record(expected.residual.ids)
    let last = recording.positionCount - 1
    let stream = recording.residualPre.map { $0.row(last) } + [recording.residualFinal.row(last)]
    #expect(stream.count == expected.residual.stream.count)
    for (actual, expected) in zip(stream, expected.residual.stream) {
      #expect(largestDifference(actual, expected) < ExpectedModel.tolerance(name))
    }
  }

  @Test(arguments: ExpectedModel.names)
  func `greedy continuations are the reference's`(name: String) throws {
    let (expected, model) = try ExpectedModel.load(name)
    for example in expected.cases {
      guard let ids = example.greedy_ids else { continue }
      #expect(try model.generate(after: example.ids, count: ids.count) == ids)
    }
  }

  @Test(arguments: ExpectedModel.names)
  func `a cached run gives the logits of a whole one`(name: String) throws {
    let (expected, model) = try ExpectedModel.load(name)
    let ids = expected.residual.ids
    let whole = try model.record(ids, logits: .all).logits
    var cache = KeyValueCache(for: model.configuration)
    for (position, token) in ids.enumerated() {
      let step = try model.run([token], cache: &cache)
      #expect(largestDifference(step.values, whole[position]) < ExpectedModel.tolerance(name))
    }
  }
}
