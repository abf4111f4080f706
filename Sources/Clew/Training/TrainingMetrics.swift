internal import AttributionGraphs
internal import Checkpoints
internal import Files
internal import Foundation
internal import Rendering

/// What training reports every so many steps: means over the steps since the last report, the same in every run.
public struct TrainingMetrics: Codable, Hashable, Sendable {
  /// Steps taken.
  public var step: Int
  /// Tokens learned from.
  public var tokens: Int
  /// Normalised mean squared error, `[layer]`.
  public var normalizedError: [Double]
  /// Active features a token, `[layer]`.
  public var activeFeatures: [Double]
  /// The penalty `λ`, `[layer]`.
  public var penalty: [Double]
  public var gradientNorm: Double
  public var deadShare: Double
  public var learningRate: Double

  enum CodingKeys: String, CodingKey {
    case step, tokens, penalty
    case normalizedError = "normalized_mse"
    case activeFeatures = "l0"
    case gradientNorm = "gradient_norm"
    case deadShare = "dead_share"
    case learningRate = "learning_rate"
  }

  /// The mean over layers of ``normalizedError``.
  public var meanError: Double { normalizedError.reduce(0, +) / Double(max(1, normalizedError.count)) }
  /// The mean over layers of ``activeFeatures``.
  public var meanActiveFeatures: Double { activeFeatures.reduce(0, +) / Double(max(1, activeFeatures.count)) }
}

/// How long the steps of a report took: what no two runs have alike.
public struct TrainingPace: Codable, Hashable, Sendable {
  /// Steps taken.
  public var step: Int
  /// CPU seconds of the run so far, over all its processes.
  public var cpuSeconds: Double
  /// Tokens a CPU second since the last report, or since the process began.
  public var tokensPerSecond: Double

  enum CodingKeys: String, CodingKey {
    case step
    case cpuSeconds = "cpu_seconds"
    case tokensPerSecond = "tokens_per_second"
  }
}

/// A line of a ``ReportLog``.
protocol TrainingReport: Codable {
  /// Steps taken.
  var step: Int { get }
}
extension TrainingMetrics: TrainingReport {}
extension TrainingPace: TrainingReport {}

/// The reports of a run as a file of JSON lines, which a resumed run goes on with.
struct ReportLog<Report: TrainingReport> {
  private let url: URL
  private(set) var reports: [Report] = []

  /// Opens the log of a run and drops what comes after a step, and what is no report of this run.
  init(_ url: URL, upTo step: Int, where isSound: (Report) -> Bool = { _ in true }) throws(TrainingError) {
    self.url = url
    if step > 0, FileManager.default.fileExists(atPath: url.path) {
      guard let data = try? Data(contentsOf: url) else {
        throw .files(.cannotRead(path: url.path, reason: "it is not readable"))
      }
      for line in data.split(separator: UInt8(ascii: "\n")) {
        guard let report = try? JSONDecoder().decode(Report.self, from: Data(line)), report.step <= step,
          isSound(report)
        else { continue }
        reports.append(report)
      }
    }
    do throws(FileError) { try OutputPlace.write(reports.flatMap { Self.line($0) }, to: url.path) } catch {
      throw .files(CheckpointError(error))
    }
  }

  private static func line(_ report: Report) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let data = try? encoder.encode(report) else { return [] }
    return Array(data) + [UInt8(ascii: "\n")]
  }

  mutating func append(_ entry: Report) throws(TrainingError) {
    reports.append(entry)
    do {
      let file = try FileHandle(forWritingTo: url)
      defer { try? file.close() }
      try file.seekToEnd()
      try file.write(contentsOf: Data(Self.line(entry)))
    } catch {
      throw .files(.cannotWrite(path: url.path, reason: error.localizedDescription))
    }
  }

}

extension ReportLog<TrainingMetrics> {
  /// Error and active features over tokens, as two charts one above the other.
  func curves() -> [UInt8]? {
    guard reports.count > 1, let layers = reports.first?.normalizedError.count else { return nil }
    let x = reports.map { Double($0.tokens) }
    let names = (0..<layers).map { "layer \($0)" }
    func chart(_ title: String, _ axis: String, _ values: (TrainingMetrics, Int) -> Double) -> LineChart {
      LineChart(
        ChartHeading(title, x: ChartAxis("tokens"), y: ChartAxis(axis, scale: .logarithmic)),
        series: names.enumerated().map { layer, name in
          ChartSeries(name, x: x, y: reports.map { values($0, layer) })
        }, isOrdered: true, marksPoints: false)
    }
    let error = chart("Error while training", "normalised MSE") { $0.normalizedError[$1] }
    let active = chart("Active features while training", "L0") { $0.activeFeatures[$1] }
    return StackedCharts([error, active]).file()
  }
}
