import Clew
import Foundation
import TestSupport
import Testing

/// A copy of a tiny made-up model of a family, with whatever configuration a test wants it to have.
struct FamilyModel {
  private static let families = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Families")
  static let names: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: families.path)) ?? []
    return names.filter {
      FileManager.default.fileExists(atPath: families.appending(path: "\($0)/config.json").path)
    }.sorted()
  }()

  /// What its `config.json` says.
  let fields: [String: Any]
  private let folder: TemporaryFolder
  var weights: URL { folder.url("model.safetensors") }

  init(_ name: String) throws {
    folder = try TemporaryFolder()
    let source = Self.families.appending(path: name)
    try FileManager.default.copyItem(
      at: source.appending(path: "model.safetensors"), to: folder.url("model.safetensors"))
    let data = try Data(contentsOf: source.appending(path: "config.json"))
    fields = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// The model with another configuration.
  func load(only object: [String: Any]) throws -> Transformer {
    try folder.write("config.json", JSONSerialization.data(withJSONObject: object))
    return try Transformer(folder: folder.url)
  }

  /// The model with some fields changed; `nil` takes a field away.
  func load(_ changes: [String: Any?]) throws -> Transformer {
    try load(
      only:
        fields.merging(changes.compactMapValues(\.self)) { $1 }.filter {
          changes[$0.key].map { $0 != nil } ?? true
        })
  }

  /// The logits of a few tokens with some fields changed.
  func logits(_ changes: [String: Any?] = [:]) throws -> [Float] {
    try load(changes).record([0, 5, 9, 3, 30, 17, 2, 41, 8, 8, 20, 11], logits: .all).logits.values
  }
}
