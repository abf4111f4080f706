internal import AttributionGraphs
package import Foundation

/// A graph as the page reads it: a head in JSON, with the nodes column by column, and the edges as bytes.
package struct GraphPayload: Sendable {
  /// What the page knows without the edges.
  package let head: Data
  /// `rows` and edges, little-endian: a magic number, the number of nodes and of edges, where each target's edges begin,
  /// their sources and their weights.
  package let edges: Data
  /// About how many bytes this and the graph take.
  let byteCount: Int

  /// `Clew`, as a little-endian number.
  static let magic: UInt32 = 0x7765_6C43

  /// - Parameter typed: The prompt as it was typed, if that is known.
  package init(
    id: String, of open: OpenGraph, typed: String? = nil, features: (any FeatureLibrary)?
  ) throws {
    head = Data(try Self.head(id, open, typed, features).bytes())
    edges = Self.edges(of: open.graph.effects)
    // A node's texts stand in both, and so does every edge.
    byteCount = 2 * head.count + 2 * edges.count + 256 * open.graph.nodes.count
  }

  // MARK: The head

  private static func head(
    _ id: String, _ open: OpenGraph, _ typed: String?, _ features: (any FeatureLibrary)?
  ) throws -> JSON {
    let graph = open.graph
    let metadata = graph.metadata
    let scores = graph.scores()
    return [
      "id": .string(id), "slug": .string(metadata.slug), "scan": .string(metadata.scan),
      "prompt": .string(metadata.prompt), "typed": typed.map { .string($0) } ?? .null,
      "tokens": JSON(metadata.promptTokens),
      "layerCount": metadata.layerCount.map { JSON($0) } ?? .null, "isWhole": .bool(open.isWhole),
      "nodeShare": JSON(open.openingShares.node), "edgeShare": JSON(open.openingShares.edge),
      "info": .object(metadata.info), "generationSettings": .object(metadata.generationSettings),
      "pruningSettings": .object(metadata.pruningSettings), "notes": JSON(open.notes),
      "nodes": try nodes(of: graph, features), "scores": json(scores, metadata),
      "hasExamples": .bool(features != nil),
    ]
  }

  private static func json(_ scores: GraphScores, _ metadata: GraphMetadata) -> JSON {
    func bounds(_ range: ClosedRange<Double>) -> JSON {
      .array([JSON(range.lowerBound), JSON(range.upperBound)])
    }
    var object: JSONObject = [
      "replacement": JSON(scores.replacement), "completeness": JSON(scores.completeness),
      "replacementBounds": bounds(scores.replacementBounds),
      "completenessBounds": bounds(scores.completenessBounds), "missing": JSON(scores.missing),
    ]
    // What the maker measured on the graph before it was pruned.
    object["statedReplacement"] = metadata.extra["replacement_score"]
    object["statedCompleteness"] = metadata.extra["completeness_score"]
    // How well the transcoders reconstruct this prompt, and what the tracer noted about it.
    object["transcoderFit"] = metadata.extra["transcoder_fit"]
    return .object(object)
  }

  private static func nodes(of graph: AttributionGraph, _ features: (any FeatureLibrary)?) throws -> JSON {
    var columns = NodeColumns()
    for (place, node) in graph.nodes.enumerated() { columns.add(node, root: graph.rootWeights[place]) }
    if let features {
      let densities = try features.densities(of: columns.featureNumbers)
      for (place, density) in zip(columns.featurePlaces, densities) {
        columns.density[place] = density.map { JSON($0) } ?? .null
      }
    }
    let held = graph.nodes.indices.filter { graph.nodes[$0].isHeld }
    let skipped = graph.effects.isSkipped.indices.filter { graph.effects.isSkipped[$0] }
    return [
      "id": .array(columns.id), "kind": .array(columns.kind), "layer": .array(columns.layer),
      "position": .array(columns.position), "index": .array(columns.index), "label": .array(columns.label),
      "activation": .array(columns.activation), "probability": .array(columns.probability),
      "influence": .array(columns.influence), "root": .array(columns.root),
      "difference": .array(columns.difference), "density": .array(columns.density),
      "skipped": .array(skipped.map { JSON($0) }),
      "held": .array(held.map { JSON($0) }),
    ]
  }

  // MARK: The edges

  private static func edges(of effects: DirectEffects) -> Data {
    // A weight of zero is no edge, and the page counts what it gets.
    let rows = effects.rows.map(\.withoutZeros)
    let count = rows.reduce(0) { $0 + $1.sources.count }
    var starts: [UInt32] = [magic, UInt32(effects.nodeCount), UInt32(count), 0]
    var bytes = Data(capacity: 4 * (effects.nodeCount + 4 + 2 * count))
    var end: UInt32 = 0
    for row in rows {
      end += UInt32(row.sources.count)
      starts.append(end)
    }
    starts.withUnsafeBytes { bytes.append(contentsOf: $0) }
    for row in rows { row.sources.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    for row in rows { row.weights.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    return bytes
  }
}

/// The nodes of a graph, a list for each thing that is known of them.
private struct NodeColumns {
  var id: [JSON] = [], kind: [JSON] = [], layer: [JSON] = [], position: [JSON] = [], index: [JSON] = []
  var label: [JSON] = [], activation: [JSON] = [], probability: [JSON] = [], influence: [JSON] = []
  var root: [JSON] = [], difference: [JSON] = [], density: [JSON] = []
  /// The places of features, and which features they are.
  var featurePlaces: [Int] = []
  var featureNumbers: [(layer: Int, index: Int)] = []

  mutating func add(_ node: GraphNode, root: Double) {
    let (kind, number) =
      switch node.node {
      case .feature(_, let index, _): ("feature", index)
      case .error: ("error", -1)
      case .embedding: ("embedding", -1)
      case .logit(let token, _): ("logit", token)
      }
    if case .feature(let layer, let index, _) = node.node {
      featurePlaces.append(id.count)
      featureNumbers.append((layer, index))
    }
    id.append(.string(node.id))
    self.kind.append(.string(kind))
    layer.append(node.node.layer.map { JSON($0) } ?? .null)
    position.append(JSON(node.node.position))
    index.append(JSON(number))
    label.append(.string(node.label))
    activation.append(node.activation.map { JSON(Double($0)) } ?? .null)
    probability.append(node.probability.map { JSON($0) } ?? .null)
    influence.append(node.influence.map { JSON($0) } ?? .null)
    self.root.append(JSON(root))
    difference.append(node.difference?.json ?? .null)
    density.append(.null)
  }
}
