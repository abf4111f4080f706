internal import Attribution
internal import AttributionGraphs
internal import ReplacementModels
internal import Tensors
internal import Transcoding

extension AttributionResult {
  /// Says of every kept edge inside one position which part of it no attention head carries.
  ///
  /// The direct part is `a_s · Σ_l D_s[k→l] · v` over the layers between source and target, with `v` the target's
  /// gradient at its own place; the rest of the edge, and the whole of an edge between positions, is mediated by
  /// attention. It stands in the file as the link's `direct`.
  func splitEdges(of pruning: inout Pruning) {
    let places = pruning.nodeMask.indices.filter { pruning.nodeMask[$0] }
    for (newTarget, target) in places.enumerated() {
      let row = pruning.graph.effects.rows[newTarget]
      guard !row.sources.isEmpty, let gradient = targetGradient(of: graph.nodes[target].node) else {
        continue
      }
      for source in row.sources {
        let node = pruning.graph.nodes[Int(source)].node
        guard node.position == pruning.graph.nodes[newTarget].node.position,
          let written = written(by: node, below: gradient.layer)
        else { continue }
        let part = Double(Kernels.dot(written.span, gradient.gradient.span))
        pruning.graph.edgeExtras[.init(target: newTarget, source: Int(source))] = ["direct": JSON(part)]
      }
    }
  }

  private func targetGradient(of node: Node) -> PullbackTarget? {
    switch node {
    case .feature(let layer, let index, let position):
      model.target(FeatureID(layer: layer, index: index), position: position)
    case .logit(let token, let position):
      logits.first { Int($0.token) == token }.map {
        model.target(outputDirection: $0.direction, position: position)
      }
    case .error, .embedding: nil
    }
  }

  /// All that a node writes to its position's stream below a layer, `[dModel]`.
  private func written(by node: Node, below layer: Int) -> [Float]? {
    switch node {
    case .feature(let source, let index, let position):
      guard
        let place = model.activations.place(of: FeatureID(layer: source, index: index), position: position)
      else { return nil }
      let entry = model.activations.entries[place]
      let rows = model.transcoder.decoderVectors(entry.feature)
      let width = model.transcoder.dModel
      var sum = [Float](repeating: 0, count: width)
      for output in model.transcoder.outputLayers(of: source) where output < layer {
        let start = (output - source) * width
        for i in 0..<width { sum[i] += entry.activation * rows[start + i] }
      }
      return sum
    case .error(let source, let position):
      return model.errors[source].row(position)
    case .embedding(let position):
      return model.transformer.embeddingVector(Int(model.recording.tokens[position]))
    case .logit: return nil
    }
  }
}
