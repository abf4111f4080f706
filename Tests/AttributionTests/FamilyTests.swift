import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// A tiny made-up model of a family with the logits that the transformers library gives it, and transcoders for it;
/// `Tests/Fixtures/Families/make.py` made them.
struct FamilyCase: CustomTestStringConvertible, Sendable {
  let name: String

  var testDescription: String { name }
  var folder: URL { SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Families/\(name)") }

  static let all = [
    "mistral", "qwen2", "qwen2-window", "qwen3-bias", "llama-bias", "llama-linear", "llama-dynamic",
    "llama-yarn",
    "gemma2-window", "gemma3-window", "gpt2", "gpt_neox", "gpt_neox-sequential", "gpt_oss", "gpt_oss-mxfp4",
  ].map { FamilyCase(name: $0) }

  /// Words for the tokens, which no number depends on.
  static let tokenizer = Result<Tokenizer, any Error> {
    var settings = TinyModel.settings
    settings.vocabularyCount = 48
    return try TinyModel(settings).open().tokenizer
  }

  func expected() throws -> (tokens: [Token], logits: [Float]) {
    let file = try SafetensorsFile(folder.appending(path: "expected.safetensors"))
    return (try file.tensor("tokens").integers().map { Token($0) }, try file.tensor("logits").floats())
  }

  func transformer() throws -> Transformer { try Transformer(folder: folder) }

  func replacementModel(tokens count: Int? = nil) throws -> LocalReplacementModel {
    let transformer = try transformer()
    let tokens = try expected().tokens
    return try LocalReplacementModel(
      of: transformer, transcoder: try Transcoder(folder: folder.appending(path: "transcoders")),
      recording: try transformer.record(Array(tokens.prefix(count ?? tokens.count)), logits: .all))
  }

  func trace(tokens count: Int? = nil) throws -> AttributionResult {
    let model = try replacementModel(tokens: count)
    let tokenizer = try Self.tokenizer.get()
    var settings = AttributionSettings()
    settings.coverage = 1
    return try Attributor.attribute(
      model, prompt: Prompt(model.recording.tokens, tokenizer: tokenizer), tokenizer: tokenizer,
      settings: settings)
  }
}

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
    let together = try model.generate(from: 0, count: 15, samplings: samplings, stops: [])
    let alone = try samplings.map { try model.generate(after: [0], count: 15, sampling: $0, stops: []) }
    #expect(together == alone)
  }

  @Test(arguments: FamilyCase.all)
  func `every row of a graph adds up to its target's value`(example: FamilyCase) throws {
    let trace = try example.trace()
    #expect(trace.layout.featureCount > 50)
    #expect(trace.rowsComputed == trace.layout.featureCount)
    #expect(trace.largestIdentityGap < 1e-4)
  }

  @Test(arguments: FamilyCase.all)
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

  @Test(arguments: FamilyCase.all)
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

  @Test func `transcoders of what lies before a norm behind the MLP are refused`() throws {
    let example = FamilyCase(name: "gemma2-window")
    let folder = try TemporaryFolder()
    let copy = folder.url("transcoders")
    try FileManager.default.copyItem(at: example.folder.appending(path: "transcoders"), to: copy)
    let file = copy.appending(path: "config.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    try text.replacing("hook_mlp_out", with: "mlp.hook_out").write(
      to: file, atomically: true, encoding: .utf8)
    let model = try example.transformer()
    #expect(throws: ReplacementError.self) {
      try LocalReplacementModel(
        of: model, transcoder: try Transcoder(folder: copy), recording: try model.record([0, 5, 7]))
    }
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
