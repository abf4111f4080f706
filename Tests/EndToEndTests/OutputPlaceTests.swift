import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Where `-o` may lead.
struct OutputPlaceTests {
  private let folder: TemporaryFolder
  private static let commands = ["render", "prune", "export"]

  init() async throws {
    folder = try TemporaryFolder()
    let outcome = try await ClewProcess.run(
      try traceArguments(of: .shared()) + ["--output", folder.url("result").path, "--quiet"])
    #expect(outcome.status == 0, "\(outcome.error)")
  }

  private func arguments(_ command: String, _ output: String) -> [String] {
    switch command {
    case "render": ["render", folder.url("result").path, "--what", "graph", "--format", "svg", "-o", output]
    case "prune": ["prune", folder.url("result").path, "-o", output]
    default: ["export", "page", folder.url("result").path, "-o", output]
    }
  }

  @Test(arguments: commands)
  func `a device is written to and stays, and what it refuses is said`(command: String) async throws {
    let outcome = try await ClewProcess.run(arguments(command, "/dev/null"))
    #expect(outcome.status == 0, "\(outcome.error)")
    var status = stat()
    #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    try await ClewProcess.run(arguments(command, "/dev/full"))
      .expectComplaint("/dev/full", "No space left on device")
  }

  @Test(arguments: commands)
  func `standard output holds the file and nothing else`(command: String) async throws {
    let plain = folder.url("plain")
    #expect(try await ClewProcess.run(arguments(command, plain.path)).status == 0)
    let outcome = try await ClewProcess.run(arguments(command, "/dev/stdout"))
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(Data(outcome.output.utf8) == (try Data(contentsOf: plain)))
  }

  @Test(arguments: commands)
  func `a link stays, and what it leads to is replaced`(command: String) async throws {
    try folder.write("deep/file", "old".utf8)
    symlink("deep/file", folder.url("link").path)
    let outcome = try await ClewProcess.run(arguments(command, folder.url("link").path))
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.url("link").path) == "deep/file")
    #expect(try Data(contentsOf: folder.url("deep/file")).count > 100)
  }

  @Test(arguments: commands)
  func `a pipe is written to`(command: String) async throws {
    let pipe = folder.url("pipe").path
    mkfifo(pipe, 0o600)
    let outcome = try await ClewProcess.run(
      arguments(command, pipe), after: "cat '\(pipe)' > '\(folder.url("copy").path)' &")
    #expect(outcome.status == 0, "\(outcome.error)")
    try await poll(within: .seconds(10), "the copy") {
      try Data(contentsOf: folder.url("copy")).count > 100 ? true : nil
    }
  }

  @Test func `a folder and a file without the right to write are refused`() async throws {
    try await ClewProcess.run(arguments("prune", folder.url("result").path))
      .expectComplaint("there is a folder of that name")
    guard geteuid() != 0 else { return }
    try folder.write("fixed", "mine".utf8)
    chmod(folder.url("fixed").path, 0o444)
    try await ClewProcess.run(arguments("prune", folder.url("fixed").path)).expectComplaint(
      "Permission denied")
  }
}
