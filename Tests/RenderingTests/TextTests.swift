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

  @Test(arguments: [(0, "0"), (999, "999"), (40249, "40,249"), (1_234_567, "1,234,567")])
  func `counts have their thousands apart`(count: Int, text: String) {
    #expect(DisplayText.count(count) == text)
  }
}
