import Foundation
import Fuzzing
import TestSupport
import Testing

/// Damaged files of every format; `clew-fuzz` runs as many as one likes.
struct FuzzingTests {
  @Test(arguments: FuzzFormat.all.map(\.name))
  func `a damaged file is read or refused in a sentence`(name: String) throws {
    let format = try #require(FuzzFormat(named: name))
    let run = FuzzRun(format, randomSeed: 1, executable: BuiltCommand.named("clew-fuzz"))
    // Where Clew's own text is damaged it writes another one, which takes longer, and refuses nothing.
    let writesAnew = name == "sampled"
    // What is read of graphs and models goes through whole commands.
    let cases = writesAnew ? 0..<30 : ["graph", "trace", "work"].contains(name) ? 0..<60 : 0..<200
    let summary = try run.run(cases)
    #expect(summary.faults.isEmpty, "\(summary.faults)")
    #expect(summary.count == cases.count && summary.readCount + summary.refusedCount == cases.count)
    // Cases that are all read, or all refused at the first byte, would test nothing.
    #expect(
      summary.readCount > (cases.count < 200 ? 5 : 10) && (writesAnew || summary.refusedCount > 3),
      "\(summary)")
  }

  @Test func `faults of every kind are found, with the files that show them`() throws {
    let folder = try TemporaryFolder()
    var run = FuzzRun(.faulty, randomSeed: 1, executable: BuiltCommand.named("clew-fuzz"))
    run.limits.seconds = 1
    run.mostFaults = 40
    run.faultFolder = folder.url
    let cases = 0..<150
    let summary = try run.run(cases)
    let reasons = [
      "by signal", "does not end within 1 s", "MiB of memory", "it throws Foundation", "is no sentence",
    ]
    for reason in reasons {
      #expect(summary.faults.contains { $0.reason.contains(reason) }, "\(reason): \(summary.faults)")
    }
    let fault = try #require(summary.faults.first)
    #expect(FileManager.default.fileExists(atPath: folder.url("faulty-1-\(fault.number)").path))
    let again = try run.run(fault.number..<fault.number + 1)
    #expect(again.faults.map(\.reason) == [fault.reason])
  }
}
