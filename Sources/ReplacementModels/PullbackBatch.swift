internal import Tensors
internal import Transcoding
internal import Transformers

/// Targets of one layer on their way down together.
///
/// Targets are sorted by descending position, so the gradients that have reached a position are those of the
/// first `reaching(position)` targets. Gradients lie at `[position][target]`, ``FrozenPullback/gradientStride(_:)`` apart.
struct PullbackBatch: ~Copyable {
  private let pullback: FrozenPullback
  private let c: TransformerConfiguration
  private let targets: [PullbackTarget]
  private let orders: [SourceOrder]  // [target]
  private let reach: [Int]  // [position + 1]: targets at this position or later
  /// Numbers from one gradient to the next.
  private let gradientStride: Int
  private let last: Int
  /// The first position that gradients are carried through: position 0 is met from its sources' side, unless all
  /// targets stand there.
  private let first: Int
  private var gradient: Scratch
  private var heads: Scratch  // [head][position][target][dHead]
  private var values: Scratch  // [keyValueHead][position][target][dHead]
  private var products: Scratch  // [target][column]
  private var rows: Scratch  // [target][source]
  private let rowStride: Int
  private var constants: [Float]
  /// Whether every gradient is still at its target's own position alone.
  private var isLocal = true

  init(_ pullback: FrozenPullback, targets: [PullbackTarget], orders: [SourceOrder]) {
    self.pullback = pullback
    self.targets = targets
    self.orders = orders
    c = pullback.model.transformer.configuration
    last = targets.map(\.position).max() ?? 0
    first = targets.contains { $0.position == 0 } ? 0 : 1
    precondition(
      zip(targets, targets.dropFirst()).allSatisfy { $0.position >= $1.position },
      "targets of a batch go down in position")
    reach = (0...last + 1).map { position in targets.count { $0.position >= position } }
    let count = targets.count
    gradientStride = FrozenPullback.gradientStride(c)
    gradient = Scratch(count: (last + 1) * count * gradientStride)
    heads = Scratch(count: c.headCount * (last + 1) * count * c.dHead)
    values = Scratch(count: c.keyValueHeadCount * (last + 1) * count * c.dHead)
    products = Scratch(count: count * max(pullback.sources.widestCell, gradientStride, 2))
    rowStride = orders.map(\.count).max() ?? 0
    rows = Scratch(count: count * rowStride)
    constants = Array(repeating: 0, count: count)
    for (b, target) in targets.enumerated() {
      gradient.write(target.gradient, at: (target.position * count + b) * gradientStride)
    }
  }

  /// Takes every gradient down to the embeddings, and returns what it met; nothing if it is stopped on the way.
  consuming func descend(isCancelled: () -> Bool) -> [EffectRow] {
    let blocks = pullback.model.transformer.blocks
    var layer = targets.first?.layer ?? 0
    // Whether the gradients stand above the layer's MLP. Where the MLP stands beside attention, so does its input.
    var isAbove = layer == blocks.count || blocks[layer].isParallel
    if isAbove { layer -= 1 }
    while layer >= 0 {
      if isCancelled() { return [] }
      let isParallel = blocks[layer].isParallel
      if isAbove {
        meetSources(layer: layer)
        if !isParallel { passSkip(layer: layer) }
      }
      meetConstant(layer: layer)
      spread(layer: layer)
      meetFirstPosition(layer: layer)
      // Attention has read the gradient; what the skip connection adds is not for it.
      if isAbove, isParallel { passSkip(layer: layer) }
      if layer > 0 {
        gather(layer: layer)
        isLocal = false
      }
      layer -= 1
      isAbove = true
    }
    meetEmbeddings()
    return targets.indices.map { b in
      EffectRow(
        weights: rows.values(b * rowStride..<b * rowStride + orders[b].count), constant: constants[b])
    }
  }

  /// The targets whose gradient at a position is not zero.
  private func present(at position: Int) -> Range<Int> {
    (isLocal ? reach[position + 1] : 0)..<reach[position]
  }

  private func place(_ position: Int, _ target: Int) -> Int {
    (position * targets.count + target) * gradientStride
  }

  /// `A[v, s] += (a_s P D_s[k→l]) · g[mlpOut l]` for every source at once.
  private mutating func meetSources(layer: Int) {
    for position in first...last {
      let present = present(at: position)
      guard !present.isEmpty else { continue }
      let cell = pullback.sources.cells[layer][position]
      cell.vectors.multiply(
        gradient, at: place(position, present.lowerBound), rows: present.count, rowStride: gradientStride,
        into: &products, at: 0, resultStride: cell.vectors.columns, accumulating: false)
      for (row, b) in present.enumerated() {
        collect(cell, row: row, target: b, layer: layer, position: position)
      }
    }
  }

  /// Adds one row of products to the places of their sources.
  private mutating func collect(_ cell: SourceBank.Cell, row: Int, target b: Int, layer: Int, position: Int) {
    let order = orders[b]
    let activations = pullback.model.activations
    var column = row * cell.vectors.columns
    for source in cell.featureLayers {
      let places = activations.places(layer: source, position: position)
      guard !places.isEmpty else { continue }
      let first = activations.places(layer: source, position: 0).lowerBound
      let start = b * rowStride + order.featureStarts[source] + places.lowerBound - first
      products.add(column..<column + places.count, to: &rows, at: start)
      column += places.count
    }
    if cell.hasError {
      rows[b * rowStride + order.error(layer: layer, position: position)] += products[column]
      column += 1
    }
    constants[b] += products[column]
  }

  /// With a skip connection the gradient at the MLP output also reaches the MLP's input.
  private mutating func passSkip(layer: Int) {
    guard let skip = pullback.skips[layer] else { return }
    for position in first...last {
      let present = present(at: position)
      guard !present.isEmpty else { continue }
      skip.multiply(
        gradient, at: place(position, present.lowerBound), rows: present.count, rowStride: gradientStride,
        into: &products, at: 0, resultStride: gradientStride, accumulating: false)
      let scale = pullback.model.skipScale(layer: layer, position: position)
      for i in 0..<present.count * gradientStride { products[i] *= scale }
      products.add(
        0..<present.count * gradientStride, to: &gradient, at: place(position, present.lowerBound))
    }
  }

  /// What the attention layer's biases contribute.
  private mutating func meetConstant(layer: Int) {
    let biases = pullback.layers[layer].constants
    guard !biases.isEmpty else { return }
    for position in first...last {
      let present = present(at: position)
      biases[position].multiply(
        gradient, at: place(position, present.lowerBound), rows: present.count, rowStride: gradientStride,
        into: &products, at: 0, resultStride: 1, accumulating: false)
      for (row, b) in present.enumerated() { constants[b] += products[row] }
    }
  }

  /// The gradient at every head's output, then along the patterns: what reaches the values of each position.
  private mutating func spread(layer: Int) {
    let transport = pullback.layers[layer]
    let count = targets.count
    let block = count * c.dHead
    for position in first...last {
      let present = present(at: position)
      guard !present.isEmpty else { continue }
      for (head, map) in transport.outputHeads.enumerated() {
        map.multiply(
          gradient, at: place(position, present.lowerBound), rows: present.count, rowStride: gradientStride,
          into: &heads, at: (head * (last + 1) + position) * block + present.lowerBound * c.dHead,
          resultStride: c.dHead, accumulating: false)
      }
    }
    let positions = pullback.model.recording.positionCount
    let shared = c.headCount / c.keyValueHeadCount
    // Blocks of source positions: readers before a block do not see it.
    for start in stride(from: 0, through: last, by: Self.positionBlock) {
      let rows = min(Self.positionBlock, last + 1 - start)
      for head in 0..<c.headCount {
        Kernels.multiply(
          transport.mixing, at: (head * positions + start) * positions + start, rowStride: positions,
          heads, at: (head * (last + 1) + start) * block, rowStride: block,
          into: &values, at: (head / shared * (last + 1) + start) * block, rowStride: block,
          m: rows, k: last + 1 - start, n: reach[start] * c.dHead, accumulating: head % shared != 0)
      }
    }
  }

  private static let positionBlock = 14

  /// What value gradients meet at position 0, where no gradient is carried on.
  private mutating func meetFirstPosition(layer: Int) {
    guard first == 1 else { return }
    let values = pullback.firstPositionValues[layer]
    values.multiply(
      self.values, at: 0, rows: targets.count, rowStride: c.dHead, segments: c.keyValueHeadCount,
      segmentStride: (last + 1) * targets.count * c.dHead, into: &products, at: 0, resultStride: 2,
      accumulating: false)
    for b in targets.indices {
      rows[b * rowStride + orders[b].embeddingStart] += products[2 * b]
      constants[b] += products[2 * b + 1]
    }
  }

  /// From the values of each position into its residual stream.
  private mutating func gather(layer: Int) {
    let block = targets.count * c.dHead
    for position in first...last {
      pullback.layers[layer].valueMap.multiply(
        values, at: position * block, rows: reach[position], rowStride: c.dHead,
        segments: c.keyValueHeadCount, segmentStride: (last + 1) * block,
        into: &gradient, at: place(position, 0), resultStride: gradientStride, accumulating: true)
    }
  }

  /// `A[v, t] = W_E[token t] · g[embedding t]`, reading the lowest attention layer from the source's side.
  private mutating func meetEmbeddings() {
    for position in first...last {
      for b in 0..<reach[position] {
        let weight = dot(
          pullback.embeddings[position], pullback.embeddingValues[position], position: position, target: b)
        rows[b * rowStride + orders[b].embeddingStart + position] = weight
        if !pullback.positionEmbeddings.isEmpty {
          constants[b] += dot(
            pullback.positionEmbeddings[position], pullback.positionValues[position], position: position,
            target: b)
        }
      }
    }
  }

  private func dot(_ vector: [Float], _ valueVector: [Float], position: Int, target b: Int) -> Float {
    var sum: Float = 0
    if !isLocal || targets[b].position == position { sum = gradient.dot(at: place(position, b), vector) }
    for head in 0..<c.keyValueHeadCount {
      let start = ((head * (last + 1) + position) * targets.count + b) * c.dHead
      sum += values.dot(at: start, Array(valueVector[head * c.dHead..<(head + 1) * c.dHead]))
    }
    return sum
  }
}

extension FrozenPullback {
  /// The direct effects of all sources on targets of one layer.
  /// - Parameters:
  ///   - targets: All in one layer, in descending order of position.
  ///   - orders: The order of sources wanted for each, `[target]`.
  ///   - isCancelled: Asked at every layer whether the rows are still wanted.
  /// - Returns: One row a target; none if they are no longer wanted.
  public func rows(
    of targets: [PullbackTarget], orders: [SourceOrder], isCancelled: () -> Bool = { false }
  ) -> [EffectRow] {
    guard !targets.isEmpty else { return [] }
    return PullbackBatch(self, targets: targets, orders: orders).descend(isCancelled: isCancelled)
  }
}
