public import Foundation

/// Runs cases one after another in this process, and writes down how far it came, so that its end tells which case
/// ended it.
public struct FuzzWorker {
  /// How one case may end.
  enum Outcome {
    /// The reader took it.
    case read
    /// The reader refused it in a sentence.
    case refused
    /// Something that must not be.
    case fault(String)
  }

  private let format: FuzzFormat
  private let seeds: [FuzzSeed]
  private let randomSeed: UInt64
  private let limits: FuzzLimits
  private let folder: URL
  private let memory = PeakMemory()

  /// - Parameters:
  ///   - seeds: The folder of sound examples.
  ///   - folder: An empty folder, in which the cases and the record of them are written.
  public init(
    _ format: FuzzFormat, seeds: URL, randomSeed: UInt64, limits: FuzzLimits, folder: URL
  ) throws {
    self.format = format
    self.seeds = try format.seeds(in: seeds)
    self.randomSeed = randomSeed
    self.limits = limits
    self.folder = folder
  }

  /// Runs cases, after every sound example has been read.
  public func run(_ cases: Range<Int>) throws {
    // What was started from a thread of Dispatch has every signal blocked.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGALRM)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    var record = try FuzzRecord(in: folder, first: cases.lowerBound)
    var places: [URL] = []
    for (number, seed) in seeds.enumerated() {
      let place = folder.appending(path: "case-\(number)")
      try write(seed, to: place)
      do { try format.read(place) } catch { throw FuzzError.badSeed(name: seed.name, reason: "\(error)") }
      if format.writes { try write(seed, to: place) }
      places.append(place)
    }
    for number in cases {
      try record.begin(number)
      let damaged = FuzzCase(number: number, of: seeds, randomSeed: randomSeed)
      let (place, seed) = (places[damaged.seed], seeds[damaged.seed])
      var bytes = seed.byteCount
      for (path, content) in damaged.changes {
        let url = place.appending(path: path)
        unlink(url.path)
        if let content { try FuzzFormat.write(content, to: place, path) }
        bytes += content?.count ?? 0
      }
      try record.end(number, outcome(at: place, bytes: bytes))
      let known = Set(seed.files.map(\.path))
      if format.writes || !damaged.changes.keys.allSatisfy(known.contains) {
        try write(seed, to: place)
        continue
      }
      for file in seed.files where damaged.changes.keys.contains(file.path) {
        unlink(place.appending(path: file.path).path)
        try Data(file.bytes).write(to: place.appending(path: file.path))
      }
    }
  }

  /// Writes a seed to a folder of its own.
  private func write(_ seed: FuzzSeed, to place: URL) throws {
    try? FileManager.default.removeItem(at: place)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    for file in seed.files { try FuzzFormat.write(file.bytes, to: place, file.path) }
  }

  private func outcome(at place: URL, bytes: Int) -> Outcome {
    memory.reset()
    // A reader that does not come back is ended by the signal.
    alarm(UInt32(limits.seconds))
    defer { alarm(0) }
    var refusal: (any Error)?
    do { try format.read(place) } catch { refusal = error }
    let grown = memory.growth()
    if grown > limits.memory + limits.memoryPerByte * bytes {
      return .fault("it takes \(grown >> 20) MiB of memory for \(bytes) bytes of files")
    }
    return refusal.map(Self.judged) ?? .read
  }

  /// Whether an error is one of ours and says what it should.
  private static func judged(_ error: any Error) -> Outcome {
    let type = String(reflecting: type(of: error))
    let ours = [
      "Attribution.", "AttributionGraphs.", "Checkpoints.", "Clew.", "FeatureExamples.", "Tensors.",
      "Tokenization.",
      "Transcoding.", "Transformers.", "ReplacementModels.",
    ]
    let text = "\(error)"
    if let error = error as? FuzzError { return .fault("\(error)") }
    if !ours.contains(where: type.hasPrefix) { return .fault("it throws \(type): \(text.prefix(300))") }
    let isSentence =
      text.contains(" ") && text.hasSuffix(".") && !text.contains("Optional(")
      && !text.contains("Error Domain")
      && !text.hasPrefix(".")
    return isSentence ? .refused : .fault("its error is no sentence: \(text.prefix(300))")
  }
}

/// What one case may take.
public struct FuzzLimits: Sendable {
  /// Seconds until a case counts as one that never ends.
  public var seconds = 20
  /// Bytes of memory beside those that its files account for.
  public var memory = 24 << 20
  /// Bytes of memory for each byte of its files.
  public var memoryPerByte = 16

  public init() {}
}

/// How much memory this process has held at most since it was last asked.
private struct PeakMemory {
  private let request: Int32 = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
  private let status: Int32 = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
  private final class Start { var bytes = 0 }
  private let start = Start()

  /// Begins to count from what is held now.
  func reset() {
    var five = UInt8(ascii: "5")
    _ = pwrite(request, &five, 1, 0)
    start.bytes = bytes("VmRSS:")
  }

  /// What was held at most, above the beginning.
  func growth() -> Int { bytes("VmHWM:") - start.bytes }

  private func bytes(_ name: String) -> Int {
    var buffer = [UInt8](repeating: 0, count: 2048)
    let count = pread(status, &buffer, buffer.count, 0)
    guard count > 0 else { return 0 }
    let wanted = Array(name.utf8)
    guard
      let line = buffer[..<count].split(separator: UInt8(ascii: "\n")).first(where: {
        $0.starts(with: wanted)
      })
    else { return 0 }
    return line.reduce(0) { (0x30...0x39).contains($1) ? 10 * $0 + Int($1 - 0x30) : $0 } << 10
  }
}
