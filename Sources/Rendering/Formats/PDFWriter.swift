/// Writes a scene as PDF 1.4: one page as large as the picture, text as text in the reader's own Helvetica and Symbol.
///
/// There is no date in it and nothing is compressed, so equal scenes give equal bytes. The two fonts are among
/// the 14 that every reader has; they are not embedded. A character that neither has is drawn as an empty square, with
/// what it really is beside it for search and copying.
struct PDFWriter {
  private let scene: FigureScene
  private var page = ""
  /// Opacities in hundredths, each with a graphics state of its own.
  private var opacities: Set<Int> = [100]
  private var currentOpacity = 100

  private init(_ scene: FigureScene) { self.scene = scene }

  static func pdf(of scene: FigureScene) -> [UInt8] {
    var writer = PDFWriter(scene)
    writer.drawAll()
    return writer.document()
  }

  // MARK: The page

  private mutating func drawAll() {
    for guide in scene.guides {
      page += "q 0.4 w \(Self.color("#e4e4e4")) RG \(at(guide.left)) m \(at(guide.right)) l S Q\n"
    }
    for curve in scene.curves { draw(curve) }
    for box in scene.boxes { draw(box) }
    for text in scene.texts { draw(text) }
  }

  private mutating func draw(_ curve: FigureScene.Curve) {
    guard let start = curve.points.first else { return }
    let opacity = Int((curve.opacity * 100).rounded())
    opacities.insert(opacity)
    let color = Self.color(curve.color)
    page += "q /O\(opacity) gs \(color) RG \(color) rg \(number(curve.lineWidth)) w\n"
    if !curve.isPositive { page += "[\(number(Dash.on)) \(number(Dash.off))] 0 d\n" }
    page += "\(at(start)) m\n"
    for piece in stride(from: 1, to: curve.points.count - 2, by: 3) {
      page += curve.points[piece..<piece + 3].map(at).joined(separator: " ") + " c\n"
    }
    page += "S [] 0 d\n"
    let head = ArrowHead(of: curve)
    page += head.corners.enumerated().map { "\(at($1)) \($0 == 0 ? "m" : "l")" }.joined(separator: " ")
    page += head.isFilled ? " f Q\n" : " \(number(head.lineWidth)) w S Q\n"
  }

  private mutating func draw(_ box: FigureScene.Box) {
    page += "q \(Self.color(box.border)) RG \(Self.color(box.fill)) rg \(number(box.lineWidth)) w\n"
    for step in BoxOutline(of: box).steps {
      switch step {
      case .move(let place): page += "\(at(place)) m "
      case .line(let place): page += "\(at(place)) l "
      case .curve(let first, let second, let end): page += "\(at(first)) \(at(second)) \(at(end)) c "
      }
    }
    page += "b Q\n"
    for (place, line) in box.lines.enumerated() {
      let y =
        box.center.y + (Double(box.lines.count - 1) / 2 - Double(place)) * scene.lineHeight
      show(
        line, size: scene.fontSize, color: box.textColor, at: .init(x: box.center.x, y: y), anchor: .center)
    }
  }

  private mutating func draw(_ text: FigureScene.Text) {
    show(text.text, size: text.fontSize, color: text.color, at: text.place, anchor: text.anchor)
  }

  private mutating func show(
    _ line: String, size: Double, color: String, at place: FigureScene.Place, anchor: FigureScene.Text.Anchor
  ) {
    let width = TextMetrics(fontSize: size).width(of: line)
    var x = place.x
    switch anchor {
    case .left: break
    case .center: x -= width / 2
    case .right: x -= width
    }
    // Capitals are 0.72 of the size high, and half-way up is where their middle is.
    page += "BT \(Self.color(color)) rg \(number(x)) \(number(place.y - 0.36 * size)) Td\n"
    for run in PDFText.runs(of: line) { page += run.operators(size: number(size)) }
    page += "ET\n"
  }

  // MARK: The file

  private func document() -> [UInt8] {
    let states = opacities.sorted().map {
      "/O\($0) << /ca \(number(Double($0) / 100)) /CA \(number(Double($0) / 100)) >>"
    }
    let usesSymbol = page.contains("/S ")
    let objects = [
      "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 \(number(scene.width)) \(number(scene.height))] /Contents 4 0 R"
        + " /Resources << /Font << /H 5 0 R\(usesSymbol ? " /S 6 0 R" : "") >> /ExtGState << \(states.joined(separator: " ")) >> >> >>",
      "<< /Length \(page.utf8.count) >>\nstream\n\(page)\nendstream",
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
      "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>",
      "<< /Title \(PDFText.unicode(scene.title)) /Producer (Clew) >>",
    ]
    var text = "%PDF-1.4\n"
    var offsets: [Int] = []
    for (place, object) in objects.enumerated() {
      offsets.append(text.utf8.count)
      text += "\(place + 1) 0 obj\n\(object)\nendobj\n"
    }
    let start = text.utf8.count
    text += "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
    for offset in offsets {
      let digits = String(offset)
      text += String(repeating: "0", count: max(10 - digits.count, 0)) + digits + " 00000 n \n"
    }
    text += "trailer\n<< /Size \(objects.count + 1) /Root 1 0 R /Info 7 0 R >>\nstartxref\n\(start)\n%%EOF\n"
    return Array(text.utf8)
  }

  // MARK: Numbers

  private func at(_ place: FigureScene.Place) -> String { "\(number(place.x)) \(number(place.y))" }

  private func number(_ value: Double) -> String { FigureDrawing.number(value) }

  /// `#rrggbb` as three numbers from 0 to 1.
  static func color(_ hexadecimal: String) -> String {
    let parts = ColorParts(hexadecimal)
    return [parts.red, parts.green, parts.blue].map { part in
      "\((Double(part) / 255 * 1000).rounded() / 1000)"
    }.joined(separator: " ")
  }
}

/// The lengths of dashes and of the gaps between them, in points.
enum Dash {
  static let on = 3.0
  static let off = 2.0
}

/// `#rrggbb` in its parts, black for what is no colour.
struct ColorParts {
  var red = 0
  var green = 0
  var blue = 0

  init(_ hexadecimal: String) {
    guard hexadecimal.utf8.count == 7, hexadecimal.hasPrefix("#"),
      let value = Int(hexadecimal.dropFirst(), radix: 16)
    else { return }
    (red, green, blue) = (value >> 16 & 255, value >> 8 & 255, value & 255)
  }
}

/// The end of an edge: a filled triangle, or a bar with a stem.
struct ArrowHead {
  var corners: [FigureScene.Place]
  var isFilled: Bool
  var lineWidth: Double

  init(of curve: FigureScene.Curve) {
    let end = curve.points.last ?? curve.tip
    let (dx, dy) = (curve.tip.x - end.x, curve.tip.y - end.y)
    let length = max((dx * dx + dy * dy).squareRoot(), 1e-6)
    // Along the edge, and across it to the left.
    let (ux, uy) = (dx / length, dy / length)
    func place(_ along: Double, _ across: Double) -> FigureScene.Place {
      .init(x: end.x + ux * along - uy * across, y: end.y + uy * along + ux * across)
    }
    isFilled = curve.isPositive
    lineWidth = max(0.45 * curve.lineWidth, 0.9)
    if isFilled {
      let half = max(0.4 * length, 0.5 * curve.lineWidth + 0.5)
      corners = [place(0, half), place(length, 0), place(0, -half)]
    } else {
      let half = max(0.45 * length, 0.5 * curve.lineWidth + 0.8)
      let back = length - lineWidth / 2
      corners = [place(0, 0), place(back, 0), place(back, half), place(back, -half), place(back, 0)]
    }
  }
}

/// The outline of a box, step by step.
struct BoxOutline {
  enum Step {
    case move(FigureScene.Place), line(FigureScene.Place)
    case curve(FigureScene.Place, FigureScene.Place, FigureScene.Place)
  }

  private(set) var steps: [Step] = []

  init(of box: FigureScene.Box) {
    let (x, y) = (box.center.x, box.center.y)
    let (w, h) = (box.width / 2, box.height / 2)
    func place(_ dx: Double, _ dy: Double) -> FigureScene.Place { .init(x: x + dx, y: y + dy) }
    switch box.shape {
    case .rectangle: polygon([place(-w, -h), place(w, -h), place(w, h), place(-w, h)])
    case .diamond: polygon([place(0, -h), place(w, 0), place(0, h), place(-w, 0)])
    case .hexagon:
      let inset = min(w / 2, h)
      polygon([
        place(-w + inset, -h), place(w - inset, -h), place(w, 0), place(w - inset, h), place(-w + inset, h),
        place(-w, 0),
      ])
    case .circle: round(place, w, h, min(w, h))
    case .rounded: round(place, w, h, min(w, h, 0.45 * h + 1))
    }
  }

  private mutating func polygon(_ corners: [FigureScene.Place]) {
    steps = corners.enumerated().map { $0 == 0 ? .move($1) : .line($1) }
  }

  /// Quarter circles at the corners, each as the cubic that comes within 0.03% of it.
  private mutating func round(
    _ place: (Double, Double) -> FigureScene.Place, _ w: Double, _ h: Double, _ radius: Double
  ) {
    let k = 0.5523 * radius
    steps = [.move(place(-w + radius, -h)), .line(place(w - radius, -h))]
    let corners = [(1.0, -1.0), (1, 1), (-1, 1), (-1, -1)]
    for (number, (sx, sy)) in corners.enumerated() {
      let across = place(sx * (w - radius), sy * h)
      let along = place(sx * w, sy * (h - radius))
      let acrossControl = place(sx * (w - radius + k), sy * h)
      let alongControl = place(sx * w, sy * (h - radius + k))
      if number.isMultiple(of: 2) {
        steps += [.line(across), .curve(acrossControl, alongControl, along)]
      } else {
        steps += [.line(along), .curve(alongControl, acrossControl, across)]
      }
    }
  }
}
