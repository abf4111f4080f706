import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct ReconstructionCheckTests {
  static func model(_ coder: String) throws -> TracingModel {
    try TracingModel(
      model: SharedFiles.url("models/stories260K"),
      transcoders: SharedFiles.url("transcoders/stories260K-\(coder)"))
  }

  static func heldout(_ rows: Range<Int>, _ model: TracingModel) throws -> CheckTexts {
    let folder = SharedFiles.url("transcoders/stories260K-tokens")
    return try CheckTexts(
      TokenCorpus(
        tokens: folder.appending(path: "heldout_tokens.npy"),
        offsets: folder.appending(path: "heldout_offsets.npy"), rows: rows, tokenizer: model.tokenizer,
        configuration: model.transformer.configuration), limit: .max)
  }

  @Test(arguments: ["clt", "plt"])
  func `the measures are those of a plain loop over rows`(coder: String) throws {
    let model = try Self.model(coder)
    let tokens = try Prompt("Tim had a red ball. He loved his red", tokenizer: model.tokenizer).tokens
    var settings = ReconstructionCheck.Settings()
    settings.keepsPositions = true
    var check = try ReconstructionCheck(
      of: model.transformer, transcoders: [model.transcoder], settings: settings)
    try check.add(tokens)
    let recording = try model.transformer.record(tokens)
    for layer in 0..<5 {
      let rows = try plainRows(model, recording, layer: layer)
      let plain = PlainMeasures(rows.map { ($0.y, $0.r) })
      let measured = check.measures[0].layers[layer]
      #expect(measured.all.rows == rows.count && measured.positions.count == rows.count)
      // The loop sums float64, the model float32.
      #expect(abs(try #require(measured.all.unexplainedVariance) - plain.fvu) < 1e-4)
      #expect(abs(measured.all.normalizedSquaredError - plain.nmse) < 1e-4)
      #expect(abs(measured.all.cosine - plain.cosine) < 1e-4)
      #expect(abs(measured.all.lengthRatio - plain.lengthRatio) < 1e-4)
      #expect(abs(measured.all.errorNormShare - plain.errorShare) < 1e-4)
      #expect(abs(measured.all.activeFeatures - plain.mean(rows.map { Double($0.active) })) < 1e-9)
      let shares = zip(measured.positions, rows).map {
        abs($0.errorNormShare - PlainMeasures([($1.y, $1.r)]).errorShare)
      }
      #expect(shares.allSatisfy { $0 < 1e-4 })
    }
    #expect(check.measures[0].largestLocalDifference < 1e-4)
  }

  @Test(arguments: ["clt", "plt"])
  func `replaced runs are those of a model whose MLP outputs are overwritten`(coder: String) throws {
    let model = try Self.model(coder)
    let tokens = try Prompt("Once upon a time there was a girl named Lily.", tokenizer: model.tokenizer)
      .tokens
    var check = try ReconstructionCheck(of: model.transformer, transcoders: [model.transcoder])
    try check.addMeans(tokens)
    try check.add(tokens)
    let clean = try model.transformer.record(tokens, logits: .all)
    let measure = check.measures[0]
    let local = try LocalReplacementModel(
      of: model.transformer, transcoder: model.transcoder, recording: clean)
    for layer in 0..<5 {
      var edit = Overwriting { values, site in
        guard site == .mlpOutput(layer: layer) else { return }
        for position in 1..<tokens.count {
          values.add(local.errors[layer].row(position), scaledBy: -1, toRow: position)
        }
      }
      try expect(measure.oneLayer[layer], equals: model, tokens, clean, &edit)
    }
    // Every MLP replaced, features from the drifting stream, by the transcoder's own plain calls.
    var streams: [Matrix] = []
    var all = Overwriting { values, site in
      switch site {
      case .residualMid(let layer):
        let block = model.transformer.blocks[layer]
        streams.append(
          block.featureInput(
            model.transcoder.configuration.inputHook, residualMid: values,
            scales: block.mlpNorm(values).scales))
      case .mlpOutput(let layer):
        for position in 1..<tokens.count {
          var y = model.transcoder.layers[layer].decoderBias
          for source in 0...layer where model.transcoder.outputLayers(of: source).contains(layer) {
            let z = model.transcoder.preactivations(of: streams[source], layer: source)
            for (index, a) in model.transcoder.activeFeatures(z[position], layer: source) {
              let d = model.transcoder.decoderVector(FeatureID(layer: source, index: index), to: layer)
              for i in y.indices { y[i] += a * d[i] }
            }
          }
          values[position] = y[...]
        }
      default: break
      }
    }
    try expect(measure.allLayers, equals: model, tokens, clean, &all)
    var zero = Overwriting { values, site in
      guard case .mlpOutput = site else { return }
      for position in 1..<tokens.count { values[position] = ArraySlice(repeating: 0, count: values.columns) }
    }
    try expect(check.zeroAblation, equals: model, tokens, clean, &zero)
    #expect(check.meanAblation.positions == tokens.count - 2)
  }

  @Test(arguments: ["clt", "plt"])
  func `held-out figures agree with the published ones within sampling error`(coder: String) throws {
    let model = try Self.model(coder)
    let rows = try Self.heldout(0..<8, model).rows
    var settings = ReconstructionCheck.Settings()
    settings.replacesSingleLayers = false
    var check = try ReconstructionCheck(
      of: model.transformer, transcoders: [model.transcoder], settings: settings)
    for row in rows { try check.add(row) }
    let metrics = try #require(
      try SharedFiles.json("transcoders/stories260K-\(coder)/metrics.json") as? [String: Any])
    let measure = check.measures[0]
    func compare(_ key: String, within part: Double, _ value: (LayerMeasure) -> Double) throws {
      for (layer, expected) in try #require(metrics[key] as? [Double]).enumerated() {
        #expect(abs(value(measure.layers[layer]) - expected) < part * abs(expected), "\(key), layer \(layer)")
      }
    }
    // 8 of 162 rows: the sampling error of a mean is a few percent.
    try compare("fvu", within: 0.12) { $0.all.unexplainedVariance ?? 0 }
    try compare("nmse", within: 0.12) { $0.all.normalizedSquaredError }
    try compare("cosine", within: 0.01) { $0.all.cosine }
    try compare("l0", within: 0.06) { $0.all.activeFeatures }
    try compare("l2_ratio", within: 0.01) { $0.all.lengthRatio }
    let full = try #require((metrics["replacement"] as? [String: [String: Double]])?["full_replacement"])
    #expect(abs(measure.allLayers.topAgreement - (full["top1"] ?? 0)) < 0.03)
    #expect(abs(measure.allLayers.divergenceFromOriginal - (full["kl"] ?? 0)) < 0.04)
  }

  @Test func `a wrong hook is noticed, and the right one is found`() throws {
    let folder = try TemporaryFolder()
    let source = SharedFiles.url("transcoders/stories260K-plt")
    for file in try FileManager.default.contentsOfDirectory(atPath: source.path)
    where file.hasSuffix(".safetensors") {
      try FileManager.default.copyItem(at: source.appending(path: file), to: folder.url(file))
    }
    try folder.write(
      "config.yaml",
      "model_kind: transcoder_set\nfeature_input_hook: hook_resid_mid\nfeature_output_hook: mlp.hook_out\n"
        .utf8)
    let model = try TracingModel(model: SharedFiles.url("models/stories260K"), transcoders: folder.url)
    var request = CheckRequest(texts: try Self.heldout(0..<2, model))
    request.settings.measuresBehaviour = false
    let check = try TranscoderCheck.run(request, models: [model])
    let probe = try #require(check.probes[0])
    #expect(probe.betterHook == .mlpInput)
    #expect(probe.unexplainedVariance.first?.hook == .residualMid)
  }

  /// Expects what a run with an intervention of the test's own makes of the answers.
  private func expect(
    _ tally: BehaviourTally, equals model: TracingModel, _ tokens: [Token], _ clean: Recording,
    _ edit: inout Overwriting, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let run = try model.transformer.record(tokens, logits: .all, intervening: &edit)
    var (loss, divergence, agreements) = (0.0, 0.0, 0)
    for position in 1..<tokens.count - 1 {
      let (p, q) = (logProbabilities(clean.logits.row(position)), logProbabilities(run.logits.row(position)))
      loss -= q[Int(tokens[position + 1])]
      divergence += zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
      let best = { (row: [Double]) in row.indices.max { row[$0] < row[$1] } }
      agreements += best(p) == best(q) ? 1 : 0
    }
    let count = Double(tokens.count - 2)
    #expect(tally.positions == tokens.count - 2, sourceLocation: sourceLocation)
    // Float32 logits of two orders of summation.
    #expect(abs(tally.crossEntropy - loss / count) < 1e-4, sourceLocation: sourceLocation)
    #expect(abs(tally.divergenceFromOriginal - divergence / count) < 1e-4, sourceLocation: sourceLocation)
    #expect(abs(tally.topAgreement - Double(agreements) / count) < 1e-9, sourceLocation: sourceLocation)
  }

  private func logProbabilities(_ logits: [Float]) -> [Double] {
    let values = logits.map(Double.init)
    let normalizer = log(values.reduce(0) { $0 + exp($1) })
    return values.map { $0 - normalizer }
  }

  /// What the MLP writes and what all features write, row by row, from the dense weights.
  private func plainRows(
    _ model: TracingModel, _ recording: Recording, layer: Int
  ) throws -> [(y: [Double], r: [Double], active: Int)] {
    let transcoder = model.transcoder
    return (1..<recording.positionCount).map { position in
      var reconstruction = transcoder.layers[layer].decoderBias.map { Double($0) }
      var active = 0
      for source in 0...layer where transcoder.outputLayers(of: source).contains(layer) {
        let h = input(model, recording.residualMid[source].row(position), layer: source)
        for index in 0..<transcoder.featureCount(layer: source) {
          let feature = FeatureID(layer: source, index: index)
          let z = zip(transcoder.encoderVector(feature), h).reduce(
            Double(transcoder.layers[source].encoderBias[index])
          ) { $0 + Double($1.0) * $1.1 }
          guard case .jumpReLU(let thresholds) = transcoder.layers[source].activation,
            z > Double(thresholds[index])
          else { continue }
          if source == layer { active += 1 }
          for (i, d) in transcoder.decoderVector(feature, to: layer).enumerated() {
            reconstruction[i] += z * Double(d)
          }
        }
      }
      return (recording.mlpOutput[layer].row(position).map { Double($0) }, reconstruction, active)
    }
  }

  /// What the transcoder reads: the stream, or the stream behind the MLP's norm and gain.
  private func input(_ model: TracingModel, _ row: [Float], layer: Int) -> [Double] {
    let row = row.map { Double($0) }
    guard model.transcoder.configuration.inputHook == .mlpInput else { return row }
    let rootMeanSquare = (row.reduce(0) { $0 + $1 * $1 } / Double(row.count) + 1e-5).squareRoot()
    return zip(row, model.transformer.blocks[layer].mlpNorm.gain).map { $0 / rootMeanSquare * Double($1) }
  }
}

/// Changes values as a test says.
private struct Overwriting: Intervention {
  let change: (inout Matrix, Site) -> Void
  init(_ change: @escaping (inout Matrix, Site) -> Void) { self.change = change }
  mutating func edit(_ values: inout Matrix, at site: Site, rows: Rows) { change(&values, site) }
}

/// The measures as their formulas say, in two passes.
private struct PlainMeasures {
  var (fvu, nmse, cosine, lengthRatio, errorShare) = (0.0, 0.0, 0.0, 0.0, 0.0)

  init(_ rows: [(y: [Double], r: [Double])]) {
    let width = rows[0].y.count
    let mean = (0..<width).map { i in rows.reduce(0) { $0 + $1.y[i] } / Double(rows.count) }
    var (unexplained, variance, squares) = (0.0, 0.0, 0.0)
    for (y, r) in rows {
      let ee = zip(y, r).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let yy = y.reduce(0) { $0 + $1 * $1 }
      let rr = r.reduce(0) { $0 + $1 * $1 }
      unexplained += ee
      squares += yy
      variance += zip(y, mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      cosine += zip(y, r).reduce(0) { $0 + $1.0 * $1.1 } / (yy * rr).squareRoot() / Double(rows.count)
      lengthRatio += (rr / yy).squareRoot() / Double(rows.count)
      errorShare += (ee / yy).squareRoot() / Double(rows.count)
    }
    (fvu, nmse) = (unexplained / variance, unexplained / squares)
  }

  func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}
