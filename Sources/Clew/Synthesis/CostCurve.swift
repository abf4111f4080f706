internal import Checkpoints
public import Foundation
internal import Rendering
internal import Tensors
internal import Tokenization
internal import Transcoding
internal import Transformers

/// How the cost of a trace grows with the prompt, the dictionary and the depth, measured on made-up models.
///
/// Each axis varies alone from a common base; every row of every graph is computed. Beside each measured exponent stands the
/// one of what the method has to do, counted: multiplications for the rows and for encoding, numbers in the rows, bytes kept.
public struct CostCurve: Sendable {
  /// What varies.
  public enum Axis: String, CaseIterable, Sendable {
    case tokens, features, layers

    /// The values that are measured.
    public var values: [Int] {
      switch self {
      case .tokens: [8, 16, 32, 64, 128]
      case .features: [4096, 8192, 16_384, 32_768, 65_536, 131_072]
      case .layers: [2, 4, 8, 16]
      }
    }
  }

  /// One trace.
  public struct Point: Sendable {
    public let value: Int
    public let trace: Benchmark.Trace
    /// Multiplications and additions of the encoders, and of the decoders where errors are worked out.
    let encodingOperations: Double

    func seconds(_ phase: String) -> Double { trace.seconds.first { $0.phase == phase }?.seconds ?? 0 }
  }

  /// What grows, measured and counted.
  struct Quantity: Sendable {
    let name: String
    let measured: @Sendable (Point) -> Double
    let counted: @Sendable (Point) -> Double
    let what: String

    static let all = [
      Quantity(
        name: "attribution", measured: { $0.seconds("attribution") }, counted: { $0.trace.operations },
        what: "multiplications of the pullbacks"),
      Quantity(
        name: "encode", measured: { $0.seconds("encode") }, counted: { $0.encodingOperations },
        what: "multiplications of encoders and decoders"),
      Quantity(
        name: "scores and pruning", measured: { $0.seconds("scores and pruning") },
        counted: { Double($0.trace.edges) }, what: "numbers in the rows"),
      Quantity(
        name: "memory", measured: { Double($0.trace.grownBytes) }, counted: { Double($0.trace.plannedBytes) },
        what: "bytes kept"),
    ]
  }

  /// Where every axis starts from: 4 layers of width 512, 8,192 cross-layer features each, 32 tokens.
  public var base = (tokens: 32, features: 8192, layers: 4, width: 512, heads: 8, active: 16.0)
  /// How often each trace is made; the least counts.
  public var rounds = 2
  public private(set) var points: [Axis: [Point]] = [:]

  public init() {}

  /// Measures one axis.
  /// - Parameters:
  ///   - folder: Where models of the measurement lie while it runs; each goes away with its last trace.
  ///   - progress: Called with what is being done.
  public mutating func measure(_ axis: Axis, in folder: URL, progress: (String) -> Void) throws {
    var points: [Point] = []
    var model: (layers: Int, features: Int, folder: WorkFolder)?
    for value in axis.values {
      let layers = axis == .layers ? value : base.layers
      let features = axis == .features ? value : base.features
      if model?.layers != layers || model?.features != features {
        model = nil  // its files go before the next ones come
        progress("writing \(layers) layers of \(features) features")
        let place = try WorkFolder(in: folder, named: "cost")
        try synthetic(layers: layers, features: features).write(to: place.url)
        model = (layers, features, place)
      }
      guard let model else { continue }
      progress("\(axis.rawValue) \(value)")
      points.append(
        try measure(axis == .tokens ? value : base.tokens, value: value, in: model.folder.url))
    }
    self.points[axis] = points
  }

  private func synthetic(layers: Int, features: Int) -> SyntheticModel {
    var model = SyntheticModel()
    (model.layerCount, model.featureCount) = (layers, features)
    (model.dModel, model.headCount, model.activeFeatures) = (base.width, base.heads, base.active)
    model.vocabularyCount = 2000
    return model
  }

  private func measure(_ tokens: Int, value: Int, in folder: URL) throws -> Point {
    let transformer = try Transformer(folder: folder.appending(path: "model"))
    let transcoder = try Transcoder(folder: folder.appending(path: "transcoders"))
    let tokenizer = try Tokenizer(folder: folder.appending(path: "model"))
    var best: Benchmark.Trace?
    for _ in 0..<max(1, rounds) {
      let trace = try Benchmark.trace(
        transformer, transcoder, tokenizer, tokenCount: tokens, coverage: 1, rowLimit: nil, seed: 1)
      best = best.map { $0.faster(trace) } ?? trace
    }
    guard let best else { preconditionFailure("no rounds") }
    let numbers = transcoder.layers.indices.reduce(0) {
      $0 + transcoder.featureCount(layer: $1) * transcoder.dModel
    }
    return Point(
      value: value, trace: best,
      encodingOperations: 2 * Double(tokens * numbers + best.decoderRows * transcoder.dModel))
  }

  // MARK: Exponents

  /// The exponent of a quantity between the middle of an axis and its end: the slope of a line through the logarithms.
  static func exponent(_ points: [Point], _ quantity: (Point) -> Double) -> Double {
    exponent(of: points.map(quantity), over: points.map { Double($0.value) })
  }

  /// The same of numbers, `[point]`, over where they stand, ascending.
  static func exponent(of values: [Double], over axis: [Double]) -> Double {
    let count = max(2, (axis.count + 1) / 2)
    let x = axis.suffix(count).map { log($0) }, y = values.suffix(count).map { log(max(1e-12, $0)) }
    let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
    let slope = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
    return slope / x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
  }

  // MARK: What is written

  /// Tables of all axes, with exponents, as Markdown.
  public func markdown(command: [String]) -> String {
    var text = """
      # What a trace costs

      Made-up models of width \(base.width) with \(base.heads) heads in GPT-2's layout and cross-layer transcoders, about \
      \(Int(base.active)) features active at each layer and position; every row is computed. Each axis varies alone from \
      \(base.tokens) tokens, \(base.features) features a layer and \(base.layers) layers. CPU seconds on \
      \(Parallel.threadCount) thread(s), the least of \(max(1, rounds)) runs; memory is what the process grew by.

          \(command.joined(separator: " "))

      Exponents are slopes over the upper half of an axis, with the slope of what the method has to do, counted, beside it.

      """
    for axis in Axis.allCases {
      guard let points = points[axis], points.count > 1 else { continue }
      text += "\n## \(axis.rawValue.capitalized)\n\n"
      text +=
        "| \(axis.rawValue) | active | rows' numbers | run s | encode s | sources s | attribution s | GFLOP/s | "
      text += "scores and pruning s | memory MiB |\n|" + String(repeating: "---|", count: 10) + "\n"
      for point in points {
        let rate = point.trace.operations / max(1e-9, point.seconds("attribution")) / 1e9
        let cells = [
          "\(point.value)", "\(point.trace.active)", "\(point.trace.edges)",
          String(format: "%.3f", point.seconds("run")), String(format: "%.3f", point.seconds("encode")),
          String(format: "%.3f", point.seconds("sources")),
          String(format: "%.3f", point.seconds("attribution")),
          String(format: "%.1f", rate), String(format: "%.3f", point.seconds("scores and pruning")),
          String(format: "%.0f", Double(point.trace.grownBytes) / 1_048_576),
        ]
        text += "| " + cells.joined(separator: " | ") + " |\n"
      }
      text += "\n| what | measured exponent | counted exponent | of |\n|---|---|---|---|\n"
      for quantity in Quantity.all {
        let measured = Self.exponent(points, quantity.measured),
          counted = Self.exponent(points, quantity.counted)
        text += String(format: "| \(quantity.name) | %.2f | %.2f | \(quantity.what) |\n", measured, counted)
      }
    }
    return text
  }

  /// Seconds and bytes over each axis, on logarithmic scales, as SVG.
  public func svg() -> [UInt8] {
    let charts = Axis.allCases.flatMap { axis -> [LineChart] in
      guard let points = points[axis], points.count > 1 else { return [] }
      let x = points.map { Double($0.value) }
      let name = axis == .features ? "features a layer" : axis.rawValue
      let phases = ["encode", "sources", "attribution", "scores and pruning"]
      let seconds = phases.map { phase in
        ChartSeries(
          phase == "scores and pruning" ? "pruning" : phase, x: x, y: points.map { $0.seconds(phase) })
      }
      let slope = Self.exponent(points) { $0.seconds("attribution") }
      let memory = Self.exponent(points) { Double($0.trace.grownBytes) }
      return [
        LineChart(
          ChartHeading(
            "CPU seconds over \(name)",
            subtitle: String(format: "attribution grows with exponent %.2f", slope),
            x: ChartAxis(name, scale: .logarithmic), y: ChartAxis("CPU seconds", scale: .logarithmic)),
          series: seconds, marksPoints: true),
        LineChart(
          ChartHeading(
            "Memory over \(name)", subtitle: String(format: "grows with exponent %.2f", memory),
            x: ChartAxis(name, scale: .logarithmic), y: ChartAxis("MiB", scale: .logarithmic), height: 220),
          series: [
            ChartSeries("measured", x: x, y: points.map { Double($0.trace.grownBytes) / 1_048_576 }),
            ChartSeries(
              "planned", x: x, y: points.map { Double($0.trace.plannedBytes) / 1_048_576 }),
          ], marksPoints: true),
      ]
    }
    return StackedCharts(charts).file()
  }
}
