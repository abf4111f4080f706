/// Draws edges as smooth curves that leave a box upward, enter one from below, and avoid those between.
struct EdgeRouter {
  private let boxOf: [Int: NodeBox]
  private let obstacles: Obstacles
  private let lanes: [Double]
  private let width: Double
  private let fontSize: Double

  /// - Parameters:
  ///   - boxes: The nodes where they are.
  ///   - lanes: The middles of the gaps between columns.
  ///   - width: The width of the page, which no edge leaves.
  init(boxes: [NodeBox], lanes: [Double], width: Double, fontSize: Double) {
    self.width = width
    self.lanes = lanes
    self.fontSize = fontSize
    boxOf = Dictionary(boxes.map { ($0.place, $0) }, uniquingKeysWith: { first, _ in first })
    // Among hundreds of dots, ways around each would be a tangle; there, only labels are kept clear.
    let avoided = boxes.count > 150 ? boxes.filter { !$0.isDot } : boxes
    obstacles = Obstacles(boxes: avoided, binHeight: 3 * fontSize)
  }

  /// The curves of edges that have both ends in the figure, in the order given.
  ///
  /// - Parameter edges: The weakest first.
  func curves(for edges: [FigureContent.Edge]) -> [EdgeCurve] {
    let edges = edges.filter { boxOf[$0.source] != nil && boxOf[$0.target] != nil }
    let isUpward = edges.map(isUpward)
    let upward = edges.indices.filter { isUpward[$0] }
    let starts = ports(of: edges, among: upward, at: \.source, facing: \.target)
    let ends = ports(of: edges, among: upward, at: \.target, facing: \.source)
    // A figure of many edges has thin ones, or it would be one dark mass.
    let thickness = fontSize / 7 * 0.7 * min(1, max(0.45, (150 / Double(max(edges.count, 1))).squareRoot()))
    var usage: [Double: Int] = [:]
    var curves: [EdgeCurve?] = Array(repeating: nil, count: edges.count)
    // The strongest edges choose their way first.
    for place in edges.indices.reversed() {
      let edge = edges[place]
      guard let source = boxOf[edge.source]?.box, let target = boxOf[edge.target]?.box else { continue }
      let lineWidth = (0.25 + 3.4 * edge.share.squareRoot()) * thickness
      let headLength = (0.3 * fontSize + 1.3 * lineWidth) * (target.height < fontSize ? 0.8 : 1)
      guard isUpward[place] else {
        let (points, tip) = aside(
          of: edge, from: source, to: target, room: 0.3 + 0.4 * lineWidth, headLength: headLength)
        curves[place] = EdgeCurve(
          edge: edge, points: points, tip: tip, lineWidth: lineWidth, headLength: headLength)
        continue
      }
      let tip = Point(x: ends[place], y: target.minY - 0.3 - 0.4 * lineWidth)
      let start = Point(x: starts[place], y: source.maxY)
      let points = route(
        of: edge, from: start, to: Point(x: tip.x, y: tip.y - headLength), usage: &usage)
      curves[place] = EdgeCurve(
        edge: edge, points: points, tip: tip, lineWidth: lineWidth, headLength: headLength)
    }
    return curves.compactMap { $0 }
  }

  /// Where each edge meets its box: spread over most of a side, in the order of the other ends, so that edges
  /// of one box don't cross at once.
  private func ports(
    of edges: [FigureContent.Edge], among upward: [Int], at near: KeyPath<FigureContent.Edge, Int>,
    facing far: KeyPath<FigureContent.Edge, Int>
  ) -> [Double] {
    var ports = Array(repeating: 0.0, count: edges.count)
    for (node, places) in Dictionary(grouping: upward, by: { edges[$0][keyPath: near] }) {
      guard let box = boxOf[node]?.box else { continue }
      let inOrder = places.sorted { left, right in
        let (a, b) = (edges[left][keyPath: far], edges[right][keyPath: far])
        return (slope(from: box, to: a), a) < (slope(from: box, to: b), b)
      }
      for (rank, place) in inOrder.enumerated() {
        let share = (Double(rank) + 0.5) / Double(inOrder.count) - 0.5
        ports[place] = box.center.x + 0.8 * box.width * share
      }
    }
    return ports
  }

  /// How far sideways another node is for each point of height, which orders edges at a box.
  private func slope(from box: Box, to node: Int) -> Double {
    guard let other = boxOf[node]?.box.center else { return 0 }
    return (other.x - box.center.x) / max(abs(other.y - box.center.y), 1)
  }

  /// Whether an edge has the height to leave its source upward and to enter its target from below.
  private func isUpward(_ edge: FigureContent.Edge) -> Bool {
    guard let source = boxOf[edge.source]?.box, let target = boxOf[edge.target]?.box else { return false }
    return source.maxY + 0.8 * fontSize <= target.minY
  }

  // MARK: Ways

  /// The way of an edge that leads to a box beside its source or below it: over both boxes where they stand side by
  /// side, else around them on the side where less is in the way.
  private func aside(
    of edge: FigureContent.Edge, from source: Box, to target: Box, room: Double, headLength: Double
  ) -> (points: [Point], tip: Point) {
    if source.maxX < target.minX || target.maxX < source.minX,
      source.minY < target.maxY, target.minY < source.maxY
    {
      let side = source.center.x < target.center.x ? 1.0 : -1
      let tip = Point(x: target.center.x - side * 0.3 * target.width, y: target.maxY + room)
      let start = Point(x: source.center.x + side * 0.3 * source.width, y: source.maxY)
      let top = max(source.maxY, target.maxY) + 1.6 * fontSize + headLength
      let end = Point(x: tip.x, y: tip.y + headLength)
      return ([start, Point(x: start.x, y: top), Point(x: end.x, y: top), end], tip)
    }
    var best: (points: [Point], tip: Point, cost: Double)?
    for side in [1.0, -1] {
      let start = Point(
        x: source.center.x + side * source.width / 2, y: source.center.y - 0.15 * source.height)
      let tip = Point(
        x: target.center.x + side * (target.width / 2 + room), y: target.center.y + 0.15 * target.height)
      let end = Point(x: tip.x + side * headLength, y: tip.y)
      let outermost = side > 0 ? max(start.x, end.x) : min(start.x, end.x)
      for bulge in [1.5, 2.5, 4, 6, 9] {
        let x = min(max(outermost + side * bulge * fontSize, 1), width - 1)
        let points = [start, Point(x: x, y: start.y), Point(x: x, y: end.y), end]
        let hidden = obstacles.hidden(points, from: edge.source, to: edge.target).length
        let cost = hidden + bulge * fontSize * 0.3 + abs(outermost + side * bulge * fontSize - x)
        if cost < best?.cost ?? .infinity { best = (points, tip, cost) }
      }
    }
    guard let best else {
      return ([source.center, source.center, target.center, target.center], target.center)
    }
    return (best.points, best.tip)
  }

  /// The cheapest of a direct curve and of curves that pass beside what is in the way.
  ///
  /// A way costs what it runs behind boxes, its detour, its sharp bends, and company in its lane. A weak edge
  /// is pale and may run behind boxes; a strong one should be seen whole.
  private func route(
    of edge: FigureContent.Edge, from start: Point, to end: Point, usage: inout [Double: Int]
  ) -> [Point] {
    let direct = Self.direct(from: start, to: end)
    let hidden = obstacles.hidden(direct, from: edge.source, to: edge.target)
    if hidden.length == 0 { return direct }
    let visibility = 0.3 + 2.2 * edge.share.squareRoot()
    var (best, bestCost, bestLane) = (direct, visibility * hidden.length, Double?.none)
    for x in ways(around: hidden.boxes, start.x, end.x) {
      let lane = (4 * x / fontSize).rounded()
      let detour = max(min(start.x, end.x) - x, x - max(start.x, end.x), 0)
      for turn in [0.5, 0.35, 0.2, 0.1] {
        let points = Self.along(x: x, from: start, to: end, turn: turn)
        let bend = max(turn * (end.y - start.y), 0.1)
        let sharpness = max(abs(x - start.x) / bend - 0.8, 0) + max(abs(end.x - x) / bend - 0.8, 0)
        let fixed = 0.35 * detour + 5 * sharpness + 6 * Double(usage[lane] ?? 0)
        if fixed >= bestCost { continue }
        let cost =
          fixed + visibility * obstacles.hidden(points, from: edge.source, to: edge.target).length
        if cost < bestCost { (best, bestCost, bestLane) = (points, cost, lane) }
      }
    }
    if let bestLane { usage[bestLane, default: 0] += 1 }
    return best
  }

  /// Where one could pass: close beside each box in the way, and in the nearest gaps between columns.
  private func ways(around boxes: [Box], _ left: Double, _ right: Double) -> [Double] {
    let middle = (left + right) / 2
    let beside = boxes.prefix(6).flatMap { box in
      [0.4, 0.75, 1.1].flatMap { [box.minX - $0 * fontSize, box.maxX + $0 * fontSize] }
    }
    let lanes = lanes.sorted { abs($0 - middle) < abs($1 - middle) }.prefix(4)
    let tracks = lanes.flatMap { lane in [0, -0.3, 0.3, -0.6, 0.6].map { lane + $0 * fontSize } }
    return (beside + tracks).map { min(max($0, 1), width - 1) }
  }

  /// One cubic with upright ends.
  static func direct(from start: Point, to end: Point) -> [Point] {
    let reach = 0.45 * (end.y - start.y)
    return [start, Point(x: start.x, y: start.y + reach), Point(x: end.x, y: end.y - reach), end]
  }

  /// Into a lane, along it, and out of it: three cubics, upright where they meet. `turn` is the share of the
  /// height that each of the two bends takes.
  static func along(x: Double, from start: Point, to end: Point, turn: Double) -> [Point] {
    let bend = max(turn * (end.y - start.y), 0)
    let enter = Point(x: x, y: start.y + bend)
    let leave = Point(x: x, y: end.y - bend)
    let third = (leave.y - enter.y) / 3
    return direct(from: start, to: enter)
      + [Point(x: x, y: enter.y + third), Point(x: x, y: leave.y - third)]
      + direct(from: leave, to: end)
  }
}
