extension Figure {
  /// Everything in the picture with its place, for drawing it elsewhere.
  public var scene: FigureScene {
    var scene = FigureScene(
      title: style.title ?? "", width: layout.width, height: layout.height, fontSize: layout.fontSize,
      lineHeight: TextMetrics(fontSize: layout.fontSize).lineHeight, guides: [], curves: [], boxes: [],
      texts: layout.texts.map { FigureScene.Text($0) })
    scene.guides = layout.guides.map { y in
      .init(
        left: .init(x: layout.guideSpan.lowerBound, y: y), right: .init(x: layout.guideSpan.upperBound, y: y))
    }
    scene.curves = layout.curves.map { curve in
      FigureScene.Curve(
        curve, source: names[curve.edge.source]?.key ?? "", target: names[curve.edge.target]?.key ?? "",
        edgeCount: layout.curves.count)
    }
    scene.boxes = layout.boxes.map { box in
      FigureScene.Box(
        box, key: names[box.place]?.key ?? "", tooltip: names[box.place]?.tooltip ?? "",
        fontSize: layout.fontSize)
    }
    for entry in layout.key.entries { scene.add(entry, of: layout.key, fontSize: layout.fontSize) }
    return scene
  }
}

extension FigureScene {
  /// Adds one explanation of the key.
  fileprivate mutating func add(_ entry: FigureKey.Entry, of key: FigureKey, fontSize: Double) {
    let box = entry.sampleBox
    switch entry.sample {
    case .node(let glyph, let isDot):
      var sample = Box(
        NodeBox(place: 0, glyph: glyph, lines: isDot ? [] : [""], box: box), key: "", tooltip: "",
        fontSize: fontSize)
      sample.lines = []
      boxes.append(sample)
    case .edge(let isPositive):
      let length = 0.6 * key.fontSize
      let start = Point(x: box.minX, y: box.center.y)
      let end = Point(x: box.maxX - length, y: box.center.y)
      let third = (end.x - start.x) / 3
      let points = [start, Point(x: start.x + third, y: start.y), Point(x: end.x - third, y: end.y), end]
      let edge = FigureContent.Edge(
        source: 0, target: 0, weight: isPositive ? 1 : -1, share: 0.3, score: 0)
      curves.append(
        Curve(
          EdgeCurve(
            edge: edge, points: points, tip: Point(x: box.maxX, y: box.center.y), lineWidth: 1,
            headLength: length),
          source: "", target: "", edgeCount: 1))
    case .words: break
    }
    texts.append(
      Text(
        TextLine(text: entry.words, role: .key, position: entry.text, anchor: .left, fontSize: key.fontSize)))
  }
}

extension FigureScene.Place {
  init(_ point: Point) { self.init(x: point.x, y: point.y) }
}

extension FigureScene.Box {
  init(_ box: NodeBox, key: String, tooltip: String, fontSize: Double) {
    let look = Look(of: box)
    self.init(
      key: key, kind: box.glyph.rawValue, shape: look.outline, center: .init(box.box.center),
      width: box.box.width, height: box.box.height, lines: box.lines, tooltip: tooltip, fill: look.fill,
      border: look.border, textColor: look.text, lineWidth: look.lineWidth * fontSize / 7)
  }
}

extension FigureScene.Curve {
  init(_ curve: EdgeCurve, source: String, target: String, edgeCount: Int) {
    let look = EdgeLook(isPositive: curve.isPositive, share: curve.edge.share, edgeCount: edgeCount)
    self.init(
      source: source, target: target, share: curve.isPositive ? curve.edge.share : -curve.edge.share,
      points: curve.points.map { .init($0) }, tip: .init(curve.tip), color: look.plainColor,
      opacity: look.opacity, lineWidth: curve.lineWidth)
  }
}

extension FigureScene.Text {
  init(_ line: TextLine) {
    self.init(
      text: line.text, role: "\(line.role)", place: .init(line.position), anchor: .init(line.anchor),
      fontSize: line.fontSize, color: line.role.color)
  }
}

extension FigureScene.Text.Anchor {
  init(_ anchor: TextLine.Anchor) {
    switch anchor {
    case .left: self = .left
    case .center: self = .center
    case .right: self = .right
    }
  }
}
