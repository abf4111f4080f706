import Clew
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif
import TestSupport
import Testing
import TinyModels

/// Files of weights that become shorter while a command has them open.
struct TornFileTests {
  /// A model that reads long texts, so that it can be caught at work.
  private static func patientModel() throws -> TinyModel {
    var settings = TinyModel.settings
    settings.contextLength = 4096
    return try TinyModel(settings)
  }

  /// What empties a file as soon as a condition holds of the command, `$$`, while it works; a test would come too late on a
  /// machine that does much else.
  private static func shell(emptying file: URL, when condition: String) -> String {
    "(until \(condition) || ! kill -0 $$; do sleep 0.01; done; : > '\(file.path)') 2>/dev/null >/dev/null &"
  }

  @Test func `a command says which file was torn, and ends`() async throws {
    let model = try Self.patientModel()
    let weights = model.model.appending(path: "model.safetensors")
    let outcome = try await ClewProcess.run(
      ["generate", "w3", "--model", model.model.path, "--tokens", "4000"],
      after: Self.shell(emptying: weights, when: "(( $(stat -L -c %s /proc/$$/fd/1) > 200 ))"))
    #expect(outcome.status == 1 && outcome.output.utf8.count > 200, "\(outcome.error)")
    #expect(
      outcome.error.hasPrefix("clew: \(weights.path) became shorter while it was in use"), "\(outcome.error)")
    #expect(outcome.error.hasSuffix(".\n") && outcome.error.split(separator: "\n").count == 1)
  }

  @Test(arguments: ["trace", "check"])
  func `nothing is written of what a torn file was part of`(command: String) async throws {
    let folder = try TemporaryFolder()
    let model = try Self.patientModel()
    let weights = model.model.appending(path: "model.safetensors")
    let words = (0..<700).map { "w\(1 + $0 * 7 % 39)" }.joined(separator: " ")
    let text = try folder.write("text.txt", String(repeating: words + "\n\n", count: 400).utf8)
    let arguments =
      command == "trace" ? ["trace", words] : ["check", "--text", text.path, "--positions", "200000"]
    let outcome = try await ClewProcess.run(
      arguments + [
        "--model", model.model.path, "--transcoders", model.transcoders.path, "--output",
        folder.url("out").path, "--threads", "1",
      ],
      after: Self.shell(
        emptying: weights,
        when: "grep -q model.safetensors /proc/$$/maps && grep -q W_enc_1.safetensors /proc/$$/maps"))
    #expect(outcome.status == 1, "\(outcome.error)")
    #expect(outcome.error.contains("model.safetensors became shorter"), "\(outcome.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.url("out").path))
  }

  @Test func `an explorer refuses what it cannot compute any more, and goes on`() async throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel.shared().copy()
    let trace = try PromptTrace.trace(TraceRequest(prompt: "w3 w14"), with: try TinyModel.shared().open())
    let graph = try folder.write("graph.json", try trace.pruning.graph.json())
    let command = [
      BuiltCommand.clew.path, "explore", graph.path, "--model", model.model.path, "--transcoders",
      model.transcoders.path,
      "--output", folder.url("out").path, "--port", "0", "--no-open",
    ]
    try await ServerProcess.run(command) { server in
      func post(_ path: String, _ body: String) async throws -> (status: Int, text: String) {
        var request = URLRequest(url: URL(string: path, relativeTo: server.url)?.absoluteURL ?? server.url)
        request.httpMethod = "POST"
        request.httpBody = Data(body.utf8)
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
      }
      let question = #"{"prompt": "w3 w14 w15"}"#
      let sound = try await post("/api/answers", question)
      #expect(sound.status == 200, "\(sound)")
      #expect(truncate(model.model.appending(path: "model.safetensors").path, 0) == 0)
      for _ in 0..<3 {
        let torn = try await post("/api/answers", #"{"prompt": "w3 w5 w7 w9"}"#)
        #expect(torn.status >= 400 && torn.text.contains("became shorter while it was in use"), "\(torn)")
      }
      let (_, response) = try await URLSession.shared.data(from: server.url)
      #expect((response as? HTTPURLResponse)?.statusCode == 200)
      #expect(server.isRunning)
    }
  }
}
