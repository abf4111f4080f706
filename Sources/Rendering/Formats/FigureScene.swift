public import AttributionGraphs

/// A picture as plain shapes and texts with their places: what is drawn, ready for whoever draws it.
///
/// Places are in points; x grows to the right and y upward from the lower left corner. Things are listed in the order
/// in which they are drawn. PDF and TikZ are written from it, and a page can draw the same picture from ``json``.
public struct FigureScene: Sendable, Equatable {
  /// A place.
  public struct Place: Sendable, Hashable {
    public var x: Double
    public var y: Double
  }

  /// The outline of a box.
  public enum Shape: String, Sendable {
    case rectangle, rounded, hexagon, diamond, circle
  }

  /// A node, a group of nodes, or a sample of one in the key.
  public struct Box: Sendable, Equatable {
    /// The id of the node or the key of the group; empty in the key below the picture.
    public var key: String
    /// `feature`, `error`, `embedding`, `logit` or `group`.
    public var kind: String
    public var shape: Shape
    public var center: Place
    public var width: Double
    public var height: Double
    /// The label, set in the middle; none for a dot.
    public var lines: [String]
    /// What there is to say when the box is pointed at.
    public var tooltip: String
    /// Colours as `#rrggbb`.
    public var fill: String
    public var border: String
    public var textColor: String
    public var lineWidth: Double
  }

  /// An edge, or a sample of one.
  public struct Curve: Sendable, Equatable {
    /// Keys of boxes, empty in the key below the picture.
    public var source: String
    public var target: String
    /// What the edge gives of its target's input, with its sign.
    public var share: Double
    /// One place, then three for each cubic piece, up to the back of the arrowhead.
    public var points: [Place]
    /// Where the arrowhead ends.
    public var tip: Place
    public var color: String
    public var opacity: Double
    public var lineWidth: Double
    /// Positive edges are solid and end in an arrow; negative ones are dashed and end in a bar.
    public var isPositive: Bool { share >= 0 }
  }

  /// A line of text that is no box.
  public struct Text: Sendable, Equatable {
    public enum Anchor: String, Sendable { case left, center, right }

    public var text: String
    /// `title`, `token`, `axis`, `caption` or `key`.
    public var role: String
    /// Half-way up the line.
    public var place: Place
    public var anchor: Anchor
    public var fontSize: Double
    public var color: String
  }

  /// A faint line through the row of a layer.
  public struct Guide: Sendable, Equatable {
    public var left: Place
    public var right: Place
  }

  public var title: String
  public var width: Double
  public var height: Double
  /// Of the labels in boxes.
  public var fontSize: Double
  /// From one line of a label to the next.
  public var lineHeight: Double
  public var guides: [Guide]
  public var curves: [Curve]
  public var boxes: [Box]
  public var texts: [Text]

  /// The scene as JSON: numbers in hundredths of a point, places as pairs.
  public var json: JSON {
    [
      "boxes": .array(boxes.map(\.json)), "curves": .array(curves.map(\.json)),
      "fontSize": Self.number(fontSize),
      "guides": .array(guides.map { [Self.pair($0.left), Self.pair($0.right)] }),
      "height": Self.number(height), "lineHeight": Self.number(lineHeight),
      "texts": .array(texts.map(\.json)), "title": .string(title), "width": Self.number(width),
    ]
  }

  static func number(_ value: Double) -> JSON { JSON((value * 100).rounded() / 100) }
  static func pair(_ place: Place) -> JSON { [number(place.x), number(place.y)] }
}

extension FigureScene.Box {
  fileprivate var json: JSON {
    [
      "key": .string(key), "kind": .string(kind), "shape": .string(shape.rawValue),
      "center": FigureScene.pair(center), "width": FigureScene.number(width),
      "height": FigureScene.number(height), "lines": JSON(lines), "tooltip": .string(tooltip),
      "fill": .string(fill), "border": .string(border), "textColor": .string(textColor),
      "lineWidth": FigureScene.number(lineWidth),
    ]
  }
}

extension FigureScene.Curve {
  fileprivate var json: JSON {
    [
      "source": .string(source), "target": .string(target), "share": JSON(share),
      "points": .array(points.map(FigureScene.pair)), "tip": FigureScene.pair(tip),
      "color": .string(color), "opacity": FigureScene.number(opacity),
      "lineWidth": FigureScene.number(lineWidth), "positive": .bool(isPositive),
    ]
  }
}

extension FigureScene.Text {
  fileprivate var json: JSON {
    [
      "text": .string(text), "role": .string(role), "place": FigureScene.pair(place),
      "anchor": .string(anchor.rawValue), "fontSize": FigureScene.number(fontSize),
      "color": .string(color),
    ]
  }
}
