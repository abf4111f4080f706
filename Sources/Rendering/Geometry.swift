/// A place in a figure, in points; y grows upward, as in Graphviz.
struct Point: Hashable {
  var x: Double
  var y: Double

  static func * (point: Point, factor: Double) -> Point { Point(x: point.x * factor, y: point.y * factor) }
}

/// A rectangle by its centre, in points.
struct Box: Hashable {
  var center: Point
  var width: Double
  var height: Double

  var minX: Double { center.x - width / 2 }
  var maxX: Double { center.x + width / 2 }
  var minY: Double { center.y - height / 2 }
  var maxY: Double { center.y + height / 2 }

  /// Whether a point is inside, or outside by less than `margin`.
  func contains(_ point: Point, margin: Double = 0) -> Bool {
    abs(point.x - center.x) < width / 2 + margin && abs(point.y - center.y) < height / 2 + margin
  }

  /// Whether two rectangles share more than an edge.
  func overlaps(_ other: Box) -> Bool {
    minX < other.maxX && other.minX < maxX && minY < other.maxY && other.minY < maxY
  }

  static func * (box: Box, factor: Double) -> Box {
    Box(center: box.center * factor, width: box.width * factor, height: box.height * factor)
  }
}

/// What a node looks like.
enum Glyph: String, CaseIterable {
  case feature, error, embedding, logit
  /// Nodes that a reader sees as one.
  case group
}

/// A node as it is drawn.
struct NodeBox {
  /// The node's place in the graph.
  var place: Int
  var glyph: Glyph
  /// The label; a dot has none.
  var lines: [String]
  var box: Box

  var isDot: Bool { lines.isEmpty }
}

/// A line of text that is no node.
struct TextLine {
  enum Role {
    case title, token, axis, caption, key

    var color: String {
      switch self {
      case .title: "#000000"
      case .token, .axis: "#8a8a8a"
      case .caption, .key: "#404040"
      }
    }
  }
  enum Anchor { case left, center, right }

  var text: String
  var role: Role
  /// The left end, the middle or the right end of the line, half-way up.
  var position: Point
  var anchor: Anchor
  var fontSize: Double
}
