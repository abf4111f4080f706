internal import ArgumentParser
internal import Foundation
internal import Fuzzing

/// `clew-fuzz`: damaged files for every reader.
@main
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clew-fuzz",
    abstract: "Damages sound files and looks whether their readers bear it.",
    discussion: """
      Every case is made from the seed and its number alone. A reader must give a value or refuse the file in a \
      sentence; a crash, an error of another kind, a case that does not end, and memory beyond what its files account \
      for are faults. Formats: \(FuzzFormat.all.map(\.name).joined(separator: ", ")).
      """)

  @Argument(help: "The formats; all if none is named.")
  var formats: [String] = []
  @Option(help: "How many cases of each format.")
  var cases = 100_000
  @Option(help: "The seed that all cases are made from.")
  var seed: UInt64 = 1
  @Option(name: .customLong("case"), help: "Run one case alone.")
  var single: Int?
  @Option(help: "The number of the first case.")
  var first = 0
  @Option(help: "Seconds after which a case counts as one that never ends.")
  var seconds = FuzzLimits().seconds
  @Option(help: "MiB of memory that a case may take beside what its files account for.")
  var memory = FuzzLimits().memory >> 20
  @Option(help: "Where the files of cases with faults are left.")
  var save = "clew-fuzz-faults"
  @Option(help: .hidden)
  var worker: String?
  @Option(help: .hidden)
  var examples: String?

  func run() throws {
    var limits = FuzzLimits()
    (limits.seconds, limits.memory) = (max(1, seconds), memory << 20)
    let range = single.map { $0..<$0 + 1 } ?? first..<first + max(0, cases)
    var chosen = FuzzFormat.all
    if !formats.isEmpty {
      chosen = try formats.map { name in
        guard let format = FuzzFormat(named: name) else { throw FuzzError.unknownFormat(name) }
        return format
      }
    }
    if let worker, let examples {
      return try FuzzWorker(
        chosen[0], seeds: URL(filePath: examples), randomSeed: seed, limits: limits,
        folder: URL(filePath: worker)
      ).run(range)
    }
    var faultCount = 0
    for format in chosen {
      var run = FuzzRun(
        format, randomSeed: seed, executable: URL(filePath: "/proc/self/exe").resolvingSymlinksInPath())
      run.limits = limits
      run.faultFolder = URL(filePath: save)
      let summary = try run.run(range)
      print(
        "\(format.name): \(summary.count) cases from seed \(seed) in \(Int(summary.seconds)) s, "
          + "\(summary.readCount) read, \(summary.refusedCount) refused, \(summary.faults.count) faults")
      for fault in summary.faults { print("  case \(fault.number): \(fault.reason)") }
      faultCount += summary.faults.count
    }
    if faultCount > 0 { throw ExitCode.failure }
  }
}
