import AttributionGraphs

/// A graph file in few words, to be bent in one place by each test.
struct SmallFile {
  var metadata = #""slug":"s","scan":"m","prompt":"a b","prompt_tokens":["a"," b"]"#
  var savedView = "{}"
  var nodes = [
    feature(layer: 0, index: 5, position: 1), feature(layer: 2, index: 7, position: 1),
    node("0_0_1", "mlp reconstruction error", layer: #""0""#, position: 1, number: "-1"),
    node("E_3_0", "embedding", layer: #""E""#, position: 0, number: "0"),
    node("4_9_1", "logit", layer: #""4""#, position: 1, number: "9", more: #","token_prob":0.5"#),
  ]
  var links = [
    link("E_3_0", "0_5_1", "1"), link("0_5_1", "2_7_1", "2"), link("0_0_1", "2_7_1", "-1"),
    link("2_7_1", "4_9_1", "3"),
  ]
  var more = ""

  var text: String {
    "{\"metadata\":{\(metadata)},\"qParams\":\(savedView),\"nodes\":[\(nodes.joined(separator: ","))],\"links\":["
      + "\(links.joined(separator: ","))]\(more)}"
  }

  func read(_ idRule: GraphReading.IDRule = .resolved) throws -> GraphReading {
    try GraphReading(json: Array(text.utf8), idRule: idRule)
  }

  static func feature(layer: Int, index: Int, position: Int, more: String = "") -> String {
    node(
      "\(layer)_\(index)_\(position)", "cross layer transcoder", layer: "\"\(layer)\"", position: position,
      number: "\(layer * 100_000 + index)", more: ",\"influence\":0.5\(more)")
  }

  static func node(
    _ id: String, _ kind: String, layer: String, position: Int, number: String, more: String = ""
  ) -> String {
    "{\"node_id\":\"\(id)\",\"feature\":\(number),\"layer\":\(layer),\"ctx_idx\":\(position),"
      + "\"feature_type\":\"\(kind)\",\"jsNodeId\":\"js-\(id)\",\"clerp\":\"label\"\(more)}"
  }

  static func link(_ source: String, _ target: String, _ weight: String) -> String {
    "{\"source\":\"\(source)\",\"target\":\"\(target)\",\"weight\":\(weight)}"
  }
}
