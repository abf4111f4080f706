internal import ArgumentParser
internal import Clew
internal import Foundation

/// How the cost of a trace grows.
struct BenchCostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cost",
    abstract: "Measures how seconds and memory grow with tokens, features and layers.",
    discussion: """
      It writes made-up models below the output folder, one at a time and up to 3 GB each, traces them with every row \
      computed, and leaves cost.md, tables with exponents, and cost.svg.
      """)

  @Option(
    name: .shortAndLong, help: "The folder that then holds cost.md and cost.svg.", completion: .directory)
  var output: String
  @Option(help: "What to vary: tokens, features, layers. Repeatable. (default: all)") var axis: [String] = []
  @Option(help: "How often each trace is made; the least counts.") var rounds = 2
  @Option(help: "Threads.") var threads = 1

  func validate() throws {
    guard axis.allSatisfy({ CostCurve.Axis(rawValue: $0) != nil }) else {
      throw ValidationError("--axis knows tokens, features and layers.")
    }
    guard rounds > 0 else { throw ValidationError("--rounds must be at least 1.") }
    try SizeLimits.check("threads", threads, SizeLimits.threads)
  }

  func run() throws {
    Parallel.threadCount = threads
    Memory.keepsPages = false  // as in `clew trace`
    let folder = URL(filePath: output)
    let files = try FileBatch(folder: folder)
    var curve = CostCurve()
    curve.rounds = rounds
    let axes = axis.isEmpty ? CostCurve.Axis.allCases : axis.compactMap { CostCurve.Axis(rawValue: $0) }
    let bar = ProgressBar(isQuiet: false)
    defer { bar.clear() }
    for (done, axis) in axes.enumerated() {
      try curve.measure(axis, in: folder) { bar.show($0, fraction: Double(done) / Double(axes.count)) }
    }
    bar.clear()
    let text = curve.markdown(command: ["clew"] + CommandLine.arguments.dropFirst())
    try files.stage("cost.md", Array(text.utf8))
    try files.stage("cost.svg", curve.svg())
    try files.commit()
    try Terminal.output(text)
  }
}

/// What storing weights in bfloat16 changes.
struct BenchPrecisionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "precision",
    abstract: "Measures what storing a model in bfloat16 changes in its logits and graphs.",
    discussion: """
      The model is compared with a copy whose weights are rounded to bfloat16, and that copy with the same numbers \
      stored as float32, on one prompt with every row computed. The copies lie in a temporary folder meanwhile.
      """)

  @Argument(help: "The text.") var prompt: String
  @OptionGroup var models: ModelOptions
  @OptionGroup var threads: ThreadOptions

  func run() throws {
    threads.apply()
    let comparison = try PrecisionComparison(
      model: try models.modelFolder(), transcoders: try models.transcodersFolder(), prompt: prompt,
      in: FileManager.default.temporaryDirectory)
    for (name, difference) in [
      ("bfloat16 against the same numbers in float32", comparison.storage),
      ("rounded to bfloat16 against the model as it is", comparison.rounding),
    ] {
      try Terminal.output(
        """
        \(name)
          logits differ by at most \(number(difference.logit)); the largest is \(number(difference.largestLogit))
          \(difference.activeInBoth) features are active in both, \(difference.activeInOne) in one alone
          rows differ by \(number(difference.meanRow)) of their size on average, by \(number(difference.largestRow)) at most

        """)
    }
  }

  private func number(_ value: Double) -> String { String(format: "%.2g", value) }
}
