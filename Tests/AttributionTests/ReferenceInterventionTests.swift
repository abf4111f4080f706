import Clew
import Foundation
import TestSupport
import Testing

/// Every number of the published tool's intervened runs.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct ReferenceInterventionTests {
  static let modes: [(name: String, mode: InterventionMode?)] = [
    ("baseline", nil), ("free", .free), ("frozen", .frozenAttention),
    ("constrained_1_3", .constrained(layers: 1..<3)), ("direct", .direct),
  ]

  @Test(arguments: ReferenceCase.interventions)
  func `logits and preactivations are the published tool's in all modes`(example: ReferenceCase) throws {
    let model = try example.replacementModel("intervention")
    let reference = try example.tensors("intervention")
    let edits = try edits(of: example)
    let probe = try reference.tensor("probe_index").integers()
    for (name, mode) in Self.modes {
      let result = try model.run(setting: mode == nil ? [] : edits, mode: mode ?? .free)
      let logits = try reference.tensor("\(name).logits").floats()
      #expect(largestDifference(result.recording.logits.values, logits) < 1e-4, "\(name)")
      let expected = try reference.tensor("\(name).preact_probe").floats()
      let actual = expected.indices.map { place in
        let (layer, position, index) = (probe[place * 3], probe[place * 3 + 1], probe[place * 3 + 2])
        let z = result.preactivations[layer]
        return z.values[position * z.columns + index]
      }
      #expect(largestDifference(actual, expected) < 1e-4, "\(name)")
    }
  }

  private func edits(of example: ReferenceCase) throws -> [FeatureEdit] {
    let json = try example.json("intervention")
    let list = try #require(json["interventions"] as? [[String: Any]] ?? json["features"] as? [[String: Any]])
    return try list.map { entry in
      FeatureEdit(
        feature: FeatureID(
          layer: try #require(entry["layer"] as? Int), index: try #require(entry["feature"] as? Int)),
        position: try #require(entry["position"] as? Int ?? entry["pos"] as? Int),
        value: Float(try #require(entry["value"] as? Double)))
    }
  }
}
