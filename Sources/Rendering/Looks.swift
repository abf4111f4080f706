/// The shape and colours of a node, in Graphviz's words.
struct Look {
  var shape: String
  var style = "filled"
  var fill = "#ffffff"
  var border: String
  var text = "#000000"
  /// In points at a font size of 7.
  var lineWidth: Double

  init(of node: NodeBox) {
    switch (node.glyph, node.isDot) {
    case (.feature, false): (shape, style, border, lineWidth) = ("box", "rounded,filled", "#4d4d4d", 0.6)
    case (.feature, true): (shape, fill, border, lineWidth) = ("circle", "#6b6b6b", "#ffffff", 0.3)
    case (.error, false):
      (shape, fill, border, text, lineWidth) = ("hexagon", "#ececec", "#8a8a8a", "#555555", 0.5)
    case (.error, true): (shape, fill, border, lineWidth) = ("diamond", "#e0e0e0", "#777777", 0.4)
    case (.embedding, _): (shape, fill, border, lineWidth) = ("box", "#f3f3f3", "#8a8a8a", 0.5)
    case (.logit, _): (shape, border, lineWidth) = ("box", "#000000", 1.4)
    case (.group, false):
      (shape, style, fill, border, lineWidth) = ("box", "rounded,filled", "#eef2f8", "#22304a", 1.1)
    case (.group, true): (shape, fill, border, lineWidth) = ("circle", "#22304a", "#ffffff", 0.3)
    }
  }
}

extension Look {
  /// The shape where it is drawn without Graphviz.
  var outline: FigureScene.Shape {
    switch shape {
    case "circle": .circle
    case "diamond": .diamond
    case "hexagon": .hexagon
    default: style.hasPrefix("rounded") ? .rounded : .rectangle
    }
  }
}

/// The line and arrowhead of an edge. Dashes and the bar say "negative" without colour.
struct EdgeLook {
  /// `#rrggbb`, as opaque as ``opacity`` says.
  var plainColor: String
  /// From 0 to 1.
  var opacity: Double
  var style: String
  var head: String

  /// The colour with its opacity, as Graphviz reads it.
  var color: String { plainColor + Self.hexadecimal(opacity) }

  /// - Parameters:
  ///   - share: Of the target's input, from 0 to 1; weak edges are paler.
  ///   - edgeCount: How many edges the figure has; in a crowd all are paler, so that they add up to shades.
  init(isPositive: Bool, share: Double, edgeCount: Int) {
    let crowd = min(1, max(0.6, (200 / Double(max(edgeCount, 1))).squareRoot()))
    opacity = crowd * (0.3 + 0.65 * min(max(share, 0), 1).squareRoot())
    plainColor = isPositive ? "#1b7837" : "#762a83"
    style = isPositive ? "solid" : "dashed"
    head = isPositive ? "normal" : "tee"
  }

  /// Graphviz's scale for an arrowhead of a length in points.
  func headSize(length: Double) -> Double { head == "tee" ? max(length / 7, 0.3) : length / 10 }

  private static func hexadecimal(_ opacity: Double) -> String {
    let digits = String(Int((opacity * 255).rounded()), radix: 16)
    return digits.count < 2 ? "0" + digits : digits
  }
}

extension FigureDrawing {
  /// Hundredths of a point are finer than any printer, and short.
  static func number(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

  static func inches(_ points: Double) -> String { "\((points / 72 * 10_000).rounded() / 10_000)" }

  static func point(_ point: Point) -> String { number(point.x) + "," + number(point.y) }

  /// A curve as Graphviz writes it: the arrow's tip first, then the points.
  static func spline(tip: Point?, points: [Point]) -> String {
    let end = tip.map { ["e," + point($0)] } ?? []
    return (end + points.map(point)).joined(separator: " ")
  }
}
