internal import Attribution
internal import AttributionGraphs
internal import ReplacementModels
internal import Tensors
internal import Transcoding

extension AttributionResult {
  /// Says of every kept edge inside one position which part of it no attention head carries.
  ///
  /// The direct part is `a_s · Σ_l P D_s[k→l] · v` over the layers between source and target, with `v` the target's
  /// gradient at its own place and `P` what a norm behind the output hook makes of what is written; the rest of the edge,
  /// and the whole of an edge between positions, is mediated by attention. It stands in the file as the link's `direct`.
  func splitEdges(of pruning: inout Pruning) {
    let (nodes, rows) = (pruning.graph.nodes, pruning.graph.effects.rows)
    let places = pruning.nodeMask.indices.filter { pruning.nodeMask[$0] }
    let gradients = gradients(at: places, where: rows.map { !$0.sources.isEmpty })
    // By source, so that what a feature writes is read once.
    var targets = Array(repeating: [Int](), count: nodes.count)
    for (target, row) in rows.enumerated() where gradients[target] != nil {
      for source in row.sources where nodes[Int(source)].node.position == nodes[target].node.position {
        targets[Int(source)].append(target)
      }
    }
    let known = targets
    var parts = Array(repeating: [(target: Int, part: Double)](), count: nodes.count)
    parts.withUnsafeMutableBufferPointer { parts in
      let parts = SharedPointer(parts)
      Parallel.forEach(nodes.count) { source in
        parts.pointer[source] = directParts(
          of: nodes[source].node, in: known[source].map { ($0, gradients[$0]) })
      }
    }
    model.transcoder.forgetDecoders()
    for (source, parts) in parts.enumerated() {
      for (target, part) in parts {
        pruning.graph.edgeExtras[.init(target: target, source: source)] = ["direct": JSON(part)]
      }
    }
  }

  /// The gradients of some nodes, layer by layer: encoders stored in columns are read through the mapping, and one of them
  /// may lie in memory at a time.
  private func gradients(at places: [Int], where isWanted: [Bool]) -> [PullbackTarget?] {
    var layer: Int?
    func leave() {
      guard !Memory.keepsPages, let layer, model.transcoder.layers.indices.contains(layer) else { return }
      model.transcoder.layers[layer].encoder.forgetPages()
    }
    let gradients = zip(places, isWanted).map { place, isWanted -> PullbackTarget? in
      guard isWanted else { return nil }
      let node = graph.nodes[place].node
      if node.layer != layer {
        leave()
        layer = node.layer
      }
      return targetGradient(of: node)
    }
    leave()
    return gradients
  }

  /// What a node writes to its position's stream below each target, as the target's gradient meets it.
  private func directParts(
    of node: Node, in targets: [(place: Int, gradient: PullbackTarget?)]
  ) -> [(target: Int, part: Double)] {
    let known = targets.compactMap { place, gradient in gradient.map { (place, $0) } }
      .sorted { ($0.1.layer, $0.0) < ($1.1.layer, $1.0) }
    guard !known.isEmpty else { return [] }
    func dot(_ vector: [Float], _ gradient: PullbackTarget) -> Double {
      Double(Kernels.dot(vector.span, gradient.gradient.span))
    }
    switch node {
    case .feature(let layer, let index, let position):
      let feature = FeatureID(layer: layer, index: index)
      guard let place = model.activations.place(of: feature, position: position) else { return [] }
      let activation = model.activations.entries[place].activation
      let rows = model.transcoder.decoderVectors(feature)
      let outputs = model.transcoder.outputLayers(of: layer)
      let width = model.transcoder.dModel
      var sum = [Float](repeating: 0, count: width)
      var next = outputs.lowerBound
      return known.map { target, gradient in
        while next < min(gradient.layer, outputs.upperBound) {
          let start = (next - layer) * width
          let vector = model.residualImage(
            of: Array(rows[start..<start + width]), layer: next, position: position)
          for i in 0..<width { sum[i] += activation * vector[i] }
          next += 1
        }
        return (target, dot(sum, gradient))
      }
    case .error(let layer, let position):
      let vector = model.residualImage(
        of: model.errors[layer].row(position), layer: layer, position: position)
      return known.map { ($0, dot(vector, $1)) }
    case .embedding(let position):
      let vector = model.transformer.embeddingVector(Int(model.recording.tokens[position]))
      return known.map { ($0, dot(vector, $1)) }
    case .logit: return []
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
}
