import Clew
import Foundation
import TestSupport
import Testing

/// Configurations that are broken, field by field.
struct ConfigurationTests {
  static let families: [String] = {
    let folder = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Families")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter {
      FileManager.default.fileExists(atPath: folder.appending(path: "\($0)/config.json").path)
    }.sorted()
  }()

  /// What a field may hold instead of what it should; `nil` takes it away.
  private static var wrong: [Any?] {
    [
      nil, NSNull(), "nonsense", -1, 0, 1, 3, 1e30, -0.5, 1 << 26, 1 << 40, Int.min, true, [1, 2],
      ["full_attention"],
      ["a": "b"],
    ]
  }

  /// Loads a model with another configuration and runs it if it loads.
  private func attempt(_ object: [String: Any], _ folder: TemporaryFolder) throws {
    try folder.write("config.json", JSONSerialization.data(withJSONObject: object))
    let model = try Transformer(folder: folder.url)
    _ = try model.record([0, 5, 9, 3])
  }

  @Test(arguments: families)
  func `a field that is missing or wrong is refused in a sentence, or read`(family: String) throws {
    let source = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Families/\(family)")
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      at: source.appending(path: "model.safetensors"), to: folder.url("model.safetensors"))
    let data = try Data(contentsOf: source.appending(path: "config.json"))
    let whole = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    try attempt(whole, folder)
    var refusals = 0
    func expectSentence(_ object: [String: Any], _ name: String, _ value: Any?) {
      do {
        try attempt(object, folder)
      } catch let error as TransformerError {
        refusals += 1
        let text = "\(error)"
        #expect(
          text.contains(" ") && !text.contains("Optional("), "\(name) \(String(describing: value)): \(text)")
      } catch {
        Issue.record("\(name) \(String(describing: value)): \(error)")
      }
    }
    for (name, old) in whole {
      for value in Self.wrong {
        var object = whole
        object[name] = value
        expectSentence(object, name, value)
      }
      for inner in (old as? [String: Any] ?? [:]).keys {
        for value in Self.wrong {
          var object = whole
          var nested = old as? [String: Any] ?? [:]
          nested[inner] = value
          object[name] = nested
          expectSentence(object, "\(name).\(inner)", value)
        }
      }
    }
    #expect(refusals > 60, "\(refusals) refusals")
  }

  @Test(arguments: [
    "hidden_size", "num_attention_heads", "intermediate_size", "vocab_size", "num_hidden_layers",
  ])
  func `a size that contradicts the weights is refused`(name: String) throws {
    for family in Self.families {
      let source = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Families/\(family)")
      let folder = try TemporaryFolder()
      try FileManager.default.copyItem(
        at: source.appending(path: "model.safetensors"), to: folder.url("model.safetensors"))
      let data = try Data(contentsOf: source.appending(path: "config.json"))
      var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      guard let old = object[name] as? Int else { continue }
      object[name] = 2 * old
      object["layer_types"] = nil
      // Twice the heads of half the width fit the weights of some layouts, and are another model.
      if name == "num_attention_heads", object["head_dim"] == nil { continue }
      #expect(throws: TransformerError.self, "\(family)") { try attempt(object, folder) }
    }
  }
}
