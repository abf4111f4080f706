import AttributionGraphs
import Testing

@testable import Rendering

@Suite struct DOTWriterTests {
  @Test func `Graphviz reads back every node`() throws {
    for graph in [hostileGraph(), .random(seed: 5, nodeCount: 300), .of([])] {
      let count = try Graphviz.withGraph(reading: DOTWriter.dot(of: graph)) { read throws(RenderingError) in
        read.nodeCount
      }
      #expect(count == graph.nodes.count)
    }
  }

  @Test(arguments: hostileLabels)
  func `a label shows exactly its own characters`(label: String) throws {
    let node = GraphNode(node: .feature(layer: 0, index: 7, position: 0), id: "f", label: label)
    let text = try Graphviz.withGraph(reading: DOTWriter.dot(of: .of([node]))) {
      read throws(RenderingError) in
      read.text(ofNode: "f", attribute: "label")
    }
    // Graphviz will undo the doubled backslashes and the entity when it draws.
    let shown = text?.replacing("&amp;", with: "&").replacing("\\\\", with: "\\")
    let visible = DisplayText.visible(label)
    #expect(shown == (visible.isEmpty ? "#7" : visible))
  }

  @Test func `Graphviz can lay the text out, with layers from bottom to top`() throws {
    let dot = DOTWriter.dot(of: .random(seed: 8, nodeCount: 20), title: #"a "title" & more"#, edgeBudget: 30)
    let svg = try Graphviz.withGraph(reading: dot) { read throws(RenderingError) in
      try read.rendered(engine: "dot", format: "svg")
    }
    _ = try SVGDocument(svg)
  }

  @Test func `a budget bounds the visible edges`() {
    let graph = AttributionGraph.random(seed: 5, nodeCount: 40)
    let lines = DOTWriter.dot(of: graph, edgeBudget: 12).split(separator: "\n")
    #expect(lines.count { $0.contains("penwidth") } == 12)
    #expect(DOTWriter.dot(of: graph) == DOTWriter.dot(of: graph))
  }
}
