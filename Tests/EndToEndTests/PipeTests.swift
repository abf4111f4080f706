import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Graphs that come through pipes, pipes in the place of files, and little room to work in.
struct PipeTests {
  private static func graph() async throws -> (folder: TemporaryFolder, file: URL) {
    let folder = try TemporaryFolder()
    let trace = try PromptTrace.trace(TraceRequest(prompt: "w3 w14 w15"), with: try TinyModel.shared().open())
    return (folder, try folder.write("graph.json", try trace.pruning.graph.json()))
  }

  @Test func `a graph comes through a process substitution`() async throws {
    let (folder, file) = try await Self.graph()
    for arguments in [
      ["score"], ["prune", "-o", folder.url("p.json").path], ["render", "-o", folder.url("f.svg").path],
      ["export", "page", "-o", folder.url("p.html").path],
    ] {
      let shell = #"exec 7< <(cat '\#(file.path)'); set -- "$@" /dev/fd/7"#
      let outcome = try await ClewProcess.run(arguments, after: shell)
      #expect(outcome.status == 0, "\(arguments): \(outcome.error)")
    }
    #expect(try GraphReading(contentsOfFile: folder.url("p.json").path).graph.nodes.count > 3)
  }

  @Test func `a graph comes through standard input`() async throws {
    let (folder, file) = try await Self.graph()
    defer { withExtendedLifetime(folder) {} }
    let outcome = try await ClewProcess.run(["score", "/dev/stdin"], after: "exec < <(cat '\(file.path)')")
    #expect(outcome.status == 0, "\(outcome.error)")
    let direct = try await ClewProcess.run(["score", file.path])
    #expect(
      outcome.output.replacing("/dev/stdin", with: "") == direct.output.replacing(file.path, with: ""))
  }

  @Test(arguments: [["render"], ["export", "page"]])
  func `a figure of a graph without a place needs a name`(command: [String]) async throws {
    let (folder, file) = try await Self.graph()
    defer { withExtendedLifetime(folder) {} }
    let outcome = try await ClewProcess.run(command + ["/dev/stdin"], after: "exec < <(cat '\(file.path)')")
    #expect(outcome.status == 2 && outcome.error.contains("--output"), "\(outcome.error)")
  }

  @Test func `a pipe that nobody writes to is waited for with a word`() async throws {
    let (folder, file) = try await Self.graph()
    let pipe = folder.url("pipe")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    let process = try ClewProcess(
      ["score", pipe.path], after: "(sleep 4; cat '\(file.path)' > '\(pipe.path)') &")
    let outcome = try await process.outcome()
    #expect(outcome.status == 0 && outcome.error.contains("waiting for a graph"), "\(outcome.error)")
  }

  @Test func `an empty pipe is no graph`() async throws {
    try await ClewProcess.run(["score", "/dev/stdin"], after: "exec < <(true)").expectComplaint("not JSON")
    try await ClewProcess.run(["score", "/dev/null"]).expectComplaint("not JSON")
  }

  @Test(arguments: [
    "model/config.json", "model/model.safetensors", "model/tokenizer.json", "transcoders/config.yaml",
    "transcoders/W_enc_1.safetensors", "transcoders/labels.tsv",
  ])
  func `a pipe in the place of a file is refused`(path: String) async throws {
    let output = try OutputFolder()
    let model = try TinyModel.shared().copy()
    let file = model.folder.appending(path: path)
    try? FileManager.default.removeItem(at: file)
    #expect(mkfifo(file.path, 0o600) == 0)
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    try await ClewProcess.run(traceArguments(of: model, to: output)).expectComplaint(name)
    try output.expectUntouched()
  }

  @Test(arguments: ["--text", "--prompts"])
  func `a pipe in the place of a text is refused`(option: String) async throws {
    let folder = try TemporaryFolder()
    let (pipe, model) = (folder.url("pipe"), try TinyModel.shared())
    let text = try folder.write("text.txt", "w1 w2 w3\n".utf8)
    #expect(mkfifo(pipe.path, 0o600) == 0)
    var arguments = ["check", "--model", model.model.path, "--transcoders", model.transcoders.path]
    arguments += ["--output", folder.url("out").path, option, pipe.path]
    if option != "--text" { arguments += ["--text", text.path] }
    try await ClewProcess.run(arguments).expectComplaint("pipe")
  }

  @Test(arguments: 3...12)
  func `too few descriptors are refused in a sentence`(limit: Int) async throws {
    let outcome = try await ClewProcess.run(["score", "/nowhere"], after: "ulimit -n \(limit)")
    // With three and fewer the system cannot even load the program's libraries.
    if limit > 3 { outcome.expectComplaint("files may be open at once", "ulimit -n") }
    #expect(outcome.status != 0 && outcome.status < 128, "\(outcome.status) \(outcome.error)")
  }

  @Test(
    .enabled(
      if: getuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0, "limits of processes do not bind root"))
  func `too few threads are refused in a sentence`() async throws {
    let shell = """
      ulimit -u 1
      exec /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups "$0" "$@"
      """
    try await ClewProcess.run(["score", "/nowhere"], after: shell).expectComplaint("threads", "ulimit -u")
  }

  // MARK: What a terminal sees

  @Test func `control characters of a file do not reach standard output`() async throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel.shared().copy()
    let file = model.model.appending(path: "tokenizer.json")
    let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    // One word of the vocabulary clears the screen, and its C1 form as well.
    let evil = #"w9\u001b[2J\u009b2J\u202e"#
    try Data(text.replacing("\"w9\"", with: "\"\(evil)\"").utf8).write(to: file)
    let both = ["--model", model.model.path, "--transcoders", model.transcoders.path]
    let prompt = "w3 w9\u{1B}[2J\u{9B}2J\u{202E} w5"
    for arguments in [
      ["trace", prompt, "--output", folder.url("trace").path] + both,
      ["trace", prompt, "--json", "--output", folder.url("json").path] + both,
      ["check", prompt, "--output", folder.url("check").path] + both,
    ] {
      let outcome = try await ClewProcess.run(arguments)
      #expect(outcome.status == 0, "\(outcome.error)")
      for text in [outcome.output, outcome.error] {
        #expect(!text.unicodeScalars.contains { [0x1B, 0x9B, 0x202E].contains($0.value) }, "\(arguments)")
      }
      if arguments.contains("--json") {
        #expect(try JSON(parsing: Array(outcome.output.utf8)).object != nil)
        #expect(outcome.output.contains(#"\u009b2J"#))
      }
    }
    for report in ["trace/report.md", "check/report.md", "check/report.html"] {
      let text = String(decoding: try Data(contentsOf: folder.url(report)), as: UTF8.self)
      #expect(!text.unicodeScalars.contains { [0x1B, 0x9B, 0x202E].contains($0.value) }, "\(report)")
    }
  }
}
