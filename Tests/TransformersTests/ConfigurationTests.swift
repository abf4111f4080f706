import Clew
import Foundation
import TestSupport
import Testing

/// Configurations that are broken, field by field.
struct ConfigurationTests {
  /// What a field may hold instead of what it should; `nil` takes it away.
  private static var wrong: [Any?] {
    [
      nil, NSNull(), "nonsense", -1, 0, 1, 3, 1e30, -0.5, 1 << 26, 1 << 40, Int.min, true, [1, 2],
      ["full_attention"],
      ["a": "b"],
    ]
  }

  @Test(arguments: FamilyModel.names)
  func `a field that is missing or wrong is refused in a sentence, or read`(family: String) throws {
    let model = try FamilyModel(family)
    let whole = model.fields
    func attempt(_ object: [String: Any]) throws { _ = try model.load(only: object).record([0, 5, 9, 3]) }
    try attempt(whole)
    var refusals = 0
    func expectSentence(_ object: [String: Any], _ name: String, _ value: Any?) {
      do {
        try attempt(object)
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
    for family in FamilyModel.names {
      let model = try FamilyModel(family)
      var object = model.fields
      guard let old = object[name] as? Int else { continue }
      object[name] = 2 * old
      object["layer_types"] = nil
      // Twice the heads of half the width fit the weights of some layouts, and are another model.
      if name == "num_attention_heads", object["head_dim"] == nil { continue }
      #expect(throws: TransformerError.self, "\(family)") { try model.load(only: object) }
    }
  }
}
