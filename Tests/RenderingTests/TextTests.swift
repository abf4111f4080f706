import AttributionGraphs
import TestSupport
import Testing

@testable import Rendering

@Suite struct TextTests {
  @Test(
    arguments: [
      ("a\nb", "a↵b"), ("\t", "⇥"), ("  ", "␣␣"), (" Dallas", "Dallas"), ("a\u{0}b", #"a\x00b"#),
      ("\u{7F}", #"\x7f"#),
      ("x\u{202E}y", "xy"), ("\u{FFFF}", "\u{FFFD}"), ("日本", "日本"), ("", ""),
    ])
  func `what cannot be drawn becomes visible or goes`(text: String, visible: String) {
    #expect(DisplayText.visible(text) == visible)
  }

  @Test func `widths are those of Helvetica, and a full em for East Asian characters`() {
    let metrics = TextMetrics(fontSize: 10)
    #expect(abs(metrics.width(of: "Wii") - 13.88) < 1e-9)
    #expect(metrics.width(of: "日本") == 20)
    #expect(abs(metrics.width(of: "“is”…") - 10 * (0.333 + 0.222 + 0.5 + 0.333 + 1)) < 1e-9)
    #expect(metrics.width(of: "e\u{301}") == metrics.width(of: "é"))
  }

  @Test func `a box leaves room for quotation marks of wider fonts`() {
    let metrics = TextMetrics(fontSize: 10)
    // Those of DejaVu Sans Condensed: 0.466 em for each mark.
    #expect(metrics.room(for: "“is”") >= metrics.width(of: "is") + 2 * 4.66)
    #expect(metrics.room(for: "is") == metrics.width(of: "is") * 1.03)
  }

  @Test func `a shortened line fits and shows that it was cut`() {
    let metrics = TextMetrics(fontSize: 7)
    let line = metrics.shortened("quotation marks and parentheses", to: 60)
    #expect(line.hasSuffix("…") && metrics.width(of: line) <= 60)
    #expect(metrics.shortened("short", to: 60) == "short")
    #expect(metrics.shortened("anything", to: 0) == "…")
  }

  @Test(arguments: [
    "places in Texas", "Quotation marks/parentheses", "supercalifragilisticexpialidocious", "日本語のとても長いラベル",
  ])
  func `wrapped lines fit, and without a cut they hold every letter`(text: String) {
    let metrics = TextMetrics(fontSize: 7)
    for width in [10.0, 30, 50, 90] {
      let two = metrics.wrapped(text, to: width, maximum: 2)
      #expect(two.count <= 2 && two.allSatisfy { metrics.width(of: $0) <= max(width, 14) })
      let all = metrics.wrapped(text, to: width, maximum: 100)
      #expect(all.joined().filter { $0 != " " } == text.filter { $0 != " " })
    }
  }

  /// A megabyte of characters that come apart from their ends in time that grows with the square of their number, or that
  /// are one character.
  static let longTexts = [
    String(repeating: "\u{1F1E6}", count: 1 << 18), "e" + String(repeating: "\u{301}", count: 1 << 19),
    String(repeating: "\u{1F468}\u{200D}", count: 1 << 17), String(repeating: " ", count: 1 << 20),
    String(repeating: "a ", count: 1 << 19), String(repeating: "-/_", count: 1 << 18),
    String(repeating: "\r\n|\"", count: 1 << 18),
  ]

  @Test(arguments: longTexts.indices)
  func `a megabyte of text is drawn in time, and cut`(index: Int) throws {
    let text = Self.longTexts[index]
    let nodes = [
      GraphNode(node: .embedding(position: 0), id: "E", label: text),
      GraphNode(node: .feature(layer: 0, index: 1, position: 0), id: text, label: text),
      GraphNode(node: .logit(token: 1, position: 0), id: "L", label: text, probability: 0.5),
    ]
    let graph = AttributionGraph.of(nodes, [(0, 1, 1), (1, 2, 1)], tokens: [text], slug: text)
    let (figure, seconds) = processorSeconds { Figure(of: graph) }
    let (_, tableSeconds) = processorSeconds {
      (figure.table.markdown, figure.table.tsv, figure.paperCaption, figure.pdf(), figure.tikz())
    }
    let (svg, drawing) = try processorSeconds { try figure.svg() }
    let (dot, writing) = processorSeconds { DOTWriter.dot(of: graph, title: text) }
    #expect(seconds < 4 && tableSeconds < 8 && drawing < 4 && writing < 4)
    #expect(dot.utf8.count < 1 << 17, "\(dot.utf8.count)")
    #expect(svg.count < 1 << 17, "\(svg.count)")
    #expect(DisplayText.visible(text).unicodeScalars.count <= DisplayText.longest + 1)
  }

  @Test func `a mark is spelled out also where a combining one follows it`() {
    #expect(DOTWriter.quoted("a\"\u{301}b\\\u{301}") == "\"a\\\"\u{301}b\\\\\u{301}\"")
    #expect(DisplayText.escapedLine("&\u{301}\\\u{301}") == "&amp;\u{301}\\\\\u{301}")
    #expect(DisplayText.name("&\u{301}") == "&amp;\u{301}")
  }

  @Test(arguments: [1e7, 1e15, 1e300, .greatestFiniteMagnitude])
  func `a share of any size has words`(share: Double) {
    #expect(NumberText.percent(share).hasSuffix("%"))
    #expect(SubgraphWords.asked(share).hasSuffix("%"))
    #expect(!SubgraphContent.short(share).isEmpty)
  }

  @Test(arguments: [(0, "0"), (999, "999"), (40249, "40,249"), (1_234_567, "1,234,567")])
  func `counts have their thousands apart`(count: Int, text: String) {
    #expect(DisplayText.count(count) == text)
  }
}
