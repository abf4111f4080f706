/// Writes a scene as a TikZ picture, for documents that load `tikz`.
///
/// ```latex
/// \usepackage[T1]{fontenc} \usepackage{tikz}
/// …
/// \begin{figure} \input{graph.tikz} \caption{…} \end{figure}
/// ```
/// Labels are set in the document's own sans serif. Characters beyond Latin need XeLaTeX or LuaLaTeX and a font that
/// has them; the picture's first lines say so if there are any.
struct TikZWriter {
  private let scene: FigureScene
  private var lines: [String] = []

  static func tikz(of scene: FigureScene) -> [UInt8] {
    var writer = TikZWriter(scene: scene)
    writer.writeAll()
    return Array((writer.lines.joined(separator: "\n") + "\n").utf8)
  }

  private init(scene: FigureScene) { self.scene = scene }

  private mutating func writeAll() {
    let texts = scene.boxes.flatMap(\.lines) + scene.texts.map(\.text)
    let foreign = Set(texts.joined().unicodeScalars.filter(TeXText.isForeign))
    lines.append(
      "% \(number(scene.width)) x \(number(scene.height)) bp. Needs \\usepackage[T1]{fontenc} and \\usepackage{tikz}."
    )
    if !foreign.isEmpty {
      let codes = foreign.map(\.value).sorted().prefix(20).map {
        "U+" + String($0, radix: 16, uppercase: true)
      }
      lines.append("% Needs XeLaTeX or LuaLaTeX, and a font with \(codes.joined(separator: ", ")).")
    }
    lines.append("\\begin{tikzpicture}[x=1bp,y=1bp,line cap=butt,line join=round]")
    lines.append("\\useasboundingbox (0,0) rectangle \(at(.init(x: scene.width, y: scene.height)));")
    for guide in scene.guides {
      lines.append(
        "\\draw[draw=\(color("#e4e4e4")),line width=0.4bp] \(at(guide.left)) -- \(at(guide.right));")
    }
    for curve in scene.curves { add(curve) }
    for box in scene.boxes { add(box) }
    for text in scene.texts { add(text) }
    lines.append("\\end{tikzpicture}%")
  }

  private mutating func add(_ curve: FigureScene.Curve) {
    guard let start = curve.points.first else { return }
    let ink = color(curve.color)
    let dash = curve.isPositive ? "" : ",dash pattern=on \(number(Dash.on))bp off \(number(Dash.off))bp"
    var path = at(start)
    for piece in stride(from: 1, to: curve.points.count - 2, by: 3) {
      path +=
        " .. controls \(at(curve.points[piece])) and \(at(curve.points[piece + 1])) .. "
        + at(curve.points[piece + 2])
    }
    let opacity = number(curve.opacity)
    lines.append(
      "\\draw[draw=\(ink),draw opacity=\(opacity),line width=\(number(curve.lineWidth))bp\(dash)] \(path);")
    let head = ArrowHead(of: curve)
    let corners = head.corners.map(at).joined(separator: " -- ")
    lines.append(
      head.isFilled
        ? "\\fill[fill=\(ink),fill opacity=\(opacity)] \(corners) -- cycle;"
        : "\\draw[draw=\(ink),draw opacity=\(opacity),line width=\(number(head.lineWidth))bp] \(corners);")
  }

  private mutating func add(_ box: FigureScene.Box) {
    var path = ""
    for step in BoxOutline(of: box).steps {
      switch step {
      case .move(let place): path += at(place)
      case .line(let place): path += " -- \(at(place))"
      case .curve(let first, let second, let end):
        path += " .. controls \(at(first)) and \(at(second)) .. \(at(end))"
      }
    }
    lines.append(
      "\\filldraw[fill=\(color(box.fill)),draw=\(color(box.border)),line width=\(number(box.lineWidth))bp] "
        + "\(path) -- cycle;")
    for (place, line) in box.lines.enumerated() {
      let y = box.center.y + (Double(box.lines.count - 1) / 2 - Double(place)) * scene.lineHeight
      add(line, size: scene.fontSize, ink: box.textColor, at: .init(x: box.center.x, y: y), anchor: "base")
    }
  }

  private mutating func add(_ text: FigureScene.Text) {
    let anchor =
      switch text.anchor {
      case .left: "base west"
      case .center: "base"
      case .right: "base east"
      }
    add(text.text, size: text.fontSize, ink: text.color, at: text.place, anchor: anchor)
  }

  private mutating func add(
    _ line: String, size: Double, ink: String, at place: FigureScene.Place, anchor: String
  ) {
    if line.isEmpty { return }
    let base = FigureScene.Place(x: place.x, y: place.y - 0.36 * size)
    lines.append(
      "\\node[anchor=\(anchor),inner sep=0,outer sep=0,text=\(color(ink)),"
        + "font=\\sffamily\\fontsize{\(number(size))bp}{\(number(1.2 * size))bp}\\selectfont] at \(at(base)) "
        + "{\(TeXText.escaped(line))};")
  }

  private func at(_ place: FigureScene.Place) -> String { "(\(number(place.x)),\(number(place.y)))" }

  private func number(_ value: Double) -> String { FigureDrawing.number(value) }

  private func color(_ hexadecimal: String) -> String {
    let parts = ColorParts(hexadecimal)
    return "{rgb,255:red,\(parts.red);green,\(parts.green);blue,\(parts.blue)}"
  }
}

/// Text that TeX reads as itself.
enum TeXText {
  static func escaped(_ line: String) -> String {
    line.unicodeScalars.map { marks[$0] ?? String(Character($0)) }.joined()
  }

  /// Whether a character is one that LaTeX does not know without further packages.
  static func isForeign(_ scalar: Unicode.Scalar) -> Bool { scalar.value > 0x17F && marks[scalar] == nil }

  private static let marks: [Unicode.Scalar: String] = [
    "\\": "{\\textbackslash}", "{": "\\{", "}": "\\}", "$": "\\$", "&": "\\&", "#": "\\#",
    "^": "{\\textasciicircum}",
    "_": "\\_", "%": "\\%", "~": "{\\textasciitilde}", "<": "{\\textless}", ">": "{\\textgreater}",
    "|": "{\\textbar}", "\"": "\\char34{}", "'": "{\\textquoteright}", "`": "{\\textquoteleft}", "-": "{-}",
    "␣": "{\\textvisiblespace}", "…": "{\\ldots}", "⋯": "{$\\cdots$}", "↵": "{$\\hookleftarrow$}",
    "⇥": "{$\\mapsto$}", "→": "{$\\rightarrow$}", "←": "{$\\leftarrow$}", "↑": "{$\\uparrow$}",
    "↓": "{$\\downarrow$}", "∅": "{$\\emptyset$}", "≤": "{$\\leq$}", "≥": "{$\\geq$}", "≠": "{$\\neq$}",
    "≈": "{$\\approx$}", "∞": "{$\\infty$}", "−": "{$-$}", "×": "{$\\times$}", "·": "{$\\cdot$}",
    "–": "{--}", "—": "{---}", "‘": "{\\textquoteleft}", "’": "{\\textquoteright}",
    "“": "{\\textquotedblleft}",
    "”": "{\\textquotedblright}", "•": "{\\textbullet}", "€": "{\\texteuro}", "\u{FFFD}": "{?}",
    "¡": "{\\textexclamdown}", "¿": "{\\textquestiondown}", "\u{A0}": "~", "¬": "{$\\neg$}", "±": "{$\\pm$}",
    "°": "{$^\\circ$}", "µ": "{$\\mu$}", "²": "{$^2$}", "³": "{$^3$}", "¹": "{$^1$}",
  ]
}
