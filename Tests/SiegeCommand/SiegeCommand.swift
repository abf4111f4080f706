internal import ArgumentParser
internal import Foundation
internal import Siege
internal import TestSupport

/// `clew-siege`: attacks a server of its own, while a page is served.
@main
struct SiegeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clew-siege",
    abstract: "Attacks clew explore on this machine, and measures how long a page waits meanwhile.",
    discussion: """
      Starts the clew that was built beside it, attacks it in one way after the other, and says how long the answers to an \
      honest page took, how much memory the server holds and how many files it has open. It exits 1 if a request of that \
      page got no answer, or one took longer than --most at the 99th percentile.
      """,
    subcommands: [Attacks.self, Traces.self], defaultSubcommand: Attacks.self)

  /// `clew explore` with arguments of a measurement's own.
  static func explore(_ arguments: [String], in folder: URL) async throws -> ServerProcess {
    let command = ProcessInfo.processInfo.environment["CLEW_COMMAND"] ?? BuiltCommand.clew.path
    return try await ServerProcess(
      [command, "explore", "--port", "0", "--no-open", "--output", folder.path] + arguments,
      in: SharedFiles.packageRoot, within: .seconds(120))
  }
}

/// Prints a line at once, to a file or a pipe as well: a siege takes long.
private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// What the system says of a process.
struct Holdings {
  let residentMiB: Double
  let openFiles: Int

  init(of server: ServerProcess) {
    let process = "/proc/\(server.identifier ?? 0)"
    let status = (try? String(contentsOfFile: "\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    residentMiB = Double(line.split { !$0.isNumber }.first.flatMap { Int($0) } ?? 0) / 1024
    openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "\(process)/fd").count) ?? 0
  }
}

/// The attacks.
struct Attacks: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Attacks in one way after the other, each for five seconds at least.")

  @Option(help: "How many connections stay idle.") var idle = 1100
  @Option(help: "For how many seconds.") var seconds = 600.0
  @Option(help: "How many hostile requests are sent.") var requests = 10_000
  @Option(help: "How many header lines of 10 MiB.") var lines = 40
  @Option(help: "How many WebSocket frames.") var frames = 1_000_000
  @Option(help: "The milliseconds that 99 of 100 answers may take.") var most = 100.0

  func run() async throws {
    // So many connections of its own need as many descriptors.
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let usual = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    let folder = try TemporaryFolder()
    let server = try await SiegeCommand.explore([], in: folder.url("traces"))
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let port = server.url.port ?? 0
    say("clew explore on port \(port), with \(usual) descriptors")
    let attacks: [Attack?] = [
      nil, .hostileRequests(requests), .endlessLines(lines, bytes: 10 << 20), .slowClients(300, seconds: 20),
      .frames(frames), .idleConnections(idle, seconds: seconds),
    ]
    var isBorne = true
    for attack in attacks {
      let page = HonestPage(port: port, paths: ["/", "/web/links.js", "/api/session", "/web/main.js"])
      let said = await Self.carriedOut(attack, port)
      let waits = page.finish()
      let holdings = Holdings(of: server)
      say(
        "\(attack?.name ?? "nothing"): \(said)\n"
          + String(
            format: "  %d answers to the page, %d failures; median %.2f ms, p99 %.2f ms, max %.2f ms; ",
            waits.count,
            waits.failures, waits.median, waits.p99, waits.maximum)
          + String(format: "%.0f MiB, %d files open", holdings.residentMiB, holdings.openFiles))
      isBorne = isBorne && waits.failures == 0 && waits.p99 < most && server.isRunning
    }
    let outcome = try await server.stop()
    say(
      "the server ended with status \(outcome.status)\(outcome.error.isEmpty ? "" : ": \(outcome.error)")")
    if !isBorne { throw ExitCode.failure }
  }

  private static func carriedOut(_ attack: Attack?, _ port: Int) async -> String {
    await withCheckedContinuation { end in
      Thread {
        guard let attack else {
          Thread.sleep(forTimeInterval: 5)
          return end.resume(returning: "for comparison")
        }
        // What is refused at once is over before the page has asked anything.
        let deadline = ContinuousClock.now + .seconds(5)
        var (rounds, said) = (0, "")
        repeat { (rounds, said) = (rounds + 1, attack.run(port)) } while ContinuousClock.now < deadline
        end.resume(returning: rounds > 1 ? "\(rounds) times, the last time \(said)" : said)
      }.start()
    }
  }
}

/// What many traces leave in memory.
struct Traces: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Traces many prompts as a page does, and says what the server holds after each part of them.")

  @Option(help: "How many prompts.") var count = 5000
  @Option(help: "How many are traced between two lines.") var every = 250

  func run() async throws {
    let folder = try TemporaryFolder()
    let server = try await SiegeCommand.explore([], in: folder.url("traces"))
    let port = server.url.port ?? 0
    say("traces\tMiB\tfiles\tbytes of /api/session\tseconds")
    let start = ContinuousClock.now
    let words = ["hot", "cold", "tall", "old", "big", "fast", "hard", "wet", "rich", "dark"]
    for number in 0..<count {
      // Different prompts: the opposite of a word, after some of the others.
      var rest = number
      var prompt = ""
      while rest > 0 {
        prompt += words[rest % words.count] + " "
        rest /= words.count
      }
      let prompts = PromptPoster(port: port)
      try await prompts.post("\(prompt)the opposite of \(words[number % words.count]) is")
      if (number + 1).isMultiple(of: every) || number == 0 {
        // The server lists the latest graphs alone, but each has its folder.
        let traces = folder.url("traces").path
        try await poll(within: .seconds(600), "\(number + 1) graphs", every: .milliseconds(50)) {
          let made = try FileManager.default.contentsOfDirectory(atPath: traces)
          // The demo's question is one as well.
          return made.count { !$0.hasPrefix(".") } > number + 1 ? true : nil
        }
        let holdings = Holdings(of: server)
        let session = try await prompts.get("/api/session").body.count
        say(
          "\(number + 1)\t\(String(format: "%.0f", holdings.residentMiB))\t\(holdings.openFiles)\t\(session)\t"
            + String(format: "%.0f", (ContinuousClock.now - start) / .seconds(1)))
      }
    }
    _ = try await server.stop()
  }
}

/// Asks for traces over HTTP.
struct PromptPoster {
  let port: Int

  /// Asks for a trace, again while the queue is full.
  func post(_ prompt: String) async throws {
    let body = try JSONEncoder().encode(["prompt": prompt])
    let head =
      "POST /api/traces HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.count)\r\n\r\n"
    try await poll(within: .seconds(120), "room in the queue") {
      let connection = try RawConnection(port: port)
      try await connection.send(Array(head.utf8) + body)
      let answer = try await connection.response(within: .seconds(60))
      guard answer.status == 202 || answer.status == 503 else { throw WaitedInVain(answer.text) }
      return answer.status == 202 ? true : nil
    }
  }

  func get(_ path: String) async throws -> RawResponse {
    let connection = try RawConnection(port: port)
    try await connection.send("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
    return try await connection.response(within: .seconds(60))
  }
}
