import Foundation
import TestSupport
import Testing

/// The tool that runs servers for tests, tried on scripts that stand in for one.
struct ServerProcessTests {
  /// A program of a few lines of bash.
  private func command(_ script: String) -> [String] { ["/bin/bash", "-c", script, "stand-in"] }

  @Test(arguments: [
    ("echo 'Reading.'; echo 'Explore at http://127.0.0.1:8041/ (Ctrl-C ends)'", "http://127.0.0.1:8041/"),
    ("echo 'clew: the page is at http://[::1]:9/?graph=a%20b.' >&2", "http://[::1]:9/?graph=a%20b"),
    ("printf 'at http://127.0.0.1:1'; sleep 0.2; echo 2345", "http://127.0.0.1:12345"),
  ])
  func `the address is read from a whole line of either output`(script: String, address: String) async throws
  {
    // A shell can miss the signal while it starts a long sleep, or before it knows what to do then.
    let server = try await ServerProcess(
      command("trap 'exit 130' INT; \(script); while :; do sleep 0.05; done"))
    #expect(server.url.absoluteString == address)
    #expect(server.isRunning)
    let outcome = try await server.stop()
    #expect(outcome.status == 130)
  }

  @Test func `a server that ends cleanly tells its status and its last words`() async throws {
    let script = """
      trap 'echo stopped; echo bye >&2; exit 7' INT
      echo http://127.0.0.1:1/
      while :; do sleep 0.05; done
      """
    let outcome = try await ServerProcess(command(script)).stop()
    #expect(outcome.status == 7)
    #expect(outcome.output == "http://127.0.0.1:1/\nstopped\n")
    #expect(outcome.error == "bye\n")
  }

  @Test func `a server that does not listen is killed, with its children`() async throws {
    let folder = try TemporaryFolder()
    let script = """
      trap '' INT TERM
      sleep 1000 &
      echo $! >'\(folder.url("child").path)'
      echo http://127.0.0.1:1/
      while :; do wait; done
      """
    let server = try await ServerProcess(command(script))
    let child = try String(contentsOf: folder.url("child"), encoding: .utf8).trimmingCharacters(
      in: .whitespacesAndNewlines)
    #expect(try isAlive(child))
    let outcome = try await server.stop(within: .milliseconds(200))
    #expect(outcome.status == 137)
    #expect(try !isAlive(child))
  }

  private func isAlive(_ process: String) throws -> Bool {
    guard let status = try? Data(contentsOf: URL(filePath: "/proc/\(process)/stat")) else { return false }
    // A process that nobody has asked about is still listed, as Z.
    return String(decoding: status, as: UTF8.self).split(separator: ")").last?.hasPrefix(" Z") == false
  }

  @Test func `a command that ends, and one that says nothing, are errors with what they wrote`() async throws
  {
    let ended = await #expect(throws: WaitedInVain.self) {
      try await ServerProcess(command("echo 'no such graph' >&2; exit 3"))
    }
    #expect(ended?.description.contains("bash ended with status 3") == true)
    #expect(ended?.description.hasSuffix("no such graph\n") == true)
    let silent = await #expect(throws: WaitedInVain.self) {
      try await ServerProcess(command("echo hm; sleep 1000"), within: .seconds(3))
    }
    #expect(silent?.description.contains("it wrote:\nhm\n") == true, "\(silent?.description ?? "")")
    await #expect(throws: WaitedInVain.self) { try await ServerProcess(["/nowhere/clew", "explore"]) }
  }

  @Test func `it works where it is told, and is stopped when the test throws`() async throws {
    struct Mine: Error {}
    let folder = try TemporaryFolder()
    let script = "pwd >&2; echo $$ >pid; echo http://127.0.0.1:1/; exec sleep 1000"
    await #expect(throws: Mine.self) {
      try await ServerProcess.run(command(script), in: folder.url) { server in
        #expect(server.error == folder.url.resolvingSymlinksInPath().path + "\n")
        throw Mine()
      }
    }
    let process = try String(contentsOf: folder.url("pid"), encoding: .utf8).trimmingCharacters(
      in: .whitespacesAndNewlines)
    #expect(try !isAlive(process))
  }
}
