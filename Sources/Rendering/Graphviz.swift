internal import GraphvizShim
internal import Synchronization

/// libgraphviz, for one caller at a time.
///
/// Four threads with a context each crashed in every run, so there is one context, made at the first call and
/// never freed, behind one lock. A call is synchronous and takes milliseconds (`nop2`) to seconds (`dot`).
enum Graphviz {
  private static let context = Mutex<gvs_context?>(nil)

  /// Builds a graph and uses it, while nobody else uses Graphviz.
  static func withGraph<Result: Sendable>(
    named name: String, _ body: (borrowing GraphvizGraph) throws(RenderingError) -> Result
  ) throws(RenderingError) -> Result {
    try locked { () throws(RenderingError) in
      guard let handle = gvs_open(name) else {
        throw .graphvizFailed(step: "open a graph", graph: name, messages: collectedMessages())
      }
      return try body(GraphvizGraph(handle: handle, name: name))
    }
  }

  /// Reads a DOT text and uses the graph, while nobody else uses Graphviz.
  static func withGraph<Result: Sendable>(
    reading dot: String, _ body: (borrowing GraphvizGraph) throws(RenderingError) -> Result
  ) throws(RenderingError) -> Result {
    try locked { () throws(RenderingError) in
      guard let handle = gvs_read(dot) else { throw .unreadableDOT(messages: collectedMessages()) }
      let graph = GraphvizGraph(handle: handle, name: "DOT")
      let messages = collectedMessages()
      guard messages.isEmpty else { throw .unreadableDOT(messages: messages) }
      return try body(graph)
    }
  }

  private static func locked<Result: Sendable>(
    _ body: () throws(RenderingError) -> Result
  ) throws(RenderingError) -> Result {
    try context.withLock { (context: inout gvs_context?) throws(RenderingError) -> Result in
      let started = context ?? gvs_start()
      context = started
      guard started != gvs_context_none else { throw .graphvizUnavailable }
      gvs_clear_messages()
      return try body()
    }
  }

  /// What Graphviz has complained about in this call.
  fileprivate static func collectedMessages() -> String { String(cString: gvs_messages()) }
}

/// A graph in Graphviz's memory, which lives while ``Graphviz`` is locked.
struct GraphvizGraph: ~Copyable {
  private let handle: OpaquePointer
  private let name: String

  fileprivate init(handle: OpaquePointer, name: String) {
    self.handle = handle
    self.name = name
  }

  deinit { gvs_close(handle) }

  var nodeCount: Int { gvs_node_count(handle) }
  var edgeCount: Int { gvs_edge_count(handle) }

  /// An attribute of a node, as it stands in the graph.
  func text(ofNode node: String, attribute: String) -> String? {
    gvs_node_text(handle, node, attribute).map { String(cString: $0) }
  }

  func setGraph(_ attributes: KeyValuePairs<String, String>) throws(RenderingError) {
    try setDefaults(attributes, of: gvs_of_graph)
  }

  func setNodes(_ attributes: KeyValuePairs<String, String>) throws(RenderingError) {
    try setDefaults(attributes, of: gvs_of_nodes)
  }

  func setEdges(_ attributes: KeyValuePairs<String, String>) throws(RenderingError) {
    try setDefaults(attributes, of: gvs_of_edges)
  }

  /// - Returns: The node's place, for ``addEdge(from:to:_:)``.
  @discardableResult
  func addNode(_ node: String, _ attributes: KeyValuePairs<String, String>) throws(RenderingError) -> Int {
    let place = gvs_add_node(handle, node)
    for (key, value) in attributes { gvs_set(handle, gvs_of_nodes, place, key, value) }
    try check(status: place < 0 ? -1 : 0, step: "add the node '\(node)'")
    return place
  }

  func addEdge(
    from tail: Int, to head: Int, _ attributes: KeyValuePairs<String, String>,
    also more: KeyValuePairs<String, String> = [:]
  ) throws(RenderingError) {
    let place = gvs_add_edge(handle, tail, head)
    for (key, value) in attributes { gvs_set(handle, gvs_of_edges, place, key, value) }
    for (key, value) in more { gvs_set(handle, gvs_of_edges, place, key, value) }
    try check(status: place < 0 ? -1 : 0, step: "add an edge")
  }

  /// Lays the graph out and draws it.
  func rendered(engine: String, format: String) throws(RenderingError) -> [UInt8] {
    try check(status: gvs_layout(handle, engine), step: "lay out with '\(engine)'")
    var bytes: UnsafeMutablePointer<CChar>?
    var count = 0
    let status = gvs_render(handle, format, &bytes, &count)
    defer { if let bytes { gvs_free_bytes(bytes) } }
    try check(status: status, step: "draw \(format)")
    return UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count).map { $0 }
  }

  private func setDefaults(
    _ attributes: KeyValuePairs<String, String>, of kind: gvs_kind
  ) throws(RenderingError) {
    for (key, value) in attributes {
      try check(status: Int32(gvs_set_default(handle, kind, key, value)), step: "set '\(key)'")
    }
  }

  /// Graphviz repairs much in silence and returns success; whatever it says is a failure here.
  private func check(status: Int32, step: String) throws(RenderingError) {
    let messages = Graphviz.collectedMessages()
    if status != 0 || !messages.isEmpty {
      throw .graphvizFailed(step: step, graph: name, messages: messages)
    }
  }
}
