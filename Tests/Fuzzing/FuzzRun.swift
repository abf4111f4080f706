public import Foundation
internal import TestSupport

/// Cases of one format, run by worker processes, so that one that crashes or hangs ends no more than itself.
public struct FuzzRun {
  /// A case that did what no file may bring about.
  public struct Fault: Sendable {
    public let number: Int
    public let reason: String
  }

  /// What came of the cases.
  public struct Summary: Sendable {
    /// Cases that were run.
    public var count = 0
    /// Those that the reader took.
    public var readCount = 0
    /// Those that it refused in a sentence.
    public var refusedCount = 0
    public var faults: [Fault] = []
    public var seconds = 0.0
  }

  public let format: FuzzFormat
  public let randomSeed: UInt64
  public var limits = FuzzLimits()
  /// Faults after which it gives up.
  public var mostFaults = 20
  /// Where the files of cases with faults are left; `nil` to leave none.
  public var faultFolder: URL?
  private let executable: URL
  /// Cases of one process.
  private static let chunk = 5_000

  /// - Parameter executable: The program `clew-fuzz`.
  public init(_ format: FuzzFormat, randomSeed: UInt64, executable: URL) {
    self.format = format
    self.randomSeed = randomSeed
    self.executable = executable
  }

  /// Runs cases and says what came of them.
  /// - Parameter progress: Told after every process what has come of all so far.
  public func run(_ cases: Range<Int>, progress: (Summary) -> Void = { _ in }) throws -> Summary {
    let scratch = try ScratchFolder()
    let seeds = scratch.url.appending(path: "seeds")
    try FileManager.default.createDirectory(at: seeds, withIntermediateDirectories: true)
    try format.writeSeeds(seeds)
    let clock = ContinuousClock()
    let start = clock.now
    var summary = Summary()
    var next = cases.lowerBound
    while next < cases.upperBound, summary.faults.count < mostFaults {
      let folder = scratch.url.appending(path: "from-\(next)")
      let end = try work(next..<min(cases.upperBound, next + Self.chunk), seeds: seeds, in: folder, &summary)
      summary.count += end - next
      summary.seconds = (clock.now - start) / .seconds(1)
      next = end
      try? FileManager.default.removeItem(at: folder)
      progress(summary)
    }
    try leaveFaults(summary.faults, seeds: seeds)
    return summary
  }

  /// Runs cases in one process.
  /// - Returns: The first case that is still to run.
  private func work(_ cases: Range<Int>, seeds: URL, in folder: URL, _ summary: inout Summary) throws -> Int {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let process = Process()
    process.executableURL = executable
    process.arguments = [
      format.name, "--seed", "\(randomSeed)", "--first", "\(cases.lowerBound)", "--cases", "\(cases.count)",
      "--seconds", "\(limits.seconds)", "--memory", "\(limits.memory >> 20)", "--worker", folder.path,
      "--examples", seeds.path,
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["SWIFT_BACKTRACE": "enable=no", "TMPDIR": folder.path], uniquingKeysWith: { _, new in new })
    let log = folder.appending(path: "log")
    try Data().write(to: log)
    let output = try FileHandle(forWritingTo: log)
    (process.standardOutput, process.standardError) = (output, output)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try output.close()
    let words = String(decoding: (try? Data(contentsOf: log)) ?? Data(), as: UTF8.self)
    guard let record = FuzzRecord(leftIn: folder) else {
      throw FuzzError.cannotRun("a worker ended with status \(process.terminationStatus) and said '\(words)'")
    }
    summary.readCount += record.readCount
    summary.refusedCount += record.refusedCount
    summary.faults += record.faults.sorted { $0.key < $1.key }.map { Fault(number: $0.key, reason: $0.value) }
    if process.terminationReason == .exit, process.terminationStatus == 0 { return cases.upperBound }
    let signal = process.terminationStatus
    let reason =
      process.terminationReason == .uncaughtSignal
      ? (signal == SIGALRM
        ? "it does not end within \(limits.seconds) s" : "it ends the process by signal \(signal)")
      : "the process ends with status \(signal)"
    let lines = words.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
    let told =
      (lines.first { $0.contains("rror:") || $0.contains("ERROR:") } ?? lines.last).map {
        ": \($0.prefix(400))"
      } ?? ""
    summary.faults.append(Fault(number: record.number, reason: reason + told))
    return record.number + 1
  }

  /// Writes the files of cases with faults, each to a folder of its own.
  private func leaveFaults(_ faults: [Fault], seeds: URL) throws {
    guard let faultFolder, !faults.isEmpty else { return }
    let seeds = try format.seeds(in: seeds)
    for fault in faults {
      let damaged = FuzzCase(number: fault.number, of: seeds, randomSeed: randomSeed)
      let place = faultFolder.appending(path: "\(format.name)-\(randomSeed)-\(fault.number)")
      try? FileManager.default.removeItem(at: place)
      for file in seeds[damaged.seed].files where damaged.changes[file.path] == nil {
        try FuzzFormat.write(file.bytes, to: place, file.path)
      }
      for case (let path, let bytes?) in damaged.changes { try FuzzFormat.write(bytes, to: place, path) }
    }
  }
}

/// A folder in memory, where the system has such, which goes when nobody holds it.
private final class ScratchFolder {
  let url: URL

  init() throws {
    let memory = "/dev/shm"
    let parent =
      access(memory, W_OK) == 0 ? URL(filePath: memory) : FileManager.default.temporaryDirectory
    url = parent.appending(path: "clew-fuzz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
