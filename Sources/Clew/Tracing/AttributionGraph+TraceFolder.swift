public import AttributionGraphs
internal import Checkpoints
public import Foundation

extension AttributionGraph {
  /// Reads a whole traced graph back from the folder that `clew trace` wrote: `graph.safetensors` for nodes and rows,
  /// `graph.json` for the prompt's texts and the labels.
  /// - Throws: ``TraceFolderError`` if there are no rows, the numbers describe no trace or the two files are of different
  ///   ones, and what reading the files throws.
  public init(traceFolder folder: URL) throws {
    let json = folder.appending(path: "graph.json")
    let pruned = try GraphReading(contentsOfFile: json.path).graph
    guard Self.hasRows(folder) else { throw TraceFolderError.noRows(folder: folder.path) }
    let file = try SafetensorsFile(folder.appending(path: "graph.safetensors"))
    if let stated = pruned.metadata.info["trace"]?.string, let own = file.metadata["trace"], stated != own {
      throw TraceFolderError.mixed(
        folder: folder.path, reason: "graph.json and graph.safetensors are of different targets or coverage")
    }
    let tensors = try NodeTensors(file)
    let nodes = tensors.nodes(labelledAs: pruned)
    try Self.check(pruned, belongsTo: nodes, positionCount: tensors.layout.positionCount, folder: folder)
    self.init(
      metadata: pruned.metadata, nodes: nodes,
      effects: try Self.effects(in: file, count: tensors.layout.nodeCount), rootWeights: tensors.roots,
      savedView: pruned.savedView, edgeExtras: Self.extras(of: pruned, among: nodes))
  }

  /// Whether a trace's folder holds the rows, and not only what pruning left of them.
  public static func hasRows(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: "graph.safetensors").path)
  }

  /// Refuses a graph file whose prompt, features or errors are not those of the tensors beside it.
  private static func check(
    _ pruned: AttributionGraph, belongsTo nodes: [GraphNode], positionCount: Int, folder: URL
  ) throws(TraceFolderError) {
    let stated = pruned.metadata.promptTokens.count
    guard stated == positionCount else {
      throw .mixed(
        folder: folder.path,
        reason: "graph.json has a prompt of \(stated) tokens, graph.safetensors one of \(positionCount)")
    }
    let known = Set(nodes.map(\.node))
    let ids = Set(nodes.map(\.id))
    for node in pruned.nodes {
      let isKnown =
        switch node.node {
        case .feature, .error: known.contains(node.node)
        // An embedding's id names its token.
        case .embedding: ids.contains(node.id)
        case .logit: true
        }
      guard isKnown else {
        throw .mixed(
          folder: folder.path, reason: "graph.safetensors does not have the node '\(node.id)' of graph.json")
      }
    }
  }

  /// What the graph file says of its edges, by their places here.
  private static func extras(
    of pruned: AttributionGraph, among nodes: [GraphNode]
  ) -> [Edge: JSONObject] {
    let places = Dictionary(
      nodes.enumerated().map { ($1.node, $0) }, uniquingKeysWith: { first, _ in first })
    var extras: [Edge: JSONObject] = [:]
    for (edge, extra) in pruned.edgeExtras {
      guard let target = places[pruned.nodes[edge.target].node],
        let source = places[pruned.nodes[edge.source].node]
      else { continue }
      extras[Edge(target: target, source: source)] = extra
    }
    return extras
  }

  /// The rows, in whichever of the two forms they are stored, read one after the other.
  private static func effects(in file: SafetensorsFile, count: Int) throws -> DirectEffects {
    try file.tensors["row_starts"] == nil ? matrix(in: file, count: count) : rows(in: file, count: count)
  }

  private static func damaged(_ file: SafetensorsFile, _ reason: String) -> TraceFolderError {
    .damaged(path: file.file.path, reason: reason)
  }

  private static func matrix(in file: SafetensorsFile, count: Int) throws -> DirectEffects {
    let matrix = try file.tensor("adjacency_matrix")
    guard matrix.shape == [count, count] else {
      throw damaged(file, "its adjacency matrix of shape \(matrix.shape) does not fit its \(count) nodes")
    }
    var effects = DirectEffects(nodeCount: count)
    for target in 0..<count {
      let row = try matrix.floats(target * count..<(target + 1) * count)
      guard row.allSatisfy(\.isFinite) else {
        throw damaged(file, "a weight of an edge is not a finite number")
      }
      let sources = row.indices.filter { row[$0] != 0 }
      effects.rows[target] = .init(sources: sources.map { Int32($0) }, weights: sources.map { row[$0] })
    }
    return effects
  }

  private static func rows(in file: SafetensorsFile, count: Int) throws -> DirectEffects {
    let starts = try file.tensor("row_starts").integers()
    let (sources, weights) = (try file.tensor("row_sources"), try file.tensor("row_weights"))
    let skipped = try file.tensor("row_is_skipped").integers()
    guard starts.count == count + 1, skipped.count == count, starts.first == 0, starts.last == sources.count,
      weights.shape == [sources.count], zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 })
    else { throw damaged(file, "its rows do not fit its \(count) nodes") }
    var effects = DirectEffects(nodeCount: count)
    var last: [Int32] = []
    for target in 0..<count {
      let range = starts[target]..<starts[target + 1]
      let row = try sources.integers(range)
      guard row.allSatisfy({ (0..<count).contains($0) }) else {
        throw damaged(file, "its rows do not fit its \(count) nodes")
      }
      guard zip(row, row.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw damaged(file, "the sources of row \(target) are not in order")
      }
      let numbers = try weights.floats(range)
      guard numbers.allSatisfy(\.isFinite) else {
        throw damaged(file, "a weight of an edge is not a finite number")
      }
      // Features of one layer and position read the same sources, and share one list of them.
      let list = row.map { Int32($0) }
      if list != last { last = list }
      effects.rows[target] = .init(sources: last, weights: numbers)
      effects.isSkipped[target] = skipped[target] != 0
    }
    return effects
  }
}

/// What `graph.safetensors` says of the nodes, every number checked before it is used.
private struct NodeTensors {
  let layout: NodeLayout
  /// `[node]`.
  let roots: [Double]
  private let features: [Node]
  private let activations: [Float]
  private let tokens: [Int]
  private let logits: [Int]
  /// `[logit]`; `nil` for what has no probability.
  private let probabilities: [Double?]

  init(_ file: SafetensorsFile) throws {
    func damaged(_ reason: String) -> TraceFolderError { .damaged(path: file.file.path, reason: reason) }
    tokens = try file.tensor("input_tokens").integers()
    logits = try file.tensor("logit_target_ids").integers()
    guard !tokens.isEmpty, (tokens + logits).allSatisfy({ $0 >= 0 }) else {
      throw damaged("its tokens are none or negative")
    }
    // The file has a number for each of these, so a header cannot claim more layers than there are bytes.
    let norms = try file.tensor("error_vector_norms").shape
    guard norms.count == 2, norms[1] == tokens.count else {
      throw damaged("its error vectors of shape \(norms) do not fit its \(tokens.count) tokens")
    }
    let active = try file.tensor("active_features")
    guard active.shape.count == 2, active.shape[1] == 3 else {
      throw damaged("its active features have the shape \(active.shape), but a row of three numbers is one")
    }
    let count = active.shape[0]
    activations = try file.tensor("activation_values").vector(count: count)
    guard activations.allSatisfy(\.isFinite) else { throw damaged("an activation is not a finite number") }
    let numbers = try active.integers()  // [feature, (layer, position, index)]
    features = (0..<count).map { place in
      .feature(
        layer: numbers[place * 3], index: numbers[place * 3 + 2], position: numbers[place * 3 + 1])
    }
    for case .feature(let layer, let index, let position) in features {
      guard (0..<norms[0]).contains(layer), tokens.indices.contains(position), index >= 0 else {
        throw damaged("it has no place for a feature \(index) in layer \(layer) at position \(position)")
      }
    }
    layout = NodeLayout(
      featureCount: count, layerCount: norms[0], positionCount: tokens.count, logitCount: logits.count)
    probabilities = try file.tensor("logit_probabilities").vector(count: logits.count).map {
      $0.isFinite && $0 >= 0 ? Double($0) : nil
    }
    roots = try file.tensor("root_weights").doubles(count: layout.nodeCount)
    guard roots.allSatisfy({ $0 >= 0 && $0 <= AttributionGraph.greatestRootWeight }) else {
      throw damaged(
        "a root weight is negative, not a number or beyond \(AttributionGraph.greatestRootWeight)")
    }
  }

  /// The nodes in the order of ``NodeLayout``, with the labels that a graph file gives them.
  func nodes(labelledAs pruned: AttributionGraph) -> [GraphNode] {
    let known = Dictionary(pruned.nodes.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
    func node(_ node: Node, activation: Float? = nil, probability: Double? = nil) -> GraphNode {
      GraphNode(
        node: node, id: node.fileID(layerCount: layout.layerCount, tokens: tokens),
        label: known[node]?.label ?? "", activation: activation, probability: probability,
        extra: known[node]?.extra ?? [:])
    }
    var nodes = zip(features, activations).map { node($0, activation: $1) }
    for layer in 0..<layout.layerCount {
      nodes += tokens.indices.map { node(.error(layer: layer, position: $0)) }
    }
    nodes += tokens.indices.map { node(.embedding(position: $0)) }
    for (place, (token, probability)) in zip(layout.logits, zip(logits, probabilities)) {
      let logit = Node.logit(token: token, position: tokens.count - 1)
      // The root weight of a single answer is its probability in full precision.
      nodes.append(node(logit, probability: probability == nil ? nil : roots[place]))
    }
    return nodes
  }
}
