import Tensors
import AttributionGraphs
import Foundation
import Testing

@Suite struct GraphWriterTests {
  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `a written graph is read back the same`(seed: UInt64) throws {
    let graph = try AttributionGraph.random(seed: seed).skipping([2]).pruned().graph
    let reading = try GraphReading(json: graph.json())
    let again = reading.graph
    #expect(again.nodes.map(\.node) == graph.nodes.map(\.node))
    #expect(again.nodes.map(\.id) == graph.nodes.map(\.id))
    #expect(again.nodes.map(\.influence) == graph.nodes.map(\.influence))
    #expect(again.nodes.map(\.activation) == graph.nodes.map(\.activation))
    #expect(again.nodes.allSatisfy { $0.extra.isEmpty })
    #expect(again.rootWeights == graph.rootWeights)
    #expect(again.effects.rows.map(\.weights) == graph.effects.rows.map(\.weights))
    #expect(again.effects.isSkipped == graph.effects.isSkipped)
    #expect(again.metadata == graph.metadata)
    #expect(again.scores() == graph.scores())
  }

  @Test func `members are those of other tools`() throws {
    var graph = AttributionGraph.random(seed: 1, layers: 3, positions: 2, featuresPerLayer: 1, logits: 2)
    graph.nodes[graph.nodes.count - 2].label = "Output \"x\""
    graph.nodes[graph.nodes.count - 2].probability = 0.43949
    let file = try #require(JSON(parsing: graph.json()).object)
    let nodes = try #require(file["nodes"]?.array).compactMap { $0.object }
    #expect(
      nodes[0].members.map(\.key) == [
        "node_id", "feature", "layer", "ctx_idx", "feature_type", "token_prob", "is_target_logit", "run_idx",
        "reverse_ctx_idx", "jsNodeId", "clerp", "influence", "activation",
      ])
    let error = nodes[3]
    #expect(error["node_id"] == "0_-1_0" && error["feature"] == -1 && error["layer"] == "0")
    let embedding = nodes[9]
    #expect(embedding["layer"] == "E" && embedding["jsNodeId"] == "E_7-0" && embedding["feature"] == 0)
    let logit = nodes[11]
    #expect(logit["layer"] == "4" && logit["node_id"] == "4_0_1" && logit["jsNodeId"] == "L_0-1")
    #expect(logit["clerp"] == "Output \"x\" (p=0.439)" && logit["is_target_logit"] == true)
    #expect(nodes[12]["is_target_logit"] == false)
  }

  @Test func `ids are those of circuit-tracer`() {
    let tokens = [2, 651]
    #expect(Node.feature(layer: 3, index: 41, position: 1).fileID(layerCount: 26, tokens: tokens) == "3_41_1")
    #expect(Node.error(layer: 3, position: 1).fileID(layerCount: 26, tokens: tokens) == "3_-1_1")
    #expect(Node.embedding(position: 1).fileID(layerCount: 26, tokens: tokens) == "E_651_1")
    #expect(Node.logit(token: 9, position: 1).fileID(layerCount: 26, tokens: tokens) == "27_9_1")
    #expect(GraphNode.logitLabel(token: " Austin", probability: 0.4394) == #"Output " Austin" (p=0.439)"#)
    #expect(GraphNode.logitLabel(token: "\"", probability: 1) == #"Output """ (p=1.000)"#)
  }

  @Test func `unknown keys are kept wherever they stand`() throws {
    var file = SmallFile()
    file.metadata += #","nodeThreshold":0.650,"mine":{"b":[1,2.50],"a":null}"#
    file.savedView = #"{"pruningThreshold":"0.7","gridsnap":8}"#
    file.nodes[0] = SmallFile.feature(
      layer: 0, index: 5, position: 1, more: #","run_idx":3,"vis_link":"http"}"#)
    file.nodes[0].removeLast()
    file.links[1] = #"{"source":"0_5_1","target":"2_7_1","weight":2,"heads":[[1,0.25]]}"#
    file.more = #","qk_only_nodes":{"z":{"node_id":"z"}},"version":"é"}"#
    file.more.removeLast()
    let graph = try file.read().graph
    let written = try #require(JSON(parsing: graph.json()).object)
    #expect(written["metadata"]?.object?["mine"] == ["b": [1, .number("2.50")], "a": nil])
    #expect(written["metadata"]?.object?["nodeThreshold"] == .number("0.650"))
    #expect(written["qParams"]?.object?["gridsnap"] == 8)
    let node = try #require(written["nodes"]?.array?.first?.object)
    #expect(node["run_idx"] == 3 && node["vis_link"] == "http" && node["jsNodeId"] == "js-0_5_1")
    #expect(written["links"]?.array?[1].object?["heads"] == [[1, 0.25]])
    #expect(written["version"] == "é" && written["qk_only_nodes"]?.object?["z"] != nil)
    #expect(try GraphReading(json: graph.json()).graph.json() == graph.json())
    let pruned = try graph.pruned(nodeShare: 1, edgeShare: 1).graph
    #expect(pruned.edgeExtras.count == 1)
  }

  @Test func `a traced feature keeps its root weight in the file`() throws {
    var graph = AttributionGraph.random(seed: 1)
    graph.rootWeights[30] = 1
    #expect(try GraphReading(json: graph.json()).graph.rootWeights == graph.rootWeights)
  }

  @Test func `numbers that are not finite and shared ids are refused`() throws {
    var graph = AttributionGraph.random(seed: 1)
    let last = graph.nodes.count - 1
    graph.effects.rows[last].weights[0] = .infinity
    #expect(throws: GraphError.self) { try graph.json() }
    graph = .random(seed: 1)
    graph.nodes[0].activation = .nan
    #expect(throws: GraphError.self) { try graph.json() }
    graph = .random(seed: 1)
    graph.nodes[1].id = graph.nodes[0].id
    #expect(throws: GraphError.repeatedID(graph.nodes[0].id)) { try graph.json() }
  }

  @Test func `floats are short and exact`() throws {
    var random = SeededGenerator(seed: 12)
    var weights: [Float] = [
      .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, 16_777_216, 0.1,
    ]
    while weights.count < 50_000 {
      let weight = Float(bitPattern: UInt32.random(in: .min ... .max, using: &random))
      if weight.isFinite, weight != 0 { weights.append(weight) }
    }
    // As many as there are sources, with the digits of single and of double precision.
    let nodes =
      weights.indices.map { GraphNode(node: .embedding(position: $0), id: "\($0)") }
      + [GraphNode(node: .logit(token: 0, position: weights.count), id: "logit", probability: 1)]
    var effects = DirectEffects(nodeCount: nodes.count)
    effects.rows[weights.count] = .init(sources: weights.indices.map { Int32($0) }, weights: weights)
    let graph = AttributionGraph(
      metadata: GraphMetadata(slug: "floats", scan: "", prompt: "", promptTokens: []), nodes: nodes,
      effects: effects, rootWeights: Array(repeating: 0, count: weights.count) + [1])
    let bytes = try graph.json()
    #expect(try GraphReading(json: bytes).graph.effects.rows.last?.weights == weights)
    let links = weights.map { "{\"source\":\"a\",\"target\":\"b\",\"weight\":\(Double($0))}" }
    for (text, weight) in zip(links.prefix(5000), weights) {
      var file = SmallFile()
      file.links = [
        text.replacingOccurrences(of: "\"a\"", with: "\"E_3_0\"").replacingOccurrences(
          of: "\"b\"", with: "\"4_9_1\"")
      ]
      let reading = try file.read()
      #expect(reading.graph.effects.rows[4].weights == [weight])
      #expect(reading.count(of: .roundedNumber) == 0)
    }
  }

  @Test func `a file is put in its place as a whole`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "graph.json").path
    let graph = try AttributionGraph.random(seed: 3).pruned().graph
    try graph.write(toFile: path)
    try graph.write(toFile: path)
    #expect(try GraphReading(contentsOfFile: path).graph.json() == graph.json())
    var broken = graph
    broken.rootWeights[0] = .nan
    #expect(throws: GraphError.self) { try broken.write(toFile: path) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["graph.json"])
    #expect(throws: GraphError.self) { try GraphReading(contentsOfFile: folder.appending(path: "none").path) }
    #expect(throws: GraphError.self) { try graph.write(toFile: folder.appending(path: "no/where").path) }
  }
}
