/// An edge as it is drawn.
struct EdgeCurve {
  var edge: FigureContent.Edge
  /// One point, then three for each cubic piece; from the source's upper side to the back of the arrowhead.
  var points: [Point]
  /// Where the arrowhead ends, on the target's lower side.
  var tip: Point
  /// In points.
  var lineWidth: Double
  /// The length of the arrowhead, in points.
  var headLength: Double

  var isPositive: Bool { edge.weight > 0 }

  static func * (curve: EdgeCurve, factor: Double) -> EdgeCurve {
    var scaled = curve
    scaled.points = curve.points.map { $0 * factor }
    scaled.tip = curve.tip * factor
    scaled.lineWidth *= factor
    scaled.headLength *= factor
    return scaled
  }

  /// Points along the curve, `count` for each cubic piece.
  func samples(perPiece count: Int) -> [Point] { Self.samples(of: points, perPiece: count) }

  static func samples(of points: [Point], perPiece count: Int) -> [Point] {
    guard points.count >= 4 else { return points }
    return stride(from: 0, through: points.count - 4, by: 3).flatMap { start in
      (0..<count).map { step in
        let t = (Double(step) + 0.5) / Double(count)
        let u = 1 - t
        let weights = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t]
        var point = Point(x: 0, y: 0)
        for (weight, control) in zip(weights, points[start...(start + 3)]) {
          point.x += weight * control.x
          point.y += weight * control.y
        }
        return point
      }
    }
  }
}
