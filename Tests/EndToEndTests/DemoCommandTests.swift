import Foundation
import TestSupport
import Testing

/// `clew demo` as a newcomer runs it: on the model and the transcoders in this repository.
struct DemoCommandTests {
  @Test func `the demo finds the answer by way of Texas, and proves it`() async throws {
    let folder = try TemporaryFolder()
    let output = folder.url("demo").path
    let outcome = try await ClewProcess.run(["demo", "--output", output], in: SharedFiles.packageRoot)
    #expect(outcome.status == 0, "\(outcome.error)")
    func line(_ name: String) -> Substring? {
      outcome.output.split(separator: "\n").first { $0.hasPrefix(name) }?.drop { $0 != " " }
        .drop { $0 == " " }
    }
    #expect(line("question") == "the capital of the state containing Dallas is")
    #expect(line("answer")?.hasPrefix("Austin (") == true, "\(outcome.output)")
    #expect(line("path")?.hasPrefix("Dallas") == true)
    #expect(outcome.output.contains("→ a feature of Texas"))
    #expect(outcome.output.contains("the answer is Sacramento ("))
    #expect(outcome.output.contains("so the answer came by way of Texas."))
    for file in ["graph.json", "graph.safetensors", "graph.dot", "graph.svg", "report.md", "run.json"] {
      #expect(try !Data(contentsOf: folder.url("demo/\(file)")).isEmpty)
    }
    // The figure has words in it.
    let figure = try String(contentsOf: folder.url("demo/graph.svg"), encoding: .utf8)
    #expect(figure.contains("“is”"))
    // The same bytes from anywhere, the command aside.
    let again = try await ClewProcess.run(["demo", "--output", folder.url("again").path, "--threads", "1"])
    #expect(again.status == 0, "\(again.error)")
    for file in ["graph.json", "graph.safetensors", "graph.svg"] {
      #expect(
        try Data(contentsOf: folder.url("again/\(file)")) == Data(contentsOf: folder.url("demo/\(file)")))
    }
  }

  @Test func `without Atlas the demo says what is missing`() async throws {
    try await ClewProcess.run(["demo", "--model", "/nowhere"]).expectComplaint("/nowhere")
    try await ClewProcess.run(["demo", "--transcoders", "/nowhere"], in: SharedFiles.packageRoot)
      .expectComplaint("/nowhere")
  }
}
