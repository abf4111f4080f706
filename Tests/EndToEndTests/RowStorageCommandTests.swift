import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// How a trace's rows are stored, as the command offers it, and what is left without them.
struct RowStorageCommandTests {
  private func run(_ arguments: String...) async throws -> ClewProcess.Outcome {
    let outcome = try await ClewProcess.run(arguments)
    #expect(outcome.status == 0, "\(outcome.error)")
    return outcome
  }

  @Test func `without tensors the other commands work on what pruning left, and say so`() async throws {
    let output = try OutputFolder(isThere: false)
    let arguments = traceArguments(of: try .shared(), to: output, "--quiet")
    #expect(try await ClewProcess.run(arguments).status == 0)
    let whole = try output.files()
    #expect(try await ClewProcess.run(arguments + ["--no-tensors"]).status == 0)
    let names = OutputFolder.traceFiles.filter { $0 != "graph.safetensors" }
    #expect(try output.parent.files() == names.map { "result/\($0)" })
    for name in names where !["run.json", "report.md"].contains(name) {
      #expect(try Data(contentsOf: output.url.appending(path: name)) == whole[name], "\(name)")
    }
    let (folder, file) = (output.url.path, output.url.appending(path: "graph.json").path)
    let missing = "no graph.safetensors"

    let score = try await run("score", folder)
    #expect(score.error.contains(missing) && score.output.contains("what the file holds"), "\(score.error)")
    let json = try await run("score", folder, "--json")
    #expect(json.output.contains("\"whole_trace\": false") || json.output.contains("\"whole_trace\":false"))
    let scoreOfFile = try await run("score", file)
    #expect(
      scoreOfFile.output.split(separator: "\n").dropFirst() == score.output.split(separator: "\n").dropFirst()
    )

    let pruned = output.parent.url("again.json").path
    #expect(try await run("prune", folder, "-o", pruned, "--node-share", "0.5").error.contains(missing))
    let figure = output.parent.url("again.svg")
    #expect(try await run("render", folder, "-o", figure.path).error.isEmpty)
    #expect(try Data(contentsOf: figure) == whole["graph.svg"])
    // A small graph takes its shares from whole inputs where there are any.
    let graph = try GraphReading(contentsOfFile: file).graph
    let ids = graph.nodes.prefix(3).map { "\"\($0.id)\": true" }.joined(separator: ", ")
    try output.parent.write("result/view.json", "{\"version\": 1, \"pinned\": {\(ids)}}".utf8)
    #expect(try await run("render", folder, "-o", figure.path).error.contains(missing))
    let page = output.parent.url("page.html")
    _ = try await run("export", "page", folder, "-o", page.path)
    #expect(String(decoding: try Data(contentsOf: page), as: UTF8.self).contains(missing))
  }

  @Test(arguments: [
    ["--dense"], ["--dense", "--coverage", "1", "--max-rows", "5"],
    ["--dense", "--coverage", "1", "--no-tensors"],
  ])
  func `what cannot go together is refused`(options: [String]) async throws {
    let output = try OutputFolder()
    let outcome = try await ClewProcess.run(traceArguments(of: .shared(), to: output) + options)
    #expect(outcome.status == 2 && outcome.error.contains("--dense"), "\(outcome.error)")
    try output.expectUntouched()
  }

  @Test(.enabled(if: geteuid() == 0, "only root may mount a small disk"))
  func `a disk that is too full is told before the work begins`() async throws {
    let parent = try TemporaryFolder()
    try FileManager.default.createDirectory(at: parent.url("disk"), withIntermediateDirectories: true)
    let shell = """
      exec unshare -m bash -c 'mount -t tmpfs -o size=64k none "$1" || exit 77; shift; exec "$0" "$@"' \
      "$0" '\(parent.url("disk").path)' "$@"
      """
    let arguments = traceArguments(of: try .shared()) + ["--output", parent.url("disk/result").path]
    let outcome = try await ClewProcess.run(arguments + ["--coverage", "1"], after: shell)
    if outcome.status == 77 { return }  // Not every root may.
    outcome.expectComplaint("disk/result", "KiB left", "--no-tensors")
  }
}
