internal import Foundation

/// What a worker leaves behind while it runs: the case that it is at, its counts, and faults that did not end it.
struct FuzzRecord {
  /// The next case to run, or the one that ended the worker.
  private(set) var number: Int
  private(set) var readCount = 0
  private(set) var refusedCount = 0
  private(set) var faults: [Int: String] = [:]
  private var descriptor: Int32 = -1
  private let faultFile: URL

  /// Begins a record in a folder.
  init(in folder: URL, first: Int) throws {
    number = first
    faultFile = folder.appending(path: "faults")
    let path = folder.appending(path: "progress").path
    descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FuzzError.cannotRun("\(path) cannot be written") }
  }

  /// Reads the record that a worker left; `nil` if it came to no case.
  init?(leftIn folder: URL) {
    faultFile = folder.appending(path: "faults")
    guard let data = try? Data(contentsOf: folder.appending(path: "progress")), data.count == 24 else {
      return nil
    }
    let numbers = (0..<3).map { Mutator.number(Array(data), at: 8 * $0, width: 8) }
    (number, readCount, refusedCount) = (numbers[0], numbers[1], numbers[2])
    for line in ((try? String(contentsOf: faultFile, encoding: .utf8)) ?? "").split(separator: "\n") {
      let parts = line.split(separator: "\t", maxSplits: 1)
      if parts.count == 2, let number = Int(parts[0]) { faults[number] = String(parts[1]) }
    }
  }

  mutating func begin(_ number: Int) throws {
    self.number = number
    try write()
  }

  mutating func end(_ number: Int, _ outcome: FuzzWorker.Outcome) throws {
    switch outcome {
    case .read: readCount += 1
    case .refused: refusedCount += 1
    case .fault(let reason):
      let line = "\(number)\t\(reason.replacing("\n", with: " "))\n"
      if faults.isEmpty { try Data().write(to: faultFile) }
      faults[number] = reason
      let file = try FileHandle(forWritingTo: faultFile)
      try file.seekToEnd()
      try file.write(contentsOf: Data(line.utf8))
      try file.close()
    }
    self.number = number + 1
    try write()
  }

  private func write() throws {
    var bytes = [number, readCount, refusedCount].map { UInt64($0).littleEndian }
    guard pwrite(descriptor, &bytes, 24, 0) == 24 else {
      throw FuzzError.cannotRun("the record cannot be written")
    }
  }
}
