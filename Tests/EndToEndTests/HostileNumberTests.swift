import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Sound files whose numbers are finite and huge, and outputs that are no numbers: a result or one sentence, never a crash.
struct HostileNumberTests {
  /// A traced graph with the numbers of some key replaced.
  private static func graph(_ key: String, _ number: String) async throws -> (
    folder: TemporaryFolder, file: URL
  ) {
    let folder = try TemporaryFolder()
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(traceArguments(of: try .shared(), to: output))
    #expect(outcome.status == 0, "\(outcome.error)")
    let text = String(decoding: try Data(contentsOf: output.url.appending(path: "graph.json")), as: UTF8.self)
    let pattern = try Regex("\"\(key)\": ?-?[0-9][0-9.e+-]*")
    #expect(text.contains(pattern), "\(key)")
    return (
      folder, try folder.write("graph.json", text.replacing(pattern, with: "\"\(key)\":\(number)").utf8)
    )
  }

  @Test(arguments: [
    ("token_prob", "1e308"), ("node_threshold", "3.4e38"), ("edge_threshold", "1e300"),
    ("coverage_reached", "1e308"),
    ("activation", "3.4e38"), ("influence", "1e308"), ("weight", "3.4e38"),
  ])
  func `a graph of huge numbers is scored, pruned, drawn and exported`(key: String, number: String)
    async throws
  {
    let (folder, file) = try await Self.graph(key, number)
    let view = try folder.write(
      "pins.json", #"{"pinned": {"\#(try Self.ids(file).joined(separator: #"": true, ""#))": true}}"#.utf8)
    var commands = [
      ["score", file.path], ["score", "--json", file.path],
      ["prune", file.path, "-o", folder.url("pruned.json").path],
      ["export", "page", file.path, "-o", folder.url("page.html").path],
    ]
    for ending in ["svg", "pdf", "tikz", "dot"] {
      for more in [["--view", "none"], ["--view", view.path]] {
        commands.append(
          [
            "render", file.path, "-o", folder.url("figure.\(ending)").path, "--caption",
            folder.url("c.txt").path,
          ]
            + more)
      }
    }
    for command in commands {
      let outcome = try await ClewProcess.run(command)
      #expect(outcome.status == 0, "\(command): \(outcome.error)")
      #expect(!outcome.output.contains("nan"), "\(outcome.output)")
    }
  }

  private static func ids(_ file: URL) throws -> [String] {
    Array(try GraphReading(contentsOfFile: file.path).graph.nodes.map(\.id).prefix(8))
  }

  @Test(
    arguments: ["model/model.safetensors", "transcoders/W_enc_1.safetensors"],
    [Float(1e15), 1e30, 3.4e38, .nan])
  func `weights beyond all reason are measured or refused`(path: String, value: Float) async throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel.shared().copy()
    let name = path.hasPrefix("model") ? "transformer.h.1.mlp.c_proj.weight" : "W_enc_1"
    let file = model.folder.appending(path: path)
    let count = try SafetensorsFile(file).tensor(name).count
    try RawSafetensors.overwrite(
      name, in: file, with: (0..<count).map { $0.isMultiple(of: 2) ? value : -value })
    let text = try folder.write("text.txt", "w1 w2 w3\nw4 w5 w9 w11\n".utf8)
    let both = ["--model", model.model.path, "--transcoders", model.transcoders.path]
    for command in [
      ["check", "--text", text.path, "--output", folder.url("check").path] + both,
      ["trace", "w3 w14 w15", "--output", folder.url("trace").path] + both,
      ["generate", "w3 w14", "--model", model.model.path, "--tokens", "3"],
      ["generate", "w3 w14", "--model", model.model.path, "--tokens", "3", "--temperature", "1", "--json"],
    ] {
      let outcome = try await ClewProcess.run(command)
      #expect([0, 1].contains(outcome.status), "\(command): \(outcome.status) \(outcome.error)")
      if outcome.status == 1 { #expect(outcome.error.hasSuffix(".\n"), "\(outcome.error)") }
    }
  }

  @Test(arguments: [[], ["--temperature", "0.8"], ["--temperature", "0.8", "--top-p", "0.5"], ["--json"]])
  func `logits that are no numbers end with a sentence`(more: [String]) async throws {
    let model = try TinyModel.shared().copy()
    let file = model.model.appending(path: "model.safetensors")
    let count = try SafetensorsFile(file).tensor("transformer.ln_f.weight").count
    try RawSafetensors.overwrite(
      "transformer.ln_f.weight", in: file, with: Array(repeating: .nan, count: count))
    let outcome = try await ClewProcess.run(["generate", "w3 w14", "--model", model.model.path] + more)
    #expect(outcome.status == 1)
    #expect(outcome.error.contains("no token can be chosen"), "\(outcome.error)")
  }

  @Test func `an MLP that writes nothing is not the learning rate's fault`() async throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel.shared().copy()
    let file = model.model.appending(path: "model.safetensors")
    for name in ["weight", "bias"].map({ "transformer.h.1.mlp.c_proj.\($0)" }) {
      let count = try SafetensorsFile(file).tensor(name).count
      try RawSafetensors.overwrite(name, in: file, with: Array(repeating: 0, count: count))
    }
    let text = try folder.write(
      "text.txt",
      (0..<4000).map { "w\(1 + $0 % 37) w\(1 + $0 * 7 % 39) w\(1 + $0 * 3 % 31)\n\n" }.joined().utf8)
    let outcome = try await ClewProcess.run([
      "train", "transcoder", "--model", model.model.path, "--text", text.path, "--features", "8", "--l0", "3",
      "--tokens-seen", "2000",
      "--batch", "64", "--held-out", "128", "--output", folder.url("out").path,
    ])
    #expect(outcome.status == 1)
    #expect(outcome.error.contains("the output of the MLP is zero"), "\(outcome.error)")
    #expect(outcome.error.contains("layer 1") && !outcome.error.contains("learning-rate"), "\(outcome.error)")
  }
}
