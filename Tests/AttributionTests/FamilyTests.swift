import Clew
import Foundation
import TestSupport
import Testing

/// Families without graphs of the published tool: their logits, and what must hold of every graph.
struct FamilyTests {
  @Test(arguments: FamilyCase.all)
  func `the logits are the transformers library's`(example: FamilyCase) throws {
    let expected = try example.expected()
    let recording = try example.transformer().record(expected.tokens, logits: .all)
    #expect(largestDifference(recording.logits.values, expected.logits) < 1e-4)
  }

  @Test(arguments: FamilyCase.all)
  func `token by token and side by side, a text has the logits that it has at once`(example: FamilyCase)
    throws
  {
    let model = try example.transformer()
    let expected = try example.expected()
    let recording = try model.record(expected.tokens, logits: .all)
    var cache = KeyValueCache(for: model.configuration)
    for (position, token) in expected.tokens.enumerated() {
      let logits = try model.run([token], cache: &cache)
      #expect(largestDifference(logits.values, recording.logits[position]) < 1e-4)
    }
    let samplings = (0..<3).map { Sampling(temperature: 1.2, seed: 40 + $0) }
    var generation = try Generation(
      model, samplings.map { GenerationRequest([0], count: 15, sampling: $0) })
    let together = try generation.rest()
    let alone = try samplings.map { try model.generate(after: [0], count: 15, sampling: $0, stops: []) }
    #expect(together == alone)
  }

  @Test(arguments: FamilyCase.all + FamilyCase.insideNorm + FamilyCase.behindNorm)
  func `every row of a graph adds up to its target's value`(example: FamilyCase) throws {
    let trace = try example.trace()
    #expect(trace.layout.featureCount > 50)
    #expect(trace.rowsComputed == trace.layout.featureCount)
    #expect(trace.largestIdentityGap < 1e-4)
  }

  @Test(arguments: FamilyCase.all + FamilyCase.insideNorm + FamilyCase.behindNorm)
  func `every edge equals the change that its source makes under the direct freeze`(example: FamilyCase)
    throws
  {
    let trace = try example.trace(tokens: 9)
    let model = trace.model
    let adjacency = trace.graph.denseAdjacency()
    let count = trace.layout.nodeCount
    let cap = model.transformer.configuration.logitSoftCap.map { Double($0) }
    func values(_ edits: [FeatureEdit]) throws -> [Double] {
      let result = try model.run(setting: edits, mode: .direct)
      let features = model.activations.entries.map { entry -> Double in
        let z = result.preactivations[entry.layer]
        return Double(z.values[entry.position * z.columns + entry.index])
      }
      // Logits are traced before they are capped.
      let logits = result.recording.lastLogits.map { logit in
        cap.map { $0 * atanh(Double(logit) / $0) } ?? Double(logit)
      }
      let mean = logits.reduce(0, +) / Double(logits.count)
      return features + trace.logits.map { logits[Int($0.token)] - mean }
    }
    let before = try values([])
    // Half the edge, to 1e-3 of it; float32 sums leave 2e-6 of the size of what is summed.
    let rounding = 2e-6 * max(10, before.map(abs).max() ?? 0)
    let targets = Array(trace.layout.features) + Array(trace.layout.logits)
    for (source, entry) in model.activations.entries.enumerated() {
      let edit = FeatureEdit(
        feature: entry.feature, position: entry.position, value: entry.activation * 0.5)
      let after = try values([edit])
      for (place, target) in targets.enumerated() {
        let edge = Double(adjacency[target * count + source])
        #expect(abs(after[place] - before[place] + edge / 2) <= 1e-3 * abs(edge) + rounding)
      }
    }
  }

  @Test(arguments: FamilyCase.all + FamilyCase.insideNorm + FamilyCase.behindNorm)
  func `features and errors in place of the MLPs give the model's own logits`(example: FamilyCase) throws {
    let model = try example.replacementModel()
    guard !model.transcoder.hasSkip else { return }
    var replacement = IdentityTests.Replacement(model: model)
    let freeze = Freeze(recording: model.recording, attention: true, norms: true)
    let replaced = try model.transformer.record(
      model.recording.tokens, logits: .all, freezing: freeze, intervening: &replacement)
    #expect(largestDifference(replaced.logits.values, model.recording.logits.values) < 1e-4)
  }

  @Test func `no position of a conversation's opening has features or errors`() throws {
    let example = FamilyCase(name: "gemma3-window")
    let plain = try example.transformer()
    let tokens = try example.expected().tokens
    var configuration = plain.configuration
    configuration.opening = Array(tokens.prefix(4))
    let model = Transformer(
      configuration: configuration, embedding: plain.embedding, positionEmbedding: nil, blocks: plain.blocks,
      finalNorm: plain.finalNorm, unembedding: plain.unembedding, folder: plain.folder)
    let transcoder = try Transcoder(folder: example.folder.appending(path: "transcoders"))
    let local = try LocalReplacementModel(
      of: model, transcoder: transcoder, recording: try model.record(tokens, logits: .all))
    #expect(local.zeroedPositions == 0..<4)
    #expect(local.activations.entries.allSatisfy { $0.position >= 4 })
    let tokenizer = try FamilyCase.tokenizer.get()
    var settings = AttributionSettings()
    settings.coverage = 1
    let trace = try Attributor.attribute(
      local, prompt: Prompt(tokens, tokenizer: tokenizer), tokenizer: tokenizer, settings: settings)
    #expect(trace.largestIdentityGap < 1e-4)
  }

  @Test(arguments: FamilyCase.all)
  func `a recording's logits are read once more as the run had them`(example: FamilyCase) throws {
    let model = try example.transformer()
    let recording = try model.record(try example.expected().tokens, logits: .all)
    let range = 3..<11
    #expect(
      largestDifference(
        model.logits(of: recording, positions: range).values, recording.logits.rows(range).values) < 1e-5)
  }

  @Test(arguments: FamilyCase.all)
  func `what transcoders learn from is what a recording has`(example: FamilyCase) throws {
    let model = try example.transformer()
    let tokens = try example.expected().tokens
    let texts = [tokens, Array(tokens.prefix(7))]
    var capture = ActivationCapture(model, capacity: 40, longest: tokens.count)
    let batch = TextBatch(texts)
    let recordings = try texts.map { try model.record($0) }
    capture.run(batch) { number, layer in
      for (recording, range) in zip(recordings, batch.texts) {
        #expect(
          largestDifference(layer.residualMid.rows(range).values, recording.residualMid[number].values) < 1e-4
        )
        #expect(
          largestDifference(layer.mlpOutput.rows(range).values, recording.mlpOutput[number].values) < 1e-4)
      }
    }
  }
}
