import Foundation
import TestSupport
import Testing

@testable import Clew

/// Transcoders of what an MLP writes before the norm behind it; what holds of every graph, ``FamilyTests`` asks of them too.
struct InnerOutputTests {
  /// A norm row by row in float64, with its own scale or a given one.
  private func normalized(
    _ x: [Double], by norm: NormLayer, scale: Double? = nil, addsBias: Bool = true
  ) -> [Double] {
    let count = Double(x.count)
    let mean = norm.kind.centers ? x.reduce(0, +) / count : 0
    let epsilon: Float =
      switch norm.kind {
      case .rootMeanSquare(let epsilon), .layer(let epsilon): epsilon
      }
    let own = 1 / (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count + Double(epsilon)).squareRoot()
    return x.indices.map { i in
      (x[i] - mean) * (scale ?? own) * Double(norm.gain[i]) + (addsBias ? Double(norm.bias[i]) : 0)
    }
  }

  private func largest(_ a: [Double], _ b: ArraySlice<Float>) -> Double {
    zip(a, b).map { abs($0 - Double($1)) }.max() ?? .infinity
  }

  @Test(arguments: FamilyCase.insideNorm)
  func `a feature's change goes through the norm behind the MLP, as it is or with its scale held`(
    example: FamilyCase
  ) throws {
    let model = try example.replacementModel()
    let layers = model.transformer.blocks.count
    for layer in 0..<layers {
      let entry = try #require(model.activations.entries.last { $0.layer == layer && $0.position < 19 })
      let position = entry.position
      let edit = FeatureEdit(feature: entry.feature, position: position, value: 3 * entry.activation + 1)
      let change = Double(edit.value - entry.activation)
      let decoder = model.transcoder.decoderVector(entry.feature, to: layer).map { change * Double($0) }
      let block = model.transformer.blocks[layer]
      let norm = try #require(block.mlpPostNorm)
      let own = block.feedForward(block.mlpNorm(model.recording.residualMid[layer]).y).row(position)
      let whole = normalized(zip(own, decoder).map { Double($0) + $1 }, by: norm)
      for mode in [InterventionMode.free, .frozenAttention] {
        let run = try model.run(setting: [edit], mode: mode)
        #expect(largest(whole, run.recording.mlpOutput[layer][position]) < 1e-4)
      }
      let scale = Double(model.recording.mlpPostNormScales[layer][position])
      let image = normalized(decoder, by: norm, scale: scale, addsBias: false)
      let held = zip(model.recording.mlpOutput[layer].row(position), image).map { Double($0) + $1 }
      for mode in [InterventionMode.direct, .constrained(layers: layer..<layers)] {
        let run = try model.run(setting: [edit], mode: mode)
        #expect(largest(held, run.recording.mlpOutput[layer][position]) < 1e-4)
      }
      // The two differ, or this would test nothing.
      #expect(zip(whole, held).contains { abs($0 - $1) > 1e-2 })
    }
  }

  @Test(arguments: FamilyCase.insideNorm)
  func `the graph of a changed run adds up, too`(example: FamilyCase) throws {
    let model = try example.replacementModel()
    let edits = [3, 20, 41].map { model.activations.entries[$0] }.map {
      FeatureEdit(feature: $0.feature, position: $0.position, value: 2 * $0.activation)
    }
    let run = try model.run(setting: edits, mode: .free)
    let changed = try LocalReplacementModel(of: model, setting: edits, as: run)
    #expect(changed.heldPlaces.count == edits.count)
    #expect(try FamilyCase.trace(changed).largestIdentityGap < 1e-4)
  }

  @Test(arguments: FamilyCase.insideNorm.filter { $0.coder == nil })
  func `where attention writes nothing, every edge is direct`(example: FamilyCase) throws {
    let transformer = try example.transformer().replacingBlocks { block in
      let a = block.attention
      let nothing = Matrix(rows: a.output.weight.outputs, columns: a.output.weight.inputs)
      return Block(
        attentionNorm: block.attentionNorm,
        attention: AttentionLayer(
          query: a.query, key: a.key, value: a.value, output: Linear(weight: WeightMatrix(nothing)),
          queryNorm: a.queryNorm, keyNorm: a.keyNorm),
        attentionPostNorm: block.attentionPostNorm, mlpNorm: block.mlpNorm, feedForward: block.feedForward,
        mlpPostNorm: block.mlpPostNorm)
    }
    let result = try FamilyCase.trace(
      LocalReplacementModel(
        of: transformer, transcoder: example.transcoder(),
        recording: transformer.record(example.expected().tokens, logits: .all)))
    var pruning = try result.graph.pruned(nodeShare: 1, edgeShare: 1)
    result.splitEdges(of: &pruning)
    #expect(pruning.graph.edgeExtras.count > 50)
    for (target, row) in pruning.graph.effects.rows.enumerated() {
      for (source, weight) in zip(row.sources, row.weights) {
        let edge = AttributionGraph.Edge(target: target, source: Int(source))
        let extras = try #require(pruning.graph.edgeExtras[edge])
        let part = try #require(extras["direct"]?.double)
        // Float32 sums of two orders.
        #expect(abs(part - Double(weight)) < 1e-5 + 1e-4 * abs(part))
      }
    }
  }

  @Test(arguments: FamilyCase.insideNorm)
  func `reconstructions are measured and put in place before the norm`(example: FamilyCase) throws {
    let (model, transcoder) = (try example.transformer(), try example.transcoder())
    let tokens = try example.expected().tokens
    var check = try ReconstructionCheck(of: model, transcoders: [transcoder])
    try check.add(tokens)
    let measure = check.measures[0]
    #expect(measure.largestLocalDifference < 1e-4)

    let local = try example.replacementModel()
    let positions = 1..<tokens.count
    var shares: [Double] = []
    for layer in local.errors.indices {
      let block = model.blocks[layer]
      let inner = block.feedForward(block.mlpNorm(local.recording.residualMid[layer]).y)
      let width = inner.columns
      let means = (0..<width).map { i in
        positions.reduce(0) { $0 + Double(inner.row($1)[i]) } / Double(positions.count)
      }
      var (errors, variance) = (0.0, 0.0)
      for position in positions {
        for (i, y) in inner.row(position).enumerated() {
          let e = Double(local.errors[layer].row(position)[i])
          errors += e * e
          variance += (Double(y) - means[i]) * (Double(y) - means[i])
        }
      }
      shares.append(errors / variance)
      let measured = try #require(measure.layers[layer].all.unexplainedVariance)
      #expect(abs(measured / shares[layer] - 1) < 1e-4)

      var edit = Overwriting { values, site in
        guard site == .mlpOutputInner(layer: layer) else { return }
        for position in positions {
          values.add(local.errors[layer].row(position), scaledBy: -1, toRow: position)
        }
      }
      let run = try model.record(tokens, logits: .all, intervening: &edit)
      #expect(abs(measure.oneLayer[layer].crossEntropy - crossEntropy(run.logits, tokens)) < 1e-4)
    }
    let probe = try HookProbe(of: model, transcoder: transcoder, texts: [tokens])
    let mean = shares.reduce(0, +) / Double(shares.count)
    #expect(abs(try #require(probe.unexplainedVariance.first).value / mean - 1) < 1e-4)

    // Every MLP replaced, features from the drifting stream, by the transcoder's own plain calls.
    var streams: [Matrix] = []
    var all = Overwriting { values, site in
      switch site {
      case .residualMid(let layer):
        let block = model.blocks[layer]
        streams.append(
          block.featureInput(
            transcoder.configuration.inputHook, residualMid: values, scales: block.mlpNorm(values).scales))
      case .mlpOutputInner(let layer):
        for position in positions {
          values[position] =
            reconstruction(by: transcoder, of: streams, layer: layer, position: position)[...]
        }
      default: break
      }
    }
    let run = try model.record(tokens, logits: .all, intervening: &all)
    #expect(abs(measure.allLayers.crossEntropy - crossEntropy(run.logits, tokens)) < 1e-4)
  }

  private func reconstruction(
    by transcoder: Transcoder, of inputs: [Matrix], layer: Int, position: Int
  ) -> [Float] {
    var y = transcoder.layers[layer].decoderBias
    if let skip = transcoder.layers[layer].skip {
      let passed = inputs[layer].multiplied(byTransposed: skip).row(position)
      for i in y.indices { y[i] += passed[i] }
    }
    for source in 0...layer where transcoder.outputLayers(of: source).contains(layer) {
      let z = transcoder.preactivations(of: inputs[source], layer: source)
      for (index, a) in transcoder.activeFeatures(z[position], layer: source) {
        let d = transcoder.decoderVector(FeatureID(layer: source, index: index), to: layer)
        for i in y.indices { y[i] += a * d[i] }
      }
    }
    return y
  }

  /// The mean loss of the next tokens behind positions 1 and later.
  private func crossEntropy(_ logits: Matrix, _ tokens: [Token]) -> Double {
    let counted = 1..<tokens.count - 1
    return counted.reduce(0) { sum, position in
      let row = logits.row(position).map { Double($0) }
      let largest = row.max() ?? 0
      let normalizer = largest + log(row.reduce(0) { $0 + exp($1 - largest) })
      return sum + normalizer - row[Int(tokens[position + 1])]
    } / Double(counted.count)
  }

  @Test(arguments: FamilyCase.insideNorm)
  func `promoted tokens are those of what the norm's gain makes of a decoder`(example: FamilyCase) throws {
    let (model, transcoder) = (try example.transformer(), try example.transcoder())
    let vocabulary = model.configuration.vocabularyCount
    for layer in 0..<transcoder.layerCount {
      let found = try #require(
        PromotedTokens.of(
          layer: layer, indices: 4..<5, transformer: model, transcoder: transcoder,
          among: (0..<vocabulary).map { Token($0) }, limit: vocabulary
        ).first)
      var sum = [Double](repeating: 0, count: transcoder.dModel)
      for output in transcoder.outputLayers(of: layer) {
        let norm = try #require(model.blocks[output].mlpPostNorm)
        let vector = transcoder.decoderVector(FeatureID(layer: layer, index: 4), to: output)
        let image = normalized(vector.map { Double($0) }, by: norm, scale: 1, addsBias: false)
        for i in sum.indices { sum[i] += image[i] }
      }
      let read = normalized(sum, by: model.finalNorm, scale: 1, addsBias: false)
      for promoted in found.promoted {
        let row = model.unembedding.row(Int(promoted.token))
        let logit = zip(row, read).reduce(0) { $0 + Double($1.0) * $1.1 }
        #expect(abs(logit - Double(promoted.logit)) < 1e-4)
      }
    }
  }
}

private struct Overwriting: Intervention {
  let change: (inout Matrix, Site) -> Void
  init(_ change: @escaping (inout Matrix, Site) -> Void) { self.change = change }
  mutating func edit(_ values: inout Matrix, at site: Site, rows: Rows) { change(&values, site) }
}
