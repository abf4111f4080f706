import Clew
import Foundation
import Synchronization
import TestSupport
import Testing
import TinyModels

/// `clew explore` as a process: what it keeps, what it finds again, and how little of the system it needs.
@Suite(.timeLimit(.minutes(5))) struct ExploreTests {
  /// A server of a tiny model.
  private struct Explorer {
    let server: ServerProcess

    /// - Parameters:
    ///   - model: The model behind the page; that of the demo if `nil`.
    ///   - shell: What bash does before.
    static func run(
      _ arguments: [String], model: TinyModel? = nil, after shell: String = "",
      _ body: (Explorer) async throws -> Void
    ) async throws {
      let command =
        ["/bin/bash", "-c", "\(shell)\nexec \"$0\" \"$@\"", BuiltCommand.clew.path, "explore"]
        + (model.map { ["--model", $0.model.path, "--transcoders", $0.transcoders.path] } ?? [])
        + ["--port", "0", "--no-open"] + arguments
      try await ServerProcess.run(command, in: SharedFiles.packageRoot) { server in
        try await body(Explorer(server: server))
      }
    }

    func ask(_ method: String, _ path: String, _ body: String = "") async throws -> RawResponse {
      let port = server.url.port ?? 0
      let connection = try RawConnection(port: port)
      try await connection.send(
        "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
      return try await connection.response(within: .seconds(60))
    }

    var graphs: [String] {
      get async throws {
        let session = try JSON(parsing: try await ask("GET", "/api/session").body).object
        return (session?["graphs"]?.array ?? []).compactMap { $0.object?["id"]?.string }
      }
    }

    /// Waits until there are some graphs.
    func waitFor(_ count: Int) async throws {
      try await poll(within: .seconds(120), "\(count) graphs") {
        try await graphs.count >= count ? true : nil
      }
    }
  }

  /// A graph file for the start, so that nothing need be traced.
  private func graph(in folder: TemporaryFolder, _ model: TinyModel) throws -> String {
    let trace = try PromptTrace.trace(TraceRequest(prompt: "w1 w2"), with: model.open())
    return try folder.write("given.json", trace.pruning.graph.json()).path
  }

  @Test func `a hundred prompts asked for at once all lead to a graph, or are refused for now`() async throws
  {
    let model = try TinyModel.shared()
    let folder = try TemporaryFolder()
    let given = try graph(in: folder, model)
    try await Explorer.run([given, "--output", folder.url("traces").path], model: model) { explorer in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<100 {
          group.addTask {
            let body = #"{"prompt":"w\#(number % 25 + 1) w\#(number / 25 + 1) w9"}"#
            try await poll(within: .seconds(120), "room for a prompt", every: .milliseconds(50)) {
              let answer = try await explorer.ask("POST", "/api/traces", body)
              guard [202, 503].contains(answer.status) else { throw WaitedInVain(answer.text) }
              return answer.status == 202 ? true : nil
            }
          }
        }
        try await group.waitForAll()
      }
      try await explorer.waitFor(101)
      // Each is on the disk.
      let traced = try folder.files().filter { $0.hasPrefix("traces/") && $0.hasSuffix("/graph.json") }
      #expect(traced.count == 100)
    }
  }

  @Test func `what was traced and opened in the page is there at the next start`() async throws {
    let folder = try TemporaryFolder()
    let output = ["--output", folder.url("traces").path]
    let question = "the-capital-of-the-state-containing-dallas-is"
    try await Explorer.run(output) { explorer in
      #expect(try await explorer.graphs == [question])
      let body = #"{"prompt":"the opposite of hot is"}"#
      #expect(try await explorer.ask("POST", "/api/traces", body).status == 202)
      try await explorer.waitFor(2)
      let json = try await explorer.ask("GET", "/api/graphs/\(question)/file").text
      #expect(try await explorer.ask("POST", "/api/graphs?name=opened", json).status == 201)
      for id in ["the-opposite-of-hot-is", "opened"] {
        let head = try JSON(parsing: try await explorer.ask("GET", "/api/graphs/\(id)").body).object
        let node = try #require(head?["nodes"]?.object?["id"]?.array?.first?.string)
        let patch = #"{"patches":[{"path":["pinned","\#(node)"],"value":true}],"client":"x"}"#
        #expect(try await explorer.ask("POST", "/api/graphs/\(id)/view", patch).status == 200)
      }
    }
    try await Explorer.run(output) { explorer in
      #expect(try await explorer.graphs == [question, "the-opposite-of-hot-is", "opened"])
      for id in ["the-opposite-of-hot-is", "opened"] {
        #expect(try await explorer.ask("GET", "/api/graphs/\(id)/view").text.contains(#""pinned":{""#))
      }
      let session = try JSON(parsing: try await explorer.ask("GET", "/api/session").body).object
      let live = session?["graphs"]?.array?.map { $0.object?["isLive"]?.bool }
      #expect(live == [true, true, false])
    }
  }

  @Test func `what is not understood in a request is named`() async throws {
    let folder = try TemporaryFolder()
    try await Explorer.run(["--output", folder.url("traces").path]) { explorer in
      let id = try #require(try await explorer.graphs.first)
      let requests = [
        ("traces", #"{"prompt":"the opposite of hot is","target":"cold"}"#, "'target' is not understood"),
        ("traces", #"{"prompt":"hot","of":"\#(id)"}"#, "and 'prompt'; leave one of them out"),
        ("traces", #"{"prompt":"hot","maxRows":"many"}"#, "'maxRows' is not a whole number"),
        ("traces", #"{"prompt":"hot","maxRows":1e30}"#, "has a number that does not fit"),
        ("graphs/\(id)/outcome", #"{"changes":[]"#, "not JSON"),
        ("graphs/\(id)/outcome", #"{"mode":{"kind":"free"}}"#, "has no 'changes'"),
        ("graphs/\(id)/outcome", #"{"changes":[],"mode":"free"}"#, "'mode' is not an object"),
        (
          "graphs/\(id)/outcome", #"{"changes":[{"action":"remove","features":["0_1_1"],"value":0}]}"#,
          "'changes[0].value' is not understood"
        ),
        ("graphs/\(id)/cuts", #"{"sets":[[1]]}"#, "'sets[0][0]' is not a text"),
      ]
      for (path, body, reason) in requests {
        let answer = try await explorer.ask("POST", "/api/\(path)", body)
        #expect(
          [400, 422].contains(answer.status) && answer.text.contains(reason), "\(body): \(answer.text)")
      }
      // What is asked of a graph's tokens is asked with all that is said.
      let asked = #"{"of":"\#(id)","maxLogits":1,"logitMass":0.5}"#
      #expect(try await explorer.ask("POST", "/api/traces", asked).status == 202)
      try await explorer.waitFor(2)
      let new = try #require(try await explorer.graphs.last)
      let graph = try JSON(parsing: Array(Data(contentsOf: folder.url("traces/\(new)/run.json")))).object
      #expect(graph?["settings"]?.object?["max_logits"] == 1)
    }
  }

  @Test func `few descriptors are enough for a page, whoever holds the others`() async throws {
    let model = try TinyModel.shared()
    let folder = try TemporaryFolder()
    let given = try graph(in: folder, model)
    try await Explorer.run([given], model: model, after: "ulimit -n 64") { explorer in
      let port = explorer.server.url.port ?? 0
      var idle: [RawConnection] = []
      for _ in 0..<200 {
        idle.append(try RawConnection(port: port))
        if idle.count.isMultiple(of: 20) {
          #expect(try await explorer.ask("GET", "/api/graphs/given").status == 200)
        }
      }
      #expect(explorer.server.isRunning)
    }
  }
}
