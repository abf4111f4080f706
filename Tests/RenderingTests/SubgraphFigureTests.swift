import AttributionGraphs
import Foundation
import Tensors
import Testing

@testable import Rendering

/// The figure of what a reader pinned: its geometry, and its bytes in every format.
@Suite struct SubgraphFigureTests {
  struct Sample: CustomTestStringConvertible, Sendable {
    var graph: AttributionGraph
    var view: SavedView
    var subgraph: Subgraph
    var figure: Figure
    var testDescription: String {
      "\(graph.metadata.slug), \(subgraph.boxes.count) boxes, \(figure.width) pt"
    }

    init(seed: UInt64, nodeCount: Int, pins: Int, style: FigureStyle) {
      graph = .random(seed: seed, nodeCount: nodeCount, edgesPerNode: 30)
      view = Self.view(of: graph, pins: pins, seed: seed)
      subgraph = Subgraph(of: graph, view: view)
      figure = Figure(of: subgraph, in: graph, style: style)
    }

    /// Pins of all kinds, a third of the features in groups that span layers.
    private static func view(of graph: AttributionGraph, pins: Int, seed: UInt64) -> SavedView {
      var random = SeededGenerator(seed: seed)
      let inner = graph.nodes.filter { $0.node.layer != nil }.shuffled(using: &random).prefix(pins).map(\.id)
      let ends = graph.nodes.filter { $0.node.layer == nil }.suffix(5).map(\.id)
      let groups = stride(from: 0, to: inner.count / 3, by: 3).enumerated().map { number, start in
        SavedView.Supernode(
          key: "g\(number)", label: "a group with quite a long name \(number)",
          members: Array(inner[start..<min(start + 3, inner.count)]))
      }
      return SavedView(pinnedIDs: inner + ends, supernodes: groups)
    }
  }

  static let samples: [Sample] = [
    Sample(seed: 21, nodeCount: 30, pins: 5, style: .singleColumn),
    Sample(seed: 22, nodeCount: 60, pins: 12, style: .singleColumn),
    Sample(seed: 23, nodeCount: 60, pins: 20, style: .doubleColumn),
    Sample(seed: 24, nodeCount: 120, pins: 45, style: .doubleColumn),
    Sample(seed: 25, nodeCount: 120, pins: 45, style: .natural),
  ]

  @Test(arguments: samples)
  func `every box is drawn with its label, none overlaps another, and all are on the page`(sample: Sample) {
    let layout = sample.figure.layout
    #expect(layout.boxes.map(\.place).sorted() == Array(sample.subgraph.boxes.indices))
    for (place, box) in layout.boxes.enumerated() {
      #expect(!box.isDot)
      #expect(!layout.boxes[..<place].contains { $0.box.overlaps(box.box) })
      #expect(box.box.minX >= 0 && box.box.maxX <= layout.width + 1e-6)
      #expect(box.box.minY >= 0 && box.box.maxY <= layout.height + 1e-6)
      let metrics = TextMetrics(fontSize: layout.fontSize)
      #expect(box.lines.allSatisfy { metrics.width(of: $0) < box.box.width })
    }
    if let width = sample.figure.style.targetWidth { #expect(abs(layout.width - width) < 0.02) }
  }

  @Test(arguments: samples)
  func `every edge begins at its source and ends at its target, and cycles are drawn`(sample: Sample) throws {
    let layout = sample.figure.layout
    let boxOf = Dictionary(uniqueKeysWithValues: layout.boxes.map { ($0.place, $0.box) })
    #expect(!layout.curves.isEmpty)
    for curve in layout.curves {
      let source = try #require(boxOf[curve.edge.source])
      let target = try #require(boxOf[curve.edge.target])
      #expect(source.contains(try #require(curve.points.first), margin: 0.01))
      #expect(target.contains(curve.tip, margin: 3) && !target.contains(curve.tip, margin: -0.01))
      #expect(curve.points.allSatisfy { $0.x >= 0 && $0.x <= layout.width && $0.y.isFinite })
      #expect(curve.points.count % 3 == 1 && curve.points.count >= 4)
    }
    let cut = sample.figure.style.edgeCut
    #expect(layout.curves.allSatisfy { $0.edge.share >= cut })
  }

  @Test func `two boxes that read from each other have both edges`() {
    let nodes = [
      GraphNode(node: .feature(layer: 0, index: 0, position: 1), id: "a", label: "low"),
      GraphNode(node: .feature(layer: 1, index: 1, position: 1), id: "b", label: "middle"),
      GraphNode(node: .feature(layer: 2, index: 2, position: 1), id: "c", label: "high"),
      GraphNode(node: .logit(token: 0, position: 1), id: "l", label: "out", probability: 1),
    ]
    let graph = AttributionGraph.of(nodes, [(0, 1, 1), (1, 2, -1), (2, 3, 1)])
    let view = SavedView(
      pinnedIDs: ["a", "b", "c", "l"], supernodes: [.init(key: "g", label: "both ends", members: ["a", "c"])])
    let figure = Figure(of: Subgraph(of: graph, view: view), in: graph)
    // Boxes: b, l, g. The group stands at layer 1, beside what it surrounds.
    #expect(
      Set(figure.layout.curves.map { [$0.edge.source, $0.edge.target] }) == [[2, 0], [0, 2], [2, 1]])
    #expect(figure.layout.boxes.first { $0.place == 2 }?.lines == ["both ends", "2 features"])
  }

  @Test func `a label that finds no width gets more lines before it is cut`() {
    let tokens = (0..<6).map { " token\($0)" }
    var nodes = tokens.indices.map { GraphNode(node: .embedding(position: $0), id: "E\($0)") }
    nodes.append(
      GraphNode(node: .feature(layer: 1, index: 7, position: 5), id: "f", label: "the capital of a state"))
    nodes.append(GraphNode(node: .logit(token: 0, position: 5), id: "l", label: "l", probability: 1))
    let graph = AttributionGraph.of(nodes, [(5, 6, 1), (6, 7, 1)], tokens: tokens)
    let view = SavedView(pinnedIDs: nodes.map(\.id))
    let figure = Figure(of: Subgraph(of: graph, view: view), in: graph, style: .singleColumn)
    let lines = figure.layout.boxes.first { $0.glyph == .feature }?.lines ?? []
    #expect(lines.joined(separator: " ") == "the capital of a state" && figure.layout.fontSize == 6)
  }

  // MARK: Places of the reader's

  @Test(arguments: samples.prefix(3))
  func `boxes keep the places to each other that a reader gave them`(sample: Sample) throws {
    var positions: [String: SavedView.Position] = [:]
    for (number, box) in sample.subgraph.boxes.enumerated() {
      positions[box.key] = .init(x: Double(number % 4) * 90 - 1000, y: Double(number / 4) * 60 + 500)
    }
    let figure = Figure(of: sample.subgraph, in: sample.graph, positions: positions)
    let scale = figure.layout.fontSize / 7
    let first = try #require(figure.layout.boxes.first { $0.place == 0 }).box.center
    for box in figure.layout.boxes {
      let wanted = try #require(positions[sample.subgraph.boxes[box.place].key])
      let origin = try #require(positions[sample.subgraph.boxes[0].key])
      #expect(abs(box.box.center.x - first.x - scale * (wanted.x - origin.x)) < 1e-6)
      #expect(abs(box.box.center.y - first.y - scale * (wanted.y - origin.y)) < 1e-6)
      #expect(box.box.minX >= 0 && box.box.maxX <= figure.width && box.box.maxY <= figure.height)
    }
  }

  @Test(arguments: samples.suffix(3))
  func `one box that was moved stands where it was put, and the others make room`(sample: Sample) throws {
    let other = try #require(sample.figure.layout.boxes.last)
    let moved = try #require(sample.figure.layout.boxes.first { $0.place == 0 })
    let key = sample.subgraph.boxes[0].key
    let target = SavedView.Position(x: other.box.center.x + 2, y: other.box.center.y)
    let figure = Figure(
      of: sample.subgraph, in: sample.graph, positions: [key: target], style: sample.figure.style)
    let found = try #require(figure.layout.boxes.first { $0.place == 0 }).box
    let isInside = target.x > moved.box.width / 2 + 1 && target.x < figure.width - moved.box.width / 2 - 1
    if isInside { #expect(abs(found.center.x - target.x) < 0.01) }
    #expect(abs(found.center.y - target.y) < 0.01)
    for box in figure.layout.boxes where box.place != 0 { #expect(!box.box.overlaps(found)) }
  }

  @Test(arguments: samples)
  func `boxes that were moved one by one leave all others and the rows where they are`(sample: Sample) throws
  {
    let plain = sample.figure.layout
    var positions: [String: SavedView.Position] = [:]
    for box in plain.boxes {
      // Each in turn, a little, until all were moved.
      let key = sample.subgraph.boxes[box.place].key
      positions[key] = .init(x: box.box.center.x, y: box.box.center.y)
      let figure = Figure(
        of: sample.subgraph, in: sample.graph, positions: positions, keepsRows: true,
        style: sample.figure.style)
      for (old, new) in zip(plain.boxes, figure.layout.boxes) {
        #expect(old.place == new.place)
        let distance = abs(old.box.center.x - new.box.center.x) + abs(old.box.center.y - new.box.center.y)
        #expect(distance < 0.01, "\(old) \(new)")
      }
      #expect(
        figure.layout.guides == plain.guides && figure.layout.texts.map(\.text) == plain.texts.map(\.text))
      #expect(figure.paperCaption.contains("but for \(positions.count) that a reader moved"))
    }
  }

  @Test func `the caption says how boxes came to stand where they do`() throws {
    let sample = Self.samples[0]
    #expect(sample.figure.paperCaption.contains("at the mean layer of their members"))
    var positions: [String: SavedView.Position] = [:]
    for (number, box) in sample.subgraph.boxes.enumerated() {
      positions[box.key] = .init(x: Double(number) * 90, y: Double(number % 3) * 60)
    }
    let free = Figure(of: sample.subgraph, in: sample.graph, positions: positions)
    #expect(free.paperCaption.contains("Boxes stand where a reader put them."))
    #expect(!free.paperCaption.contains("mean layer"))
  }

  // MARK: Formats

  @Test(arguments: samples)
  func `two runs give the same bytes in every format`(sample: Sample) throws {
    let again = Figure(of: sample.subgraph, in: sample.graph, style: sample.figure.style)
    #expect(try again.svg() == sample.figure.svg())
    #expect(again.pdf() == sample.figure.pdf() && again.tikz() == sample.figure.tikz())
    #expect(try again.scene.json.bytes() == sample.figure.scene.json.bytes())
    #expect(again.table == sample.figure.table && again.paperCaption == sample.figure.paperCaption)
    #expect(
      DOTWriter.dot(of: sample.subgraph, in: sample.graph)
        == DOTWriter.dot(of: Subgraph(of: sample.graph, view: sample.view), in: sample.graph))
    _ = try SVGDocument(sample.figure.svg())
  }

  @Test(arguments: [samples[2].figure, Figure(of: hostileGraph())])
  func `a PDF is whole, with its text as text`(figure: Figure) throws {
    let bytes = figure.pdf()
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.utf8.count == bytes.count && text.hasPrefix("%PDF-1.4\n") && text.hasSuffix("%%EOF\n"))
    // Every entry of the cross-reference table leads to its object.
    let start = try #require(
      text.split(separator: "startxref\n").last.flatMap { Int($0.prefix { $0.isNumber }) })
    let table = String(decoding: bytes[start...], as: UTF8.self).split(separator: "\n")
    #expect(table[0] == "xref")
    for number in 1...7 {
      let offset = try #require(Int(table[number + 2].prefix(10)))
      #expect(bytes[offset...].starts(with: Array("\(number) 0 obj\n".utf8)))
    }
    let length = try #require(
      text.split(separator: "/Length ").last.flatMap { Int($0.prefix { $0.isNumber }) })
    let stream = try #require(text.range(of: "stream\n")?.upperBound)
    #expect(text[stream...].utf8.dropFirst(length).starts(with: Array("\nendstream".utf8)))
    #expect(!text.contains("nan") && !text.contains("inf "))
    for box in figure.scene.boxes {
      for line in box.lines where line.allSatisfy({ $0.isASCII && $0 != "(" && $0 != ")" && $0 != "\\" }) {
        #expect(text.contains("(\(line)) Tj"))
      }
    }
    let operators = text[stream...].split(separator: "\n")
    #expect(operators.count { $0.hasPrefix("BT ") } == operators.count { $0 == "ET" })
    let opened = text[stream...].components(separatedBy: "q /O").count - 1
    #expect(opened == figure.scene.curves.count)
  }

  @Test func `characters beyond the PDF's fonts are squares with their text beside them`() {
    let feature = GraphNode(node: .feature(layer: 0, index: 1, position: 0), id: "f", label: "日本 naïve → (α)")
    let text = String(decoding: Figure(of: .of([feature]), style: .natural).pdf(), as: UTF8.self)
    #expect(text.contains("/ActualText <FEFF65E5672C>"))
    #expect(text.contains("( na\\357ve ) Tj") && text.contains("(\\256) Tj") && text.contains("( \\() Tj"))
    #expect(PDFText.missingCount(in: "日本 naïve → (α)") == 2)
  }

  @Test(arguments: [samples[0].figure, samples[3].figure, Figure(of: hostileGraph())])
  func `TikZ has balanced braces, no bare special characters, and each path ended`(figure: Figure) {
    let text = String(decoding: figure.tikz(), as: UTF8.self)
    var depth = 0
    var previous: Character = " "
    for character in text {
      if previous != "\\" { depth += character == "{" ? 1 : character == "}" ? -1 : 0 }
      previous = previous == "\\" && character == "\\" ? " " : character
    }
    #expect(depth == 0)
    let lines = text.split(separator: "\n")
    #expect(lines.last == "\\end{tikzpicture}%")
    for line in lines.drop(while: { !$0.hasPrefix("\\useas") }).dropLast() {
      #expect(line.hasSuffix(";") && line.hasPrefix("\\"))
    }
    #expect(lines.count { $0.hasPrefix("\\filldraw") } == figure.scene.boxes.count)
  }

  @Test(arguments: [
    ("50% of $5 & #1", "50\\% of \\$5 \\& \\#1"), ("a_b^c~d", "a\\_b{\\textasciicircum}c{\\textasciitilde}d"),
    ("{x}\\y", "\\{x\\}{\\textbackslash}y"), ("<b>|\"", "{\\textless}b{\\textgreater}{\\textbar}\\char34{}"),
    ("--", "{-}{-}"), ("␣", "{\\textvisiblespace}"), ("é日", "é日"),
  ])
  func `what TeX would take for commands is escaped`(text: String, expected: String) {
    #expect(TeXText.escaped(text) == expected)
    #expect(text.unicodeScalars.contains(where: TeXText.isForeign) == text.contains("日"))
  }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/pdflatex"), "pdflatex is not here"))
  func `LaTeX compiles the picture`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "clew-tikz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let label = #"50% of $5 & #1 a_b^c~d {x}\y <b>|"q" ␣↵⇥∅…⋯→ – — ‘a’ é ß «x» 'y' `z`"#
    let feature = GraphNode(node: .feature(layer: 0, index: 1, position: 0), id: "f", label: label)
    var style = FigureStyle.natural
    style.title = label
    try Data(Figure(of: .of([feature]), style: style).tikz()).write(to: folder.appending(path: "a.tikz"))
    var graph = Self.samples[2].graph
    for place in graph.nodes.indices
    where graph.nodes[place].label.unicodeScalars.contains(where: TeXText.isForeign) {
      graph.nodes[place].label = "naïve señor"
    }
    let figure = Figure(of: Subgraph(of: graph, view: Self.samples[2].view), in: graph)
    try Data(figure.tikz()).write(to: folder.appending(path: "b.tikz"))
    let document = """
      \\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{tikz}\\begin{document}
      \\input{a.tikz}\\newpage\\noindent\\input{b.tikz}\\end{document}
      """
    try Data(document.utf8).write(to: folder.appending(path: "d.tex"))
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/pdflatex")
    process.arguments = ["-interaction=nonstopmode", "-halt-on-error", "d.tex"]
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let log = (try? String(contentsOf: folder.appending(path: "d.log"), encoding: .isoLatin1)) ?? ""
    #expect(process.terminationStatus == 0, "\(log.suffix(2000))")
    #expect(!log.contains("Missing character"))
  }

  @Test func `the scene has every box and edge, and its JSON says the same`() throws {
    let sample = Self.samples[2]
    let scene = sample.figure.scene
    let keyed = scene.boxes.filter { !$0.key.isEmpty }
    #expect(Set(keyed.map(\.key)) == Set(sample.subgraph.boxes.map(\.key)))
    #expect(scene.curves.count { !$0.source.isEmpty } == sample.figure.layout.curves.count)
    for curve in scene.curves where !curve.source.isEmpty {
      let edge = sample.subgraph.edges.first {
        sample.subgraph.boxes[$0.source].key == curve.source
          && sample.subgraph.boxes[$0.target].key == curve.target
      }
      #expect(abs((edge?.share ?? 9) - curve.share) < 1e-6)
    }
    let json = try JSON(parsing: scene.json.bytes()).object
    #expect(json?["boxes"]?.array?.count == scene.boxes.count)
    #expect(json?["curves"]?.array?.count == scene.curves.count)
    #expect(json?["texts"]?.array?.count == scene.texts.count)
    let width = try #require(json?["width"]?.double)
    #expect(abs(width - sample.figure.width) < 0.01)
  }

  // MARK: Words

  @Test func `the caption and the table say what is shown and what is not`() throws {
    let sample = Self.samples[2]
    let extent = sample.subgraph.extent
    let caption = sample.figure.paperCaption
    #expect(caption.contains("\(extent.shownFeatures) of \(extent.features) features"))
    #expect(caption.contains("replacement score") && caption.hasSuffix("."))
    let drawn = sample.figure.layout.curves.count
    let all = sample.subgraph.edges.count { $0.share != 0 }
    #expect(caption.contains("\(drawn) of \(all) effects among boxes"))
    let parts = sample.figure.table.parts
    #expect(parts[0].rows.count == sample.subgraph.boxes.count)
    #expect(
      parts[2].rows.count == drawn && parts[2].rows.count + parts[3].rows.count == sample.subgraph.edges.count
    )
    for part in parts { #expect(part.rows.allSatisfy { $0.count == part.header.count }) }
    let lines = sample.figure.table.tsv.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == parts.reduce(1) { $0 + $1.rows.count + 1 })
    #expect(sample.figure.table.markdown.contains("## edges not drawn"))
  }

  @Test func `a view without pins is a figure that says so`() throws {
    let graph = AttributionGraph.random(seed: 2, nodeCount: 10)
    let figure = Figure(of: Subgraph(of: graph, view: SavedView()), in: graph)
    #expect(figure.caption.contains("Nothing is pinned"))
    _ = try SVGDocument(figure.svg())
    #expect(figure.pdf().count > 500)
  }

  @Test func `hostile names, keys and places still make well-formed files`() throws {
    let graph = hostileGraph()
    var view = SavedView(pinnedIDs: graph.nodes.map(\.id))
    view.supernodes = hostileLabels.enumerated().map { number, label in
      .init(key: label, label: label, members: [graph.nodes[8 + number].id])
    }
    let subgraph = Subgraph(of: graph, view: view)
    let positions = [hostileLabels[0]: SavedView.Position(x: .nan, y: .infinity)]
    for style in [FigureStyle.doubleColumn, .natural] {
      let figure = Figure(of: subgraph, in: graph, positions: positions, style: style)
      let document = try SVGDocument(figure.svg())
      #expect(document.ids.count == Set(document.ids).count)
      #expect(figure.scene.boxes.allSatisfy { $0.center.x.isFinite && $0.center.y.isFinite })
      _ = try Graphviz.withGraph(reading: DOTWriter.dot(of: subgraph, in: graph)) { $0.nodeCount }
    }
  }
}
