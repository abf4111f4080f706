import Testing

@testable import Rendering

@Suite struct GraphvizTests {
  @Test func `a complaint of Graphviz becomes an error that carries its words`() throws {
    let error = #expect(throws: RenderingError.self) {
      try Graphviz.withGraph(named: "g") { graph throws(RenderingError) in
        try graph.addNode("a", ["shape": "no-such-shape", "pos": "0,0"])
        return try graph.rendered(engine: "nop2", format: "svg")
      }
    }
    #expect(error?.description.contains("no-such-shape") == true)
  }

  @Test(arguments: ["digraph {", "a -> b", "digraph { a -> }"])
  func `a DOT text with a mistake is refused`(dot: String) {
    #expect(throws: RenderingError.self) {
      try Graphviz.withGraph(reading: dot) { graph throws(RenderingError) in graph.nodeCount }
    }
  }

  @Test func `an unknown engine or format is an error, and the next call works`() throws {
    for (engine, format) in [("nosuch", "svg"), ("nop2", "nosuch")] {
      #expect(throws: RenderingError.self) {
        try Graphviz.withGraph(named: "g") { graph throws(RenderingError) in
          try graph.rendered(engine: engine, format: format)
        }
      }
    }
    let bytes = try Graphviz.withGraph(named: "g") { graph throws(RenderingError) in
      try graph.addNode("a", ["pos": "0,0"])
      return try graph.rendered(engine: "nop2", format: "svg")
    }
    #expect(String(decoding: bytes, as: UTF8.self).contains("</svg>"))
  }
}
