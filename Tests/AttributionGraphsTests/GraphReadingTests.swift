import AttributionGraphs
import Testing

@Suite struct GraphReadingTests {
  @Test func `a plain file is read without findings but for its influence`() throws {
    let reading = try SmallFile().read()
    #expect(
      reading.graph.nodes.map(\.node) == [
        .feature(layer: 0, index: 5, position: 1), .feature(layer: 2, index: 7, position: 1),
        .error(layer: 0, position: 1), .embedding(position: 0), .logit(token: 9, position: 1),
      ])
    #expect(reading.graph.effects.rows[1].sources == [0, 2])
    #expect(reading.graph.effects.rows[1].weights == [2, -1])
    #expect(reading.graph.rootWeights == [0, 0, 0, 0, 0.5])
    #expect(reading.findings.isEmpty)
  }

  @Test(arguments: [
    ("0", #""0""#, "cross layer transcoder"), ("0", "0", "cross layer transcoder"),
    ("0", "0", "unexplored node"),
    ("25", #""25""#, "lorsa"), ("25", "25", "bias"),
  ])
  func `layers may be numbers or texts, and other kinds are features`(id: String, layer: String, kind: String)
    throws
  {
    var file = SmallFile()
    file.nodes.append(SmallFile.node("\(id)_77_1", kind, layer: layer, position: 1, number: "77"))
    let graph = try file.read().graph
    let vertex = try #require(graph.nodes.last)
    #expect(vertex.node == .feature(layer: try #require(Int(id)), index: 77, position: 1))
    #expect(vertex.kind == (kind == "cross layer transcoder" ? nil : kind))
    let again = try GraphReading(json: graph.json()).graph
    #expect(again.nodes.last?.kind == vertex.kind)
    #expect(again.nodes.last?.extra == vertex.extra)
  }

  @Test(
    arguments: [
      // By the id, whatever the number says.
      ("3_41_1", "1031", 1, 41, 0), ("3_41_1", "300041", nil, 41, 0), ("3_41_1", "41", nil, 41, 0),
      ("3_41_1", "987654321987", nil, 41, 1), ("3_cro_41_1", "1031", 1, 41, 0), ("3_41_1", "null", 1, 41, 0),
      // By the number, where the id does not say.
      ("strange", "1031", 1, 41, 0), ("strange", "300041", nil, 41, 0), ("strange", "77", 1, 77, 1),
      ("strange", "null", nil, -1, 1), ("4_41_1", "1031", 1, 41, 0),
      ("strange", "-9223372036854775808", nil, .min, 1), ("strange", "9223372036854775807", 1, .max, 1),
      ("3_9223372036854775807_1", "9223372036854775807", nil, .max, 0), ("strange", "1e99", nil, -1, 1),
    ] as [(String, String, Int?, Int, Int)])
  func `a feature's index is read from its id or its number`(
    id: String, number: String, schema: Int?, index: Int, findings: Int
  ) throws {
    var file = SmallFile()
    if let schema { file.metadata += ",\"schema_version\":\(schema)" }
    file.nodes = [SmallFile.node(id, "cross layer transcoder", layer: "\"3\"", position: 1, number: number)]
    file.links = []
    let reading = try file.read()
    #expect(reading.graph.nodes.map(\.node) == [.feature(layer: 3, index: index, position: 1)])
    #expect(reading.count(of: .opaqueFeature) + reading.count(of: .unknownIndex) == findings)
  }

  @Test(arguments: [0, 1, 25, 61], [0, 1, 41, 97_999, 16_383, 1_000_000, 2_147_000_000])
  func `paired feature numbers are inverted exactly`(layer: Int, index: Int) throws {
    let number = try #require(FeatureNumber.paired(layer: layer, index: index))
    #expect(FeatureNumber.unpaired(number)?.layer ?? layer == layer)
    #expect(number >= 1 << 60 || FeatureNumber.unpaired(number)?.index == index)
  }

  @Test func `recorded feature numbers are what the pairing gives`() {
    #expect(FeatureNumber.paired(layer: 0, index: 2334) == 2_727_279)
    #expect(FeatureNumber.paired(layer: -1, index: 3) == nil)
    #expect(FeatureNumber.paired(layer: 3, index: .max) == nil)
    #expect(FeatureNumber.unpaired(.max) == nil)
  }

  @Test(
    arguments: [
      (#"Output " Austin" (p=0.439)"#, 0.439), (#"Logit "(p=0.9)" (p=0.02)"#, 0.02),
      (#"[group] output: "a" (p=1.0)"#, 1),
      ("no probability", nil), ("(p=", nil), ("(p=abc)", nil), ("", nil),
    ] as [(String, Double?)])
  func `a logit's probability is read from the right of its label`(label: String, probability: Double?) throws
  {
    var file = SmallFile()
    let escaped = label.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
    file.nodes[4] = SmallFile.node("4_9_1", "logit", layer: "4", position: 1, number: "9")
    file.nodes[4] = file.nodes[4].split(separator: "\"label\"").joined(separator: "\"\(escaped)\"")
    let reading = try file.read()
    #expect(reading.graph.nodes[4].probability == probability)
    #expect(reading.count(of: .noRoots) == (probability == nil ? 1 : 0))
  }

  @Test(arguments: [
    (SmallFile.link("E_3_0", "0_5_1", "0"), Finding.Kind.zeroWeight),
    (SmallFile.link("0_5_1", "0_5_1", "1"), .selfLink),
    (SmallFile.link("2_7_1", "0_5_1", "1"), .backwardLink),
    (SmallFile.link("0_5_1", "E_3_0", "1"), .linkIntoLeaf),
    (SmallFile.link("E_3_0", "0_0_1", "1"), .linkIntoLeaf),
    (SmallFile.link("4_9_1", "0_5_1", "1"), .linkFromLogit),
    (SmallFile.link("E_3_0", "0_5_1", "7"), .repeatedLink),
    (SmallFile.link("nobody", "0_5_1", "7"), .unknownEnd),
    (SmallFile.link("E_3_0", "4_9_1", "1e400"), .notFiniteWeight),
    (SmallFile.link("E_3_0", "4_9_1", "-1e39"), .notFiniteWeight),
    (SmallFile.link("E_3_0", "4_9_1", "null"), .incompleteLink),
    (SmallFile.link("E_3_0", "4_9_1", "\"1\""), .incompleteLink),
    (#"{"source":"E_3_0","weight":1}"#, .incompleteLink), ("7", .incompleteLink), ("{}", .incompleteLink),
    (SmallFile.link("E_3_0", "4_9_1", "0.12345678912345"), .roundedNumber),
    (SmallFile.link("E_3_0", "4_9_1", "1e-999"), .zeroWeight),
    (SmallFile.link("E_3_0", "4_9_1", "-0.0"), .zeroWeight),
  ])
  func `odd links are told of and do not stop the scores`(link: String, kind: Finding.Kind) throws {
    var file = SmallFile()
    file.links.append(link)
    let reading = try file.read()
    #expect(reading.count(of: kind) == 1)
    #expect((0...1).contains(reading.graph.scores().replacement))
    #expect(reading.findings.allSatisfy { $0.description.hasSuffix(".") })
  }

  @Test func `links to earlier tokens are told of`() throws {
    var file = SmallFile()
    file.nodes.append(SmallFile.feature(layer: 2, index: 1, position: 0))
    file.links.append(SmallFile.link("0_5_1", "2_1_0", "1"))
    #expect(try file.read().count(of: .linkToEarlierToken) == 1)
  }

  @Test(arguments: [
    (#"{"feature":1}"#, Finding.Kind.unreadableNode), ("null", .unreadableNode), ("[]", .unreadableNode),
    (
      SmallFile.node("x", "cross layer transcoder", layer: #""E""#, position: 0, number: "1"), .unreadableNode
    ),
    (SmallFile.node("x", "cross layer transcoder", layer: "1e99", position: 0, number: "1"), .unreadableNode),
    (SmallFile.node("x", "mlp reconstruction error", layer: "{}", position: 0, number: "1"), .unreadableNode),
    (SmallFile.node("x", "embedding", layer: "-1", position: -3, number: "1"), .unreadableNode),
    (SmallFile.node("0_5_1", "cross layer transcoder", layer: "0", position: 1, number: "5"), .repeatedNode),
    (
      SmallFile.node("0_9_7", "cross layer transcoder", layer: "0", position: 7, number: "9"),
      .positionBeyondPrompt
    ),
    (SmallFile.node("0_9_0", "widget", layer: "0", position: 0, number: "9"), .unknownKind),
    (SmallFile.node("0_9_0", "unknown", layer: "0", position: 0, number: "9"), .isolatedNode),
  ])
  func `odd nodes are told of`(node: String, kind: Finding.Kind) throws {
    var file = SmallFile()
    file.nodes.append(node)
    #expect(try file.read().count(of: kind) == 1)
  }

  @Test func `influence that is missing or raw is computed from the links`() throws {
    var file = SmallFile()
    file.nodes = file.nodes.map { $0.split(separator: ",\"influence\":0.5").joined() }
    let computed = try file.read()
    #expect(computed.count(of: .influenceMissing) == 4)
    #expect(computed.graph.nodes.last?.influence == nil)
    #expect(computed.graph.nodes.dropLast().allSatisfy { ($0.influence ?? 0) > 0 })

    // The last feature before the logit matters most, so its raw influence is the greatest.
    file.nodes[0] = SmallFile.feature(layer: 0, index: 5, position: 1).replacingInfluence("0.1")
    file.nodes[1] = SmallFile.feature(layer: 2, index: 7, position: 1).replacingInfluence("0.4")
    let raw = try file.read()
    #expect(raw.count(of: .influenceRaw) == 4)
    #expect(raw.graph.nodes.map(\.influence) == computed.graph.nodes.map(\.influence))
  }

  @Test(arguments: [
    #"{"pinnedIds":["0_5_1","2_7_1"],"supernodes":[["g","0_5_1"]],"clickedId":"2_7_1","sg_pos":"1 2"}"#,
    #"{"pinnedIds":"0_5_1,2_7_1","supernodes":"[[\"g\",\"0_5_1\"]]","clickedId":"2_7_1","sg_pos":"1 2"}"#,
    #"{"pinnedIds":["js-0_5_1","js-2_7_1"],"supernodes":[["g","js-0_5_1"]],"clickedId":"2_7_1","sg_pos":"1 2"}"#,
  ])
  func `the saved view is read in every form`(savedView: String) throws {
    var file = SmallFile()
    file.savedView = savedView
    let view = try file.read().graph.savedView
    #expect(view.pinnedIDs == ["0_5_1", "2_7_1"])
    #expect(view.supernodes == [.init(key: "g1", label: "g", members: ["0_5_1"])])
    #expect(view.clickedID == "2_7_1")
    #expect(view.subgraphPositions == "1 2")
  }

  @Test func `nulls and wrong types in metadata and saved view are survived`() throws {
    var file = SmallFile()
    file.savedView = #"{"pinnedIds":null,"supernodes":7,"linkType":null,"clickedId":null,"clerps":"[]"}"#
    file.metadata = #""slug":7,"prompt_tokens":["a",null],"node_threshold":1e999,"info":[]"#
    let reading = try file.read()
    #expect(reading.count(of: .wrongType) == 4)
    #expect(reading.count(of: .missingKey) == 2)
    #expect(reading.graph.metadata.nodeThreshold == nil)
    #expect(reading.graph.savedView.extra == ["clerps": "[]"])
  }

  @Test func `what Neuronpedia would refuse is told of`() throws {
    var file = SmallFile()
    file.metadata = #""slug":"a b","scan":"x/y","prompt":"","prompt_tokens":[]"#
    #expect(try file.read().count(of: .notUploadable) == 2)
  }

  @Test(arguments: [
    "[]", "7", "{}", #"{"nodes":[]}"#, #"{"links":[]}"#, #"{"nodes":{},"links":[]}"#,
    #"{"nodes":[],"links":null}"#,
  ])
  func `what is JSON but no graph is refused`(text: String) {
    #expect { try GraphReading(json: Array(text.utf8)) } throws: { error in
      if case GraphError.notAGraph = error { true } else { false }
    }
  }

  @Test func `an empty graph is read`() throws {
    let reading = try GraphReading(json: Array(#"{"nodes":[],"links":[]}"#.utf8))
    #expect(reading.graph.nodes.isEmpty)
    #expect(reading.count(of: .missingKey) == 2)
  }

  @Test func `links may come before the nodes that they name`() throws {
    let file = SmallFile()
    let links = file.links.joined(separator: ",")
    let text = "{\"links\":[\(links)],\"nodes\":[\(file.nodes.joined(separator: ","))]}"
    let graph = try GraphReading(json: Array(text.utf8)).graph
    #expect(graph.effects.rows.map(\.weights) == (try file.read().graph.effects.rows.map(\.weights)))
  }

  @Test func `many nodes and links with one id do not stall the reader`() throws {
    var file = SmallFile()
    file.nodes = (0..<2000).map {
      SmallFile.node("same", "cross layer transcoder", layer: "\($0)", position: 1, number: "\($0)")
    }
    file.links = Array(repeating: SmallFile.link("same", "same", "1"), count: 20_000)
    let reading = try file.read()
    #expect(reading.count(of: .sharedID) == 1999)
    #expect(reading.count(of: .unsettled) > 0)
    #expect(Set(reading.graph.nodes.map(\.id)).count == 2000)
  }
}

extension String {
  fileprivate func replacingInfluence(_ value: String) -> String {
    split(separator: "\"influence\":0.5").joined(separator: "\"influence\":\(value)")
  }
}
