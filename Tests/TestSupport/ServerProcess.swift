public import Foundation

/// A command that serves pages until it is stopped.
///
///     try await ServerProcess.run([BuiltCommand.clew.path, "explore", graph, "--port", "0", "--no-open"]) { server in
///       try await page.goto(server.url)
///     }
///
/// It never outlives the tests, and its files go with it; see ``GuardedProcess``.
public final class ServerProcess: Sendable {
  /// The address that the command printed.
  public let url: URL
  private let process: GuardedProcess

  /// How a server ended, and what it wrote.
  public struct Outcome: Sendable {
    /// The exit status, counted as shells count it: 128 and the number of the signal that ended it.
    public let status: Int32
    public let output: String
    public let error: String
  }

  /// Starts a command, and waits for a line with an address (`http://…`) on either of its outputs.
  /// - Parameters:
  ///   - command: The command's path and its arguments.
  ///   - folder: Where it works; a folder of its own if `nil`.
  /// - Throws: ``WaitedInVain``, with all that the command wrote, if it ends or prints no address in time.
  public init(
    _ command: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
    in folder: URL? = nil, within limit: Duration = .seconds(30)
  ) async throws {
    let process = try GuardedProcess(command, environment: environment, in: folder)
    self.process = process
    let name = URL(filePath: command.first ?? "").lastPathComponent
    do {
      url = try await poll(
        within: limit, "an address of \(name); it wrote:\n\(process.output)\(process.error)"
      ) {
        let status = process.status
        if let url = Self.address(in: process.output) ?? Self.address(in: process.error) { return url }
        if let status {
          throw WaitedInVain(
            "\(name) ended with status \(status) and printed no address; it wrote:\n\(process.output)\(process.error)"
          )
        }
        return nil
      }
    } catch {
      try? await process.end()
      throw error
    }
  }

  /// What the server has written to its standard output so far.
  public var output: String { process.output }

  /// What the server has written to its standard error so far.
  public var error: String { process.error }

  /// Whether it still runs.
  public var isRunning: Bool { process.status == nil }

  /// The server's process number.
  public var identifier: Int32? { process.identifier }

  /// Asks the server to end, as Ctrl-C does, and waits until it has; what has not ended in time is killed.
  /// - Returns: How it ended; 137 if it had to be killed.
  public func stop(with signal: Int32 = SIGINT, within limit: Duration = .seconds(10)) async throws -> Outcome
  {
    process.signal(signal)
    var status: Int32? = try? await process.waitForEnd(within: limit)
    if status == nil {
      process.signal(SIGKILL)
      status = try await process.waitForEnd()
    }
    let outcome = Outcome(status: status ?? 0, output: process.output, error: process.error)
    try await process.end()
    return outcome
  }

  /// Starts a server, has a test use it, and stops it whatever happens.
  public static func run<Result>(
    _ command: [String], in folder: URL? = nil, _ body: (ServerProcess) async throws -> Result
  ) async throws -> Result {
    let server = try await ServerProcess(command, in: folder)
    let result: Result
    do {
      result = try await body(server)
    } catch {
      _ = try? await server.stop()
      throw error
    }
    _ = try await server.stop()
    return result
  }

  /// The first address in the whole lines of a text.
  static func address(in text: String) -> URL? {
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      guard let start = line.range(of: "http://") ?? line.range(of: "https://") else { continue }
      let address = line[start.lowerBound...].prefix { !$0.isWhitespace && !"\"'<>),".contains($0) }
      return URL(string: String(address.hasSuffix(".") ? address.dropLast() : address))
    }
    return nil
  }
}
