import Clew
import Foundation
import TestSupport
import Testing

/// The hook behind the norm and before its gain, which no reference case uses: the same weights read there.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct NormalizedHookTests {
  @Test(arguments: [("llama", "plt_jumprelu"), ("gpt2", "plt_skip"), ("gpt2", "clt_jumprelu")])
  func `edges behind the bare norm are exact, too`(family: String, coder: String) throws {
    let folder = try TemporaryFolder()
    let source = SharedFiles.url("reference/\(family)/\(coder)")
    for name in try FileManager.default.contentsOfDirectory(atPath: source.path) where name != "config.yaml" {
      try FileManager.default.createSymbolicLink(
        at: folder.url(name), withDestinationURL: source.appending(path: name))
    }
    let text = try String(contentsOf: source.appending(path: "config.yaml"), encoding: .utf8)
    let lines = text.split(separator: "\n").map {
      $0.hasPrefix("feature_input_hook") ? "feature_input_hook: ln2.hook_normalized" : String($0)
    }
    try folder.write("config.yaml", Array(lines.joined(separator: "\n").utf8))

    let modelFolder = SharedFiles.url("reference/\(family)")
    let transformer = try Transformer(folder: modelFolder)
    let tokenizer = try Tokenizer(folder: modelFolder)
    let prompt = try Prompt("The capital of the state that", tokenizer: tokenizer)
    let model = try LocalReplacementModel(
      of: transformer, transcoder: try Transcoder(folder: folder.url),
      recording: try transformer.record(prompt.tokens))
    try #require(model.activations.count > 20)
    var settings = AttributionSettings()
    settings.coverage = 1
    let trace = try Attributor.attribute(model, prompt: prompt, tokenizer: tokenizer, settings: settings)
    #expect(trace.largestIdentityGap < 1e-4)

    let adjacency = trace.graph.denseAdjacency()
    let before = try model.run(setting: [], mode: .direct)
    for source in stride(from: 0, to: model.activations.count, by: 7) {
      let entry = model.activations.entries[source]
      let edit = FeatureEdit(feature: entry.feature, position: entry.position, value: 0)
      let after = try model.run(setting: [edit], mode: .direct)
      for (target, reader) in model.activations.entries.enumerated() {
        let z = after.preactivations[reader.layer]
        let place = reader.position * z.columns + reader.index
        let change = Double(z.values[place]) - Double(before.preactivations[reader.layer].values[place])
        let edge = Double(adjacency[target * trace.layout.nodeCount + source])
        // float32 sums of values around 10 leave 2e-5.
        #expect(abs(change + edge) <= 1e-3 * abs(edge) + 2e-5)
      }
    }
  }
}
