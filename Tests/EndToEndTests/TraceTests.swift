import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// The main job: a prompt, a model and its transcoders in, six files and a summary out.
struct TraceTests {
  @Test func `a trace writes all six files and says where they are`() async throws {
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(traceArguments(of: .shared(), to: output))
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.error.isEmpty)
    for word in ["tokens", "answers", "nodes", "edges", "scores", "coverage", "seconds", "memory", "result"] {
      #expect(outcome.output.contains("\(word) "), "\(word)")
    }
    #expect(outcome.output.contains(output.url.path))
    #expect(try output.parent.files() == OutputFolder.traceFiles.map { "result/\($0)" })
    #expect(try output.files().values.allSatisfy { !$0.isEmpty })
  }

  @Test func `without an output folder the files lie in Output under the prompt's name`() async throws {
    let folder = try TemporaryFolder()
    let outcome = try await ClewProcess.run(traceArguments(of: .shared()), in: folder.url)
    #expect(outcome.status == 0, "\(outcome.error)")
    let own = OutputFolder.traceFiles.map { "Output/w3-w14-w15-w9/\($0)" }
    #expect(try folder.files() == own)
    // Another prompt of the same name lies beside it, and each is found again.
    var other = try traceArguments(of: .shared())
    let place = try #require(other.firstIndex { $0.contains("w14") })
    other[place] = other[place].replacing("w14", with: " w14")
    for arguments in [other, try traceArguments(of: .shared()), other] {
      let outcome = try await ClewProcess.run(arguments, in: folder.url)
      #expect(outcome.status == 0, "\(outcome.error)")
      let name = arguments == other ? "Output/w3-w14-w15-w9-2 " : "Output/w3-w14-w15-w9 "
      #expect(outcome.output.contains(name), "\(outcome.output)")
    }
    let others = OutputFolder.traceFiles.map { "Output/w3-w14-w15-w9-2/\($0)" }
    #expect(try Set(folder.files()) == Set(own + others))
  }

  @Test func `the summary in JSON has the keys that scripts rely on`() async throws {
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(traceArguments(of: .shared(), to: output, "--json"))
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.error.isEmpty)
    let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    let summary = try #require(json as? [String: Any])
    for key in ["tokens", "targets", "counts", "scores", "coverage", "seconds", "peak_bytes"] {
      #expect(summary[key] != nil, "\(key)")
    }
    let tokens = try #require(summary["tokens"] as? [[String: Any]])
    #expect(tokens.map { $0["id"] as? Int } == [0, 3, 14, 15, 9])
    #expect(tokens.first?["text"] as? String == "<s>")
    let targets = try #require(summary["targets"] as? [[String: Any]])
    let mass = targets.reduce(0) { $0 + ($1["probability"] as? Double ?? .nan) }
    #expect(mass > 0 && mass <= 1 && targets.count <= 10)
    #expect(try #require(summary["peak_bytes"] as? Int) > 1 << 20)
  }

  @Test func `quiet prints nothing`() async throws {
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(traceArguments(of: .shared(), to: output, "--quiet"))
    #expect(outcome.status == 0)
    #expect(outcome.output.isEmpty && outcome.error.isEmpty)
    #expect(try output.files().count == 6)
  }

  @Test(arguments: ["1", "0.99", "0.5"])
  func `two runs write the same bytes`(coverage: String) async throws {
    let output = try OutputFolder(isThere: false)
    let arguments = traceArguments(of: try .shared(), to: output, "--quiet", "--coverage", coverage)
    #expect(try await ClewProcess.run(arguments).status == 0)
    let first = try output.files()
    #expect(try await ClewProcess.run(arguments).status == 0)
    #expect(try output.files() == first)
  }

  @Test func `as little memory as the command asks for is enough, and changes nothing`() async throws {
    let output = try OutputFolder(isThere: false)
    let arguments = traceArguments(of: try .shared(), to: output, "--quiet", "--coverage", "1")
    let refused = try await ClewProcess.run(arguments + ["--memory", "1M"])
    refused.expectComplaint("takes up to", "the limit is 1.0 MiB", "--memory")
    #expect(try output.parent.files().isEmpty)
    #expect(try await ClewProcess.run(arguments).status == 0)
    let whole = try output.files()
    // The run alone asks first, then all that is kept; each as an option can be given.
    var asked = "1M"
    var enough = refused
    for _ in 0..<3 where enough.status != 0 {
      asked = String(try #require(enough.error.firstMatch(of: /--memory ([0-9]+M) where/)?.output.1))
      enough = try await ClewProcess.run(arguments + ["--memory", asked])
    }
    #expect(enough.status == 0, "\(enough.error)")
    let tight = try output.files()
    for name in OutputFolder.traceFiles where !["run.json", "report.md"].contains(name) {
      #expect(whole[name] == tight[name], "\(name)")
    }
  }

  @Test(arguments: [
    (["--coverage", "0.9"], 0), (["--node-share", "1", "--edge-share", "1"], 150_000),
    (["--node-share", "0.9999", "--edge-share", "1"], 150_000),
  ])
  func `memory stays below its limit, however much is kept`(options: [String], leastEdges: Int) async throws {
    var settings = TinyModel.settings
    (settings.layerCount, settings.featureCount, settings.activeFeatures) = (4, 256, 32)
    let tiny = try TinyModel(settings)
    defer { withExtendedLifetime(tiny) {} }
    let output = try OutputFolder(isThere: false)
    let arguments =
      traceArguments(settings.prompt(tokenCount: 11), of: tiny, to: output, "--json", "--threads", "1")
      + options
    // Each refusal says how much would do: for the run, for the rows, and for what the node cut leaves.
    var asked = "1M"
    var outcome = try await ClewProcess.run(arguments + ["--memory", asked])
    for _ in 0..<4 where outcome.status != 0 {
      asked = String(try #require(outcome.error.firstMatch(of: /--memory ([0-9]+M) where/)?.output.1))
      outcome = try await ClewProcess.run(arguments + ["--memory", asked])
    }
    #expect(outcome.status == 0, "\(outcome.error)")
    let limit = try #require(Int(asked.dropLast())) << 20
    let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    let summary = try #require(json as? [String: Any])
    let peak = try #require(summary["peak_bytes"] as? Int)
    #expect(peak > 1 << 20 && peak <= limit, "\(peak >> 20) MiB of \(asked)")
    let counts = try #require(summary["counts"] as? [String: Int])
    #expect(try #require(counts["kept_edges"]) >= leastEdges, "\(counts)")
  }

  @Test func `one thread and two write the same bytes`() async throws {
    let output = try OutputFolder(isThere: false)
    let arguments = traceArguments(of: try .shared(), to: output, "--quiet", "--coverage", "1", "--threads")
    #expect(try await ClewProcess.run(arguments + ["1"]).status == 0)
    let one = try output.files()
    #expect(try await ClewProcess.run(arguments + ["2"]).status == 0)
    let two = try output.files()
    for name in OutputFolder.traceFiles where !["run.json", "report.md"].contains(name) {
      #expect(one[name] == two[name], "\(name)")
    }
    // These two record the command line, which names the threads.
    for name in ["run.json", "report.md"] {
      func lines(_ files: [String: Data]) -> [Substring] {
        String(decoding: files[name] ?? Data(), as: UTF8.self).split(separator: "\n")
      }
      let differing = zip(lines(one), lines(two)).filter { $0 != $1 }
      #expect(lines(one).count == lines(two).count && differing.count <= 1, "\(name): \(differing)")
    }
  }

  @Test func `an exhaustive trace has the rows of the library's trace`() async throws {
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(
      traceArguments(of: .shared(), to: output, "--quiet", "--coverage", "1"))
    #expect(outcome.status == 0, "\(outcome.error)")
    let written = try AttributionGraph(traceFolder: output.url)
    let graph = try exhaustiveTrace().result.graph
    #expect(written.nodes.map(\.id) == graph.nodes.map(\.id))
    #expect(!written.effects.isSkipped.contains(true))
    #expect(written.denseAdjacency() == graph.denseAdjacency())
    #expect(written.rootWeights.map { Float($0) } == graph.rootWeights.map { Float($0) })
  }

  @Test func `at half coverage rows are skipped and the bounds hold the exhaustive scores`() async throws {
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(
      traceArguments(of: .shared(), to: output, "--json", "--coverage", "0.5"))
    #expect(outcome.status == 0, "\(outcome.error)")
    let graph = try AttributionGraph(traceFolder: output.url)
    #expect(graph.effects.isSkipped.contains(true))
    let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    #expect(try #require(json?["coverage"] as? Double) >= 0.5)
    let scores = try #require(json?["scores"] as? [String: Any])
    let exhaustive = try exhaustiveTrace().scores
    for (name, truth) in [("replacement", exhaustive.replacement), ("completeness", exhaustive.completeness)]
    {
      let bounds = try #require(scores["\(name)_bounds"] as? [Double])
      // Sums in another order differ in the last digits.
      #expect(bounds[0] - 1e-6 <= truth && truth <= bounds[1] + 1e-6, "\(name): \(truth) in \(bounds)")
      #expect(bounds[0] < bounds[1])
    }
  }

  @Test func `a token, a difference and a feature can be traced instead of the answers`() async throws {
    let entry = try #require(try exhaustiveTrace().result.model.activations.entries.last { $0.layer > 0 })
    let feature = "feature:\(entry.layer)/\(entry.index)@\(entry.position)"
    for target in ["w7", "w7-w8", feature] {
      let output = try OutputFolder(isThere: false)
      let outcome = try await ClewProcess.run(
        traceArguments(of: .shared(), to: output, "--json", "--target", target))
      #expect(outcome.status == 0, "\(target): \(outcome.error)")
      let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
      let targets = try #require(json?["targets"] as? [[String: Any]])
      #expect(targets.count == 1)
      switch target {
      case "w7": #expect(targets[0]["text"] as? String == "w7")
      case "w7-w8": #expect(targets[0]["text"] as? String == "w7 − w8")
      default: #expect(targets[0]["weight"] as? Double == 1)
      }
      #expect(try output.files().count == 6)
    }
  }

  @Test func `a target that is named twice is traced once`() async throws {
    let output = try OutputFolder(isThere: false)
    let arguments = traceArguments(
      of: try .shared(), to: output, "--json", "--target", "w7", "--target", "w7")
    let outcome = try await ClewProcess.run(arguments)
    #expect(outcome.status == 0, "\(outcome.error)")
    let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    #expect((json?["targets"] as? [Any])?.count == 1)
  }

  @Test func `a position counts from the end where it is negative`() async throws {
    let entry = try #require(try exhaustiveTrace().result.model.activations.entries.last { $0.layer > 0 })
    let output = try OutputFolder(isThere: false)
    let target = "feature:\(entry.layer)/\(entry.index)@\(entry.position - 5)"
    let outcome = try await ClewProcess.run(traceArguments(of: .shared(), to: output, "--target", target))
    #expect(outcome.status == 0, "\(outcome.error)")
  }

  /// The library's own trace of the prompt that all these tests trace.
  private func exhaustiveTrace() throws -> PromptTrace {
    var request = TraceRequest(prompt: "w3 w14 w15 w9")
    request.settings.coverage = 1
    return try PromptTrace.trace(request, with: try TinyModel.shared().open())
  }
}
