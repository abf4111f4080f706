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

  @Test func `a command says which file was torn, and ends`() async throws {
    let model = try Self.patientModel()
    let weights = model.model.appending(path: "model.safetensors")
    let process = try GuardedProcess([
      BuiltCommand.clew.path, "generate", "w3", "--model", model.model.path, "--tokens", "4000",
    ])
    try await poll(within: .seconds(60), "the first words") { process.output.utf8.count > 200 ? true : nil }
    #expect(truncate(weights.path, 0) == 0)
    #expect(try await process.waitForEnd(within: .seconds(60)) == 1)
    #expect(
      process.error.hasPrefix("clew: \(weights.path) became shorter while it was in use"), "\(process.error)")
    #expect(process.error.hasSuffix(".\n") && process.error.split(separator: "\n").count == 1)
    try await process.end()
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
    let process = try GuardedProcess(
      [BuiltCommand.clew.path] + arguments + [
        "--model", model.model.path, "--transcoders", model.transcoders.path, "--output",
        folder.url("out").path,
        "--threads", "1",
      ])
    try await poll(within: .seconds(60), "the weights to be mapped") { () -> Bool? in
      guard let number = process.identifier else { return nil }
      let maps = (try? String(contentsOfFile: "/proc/\(number)/maps", encoding: .utf8)) ?? ""
      return maps.contains("model.safetensors") && maps.contains("W_enc_1.safetensors") ? true : nil
    }
    #expect(truncate(weights.path, 0) == 0)
    let status = try await process.waitForEnd(within: .seconds(120))
    #expect(status == 1, "\(process.error)")
    #expect(process.error.contains("model.safetensors became shorter"), "\(process.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.url("out").path))
    try await process.end()
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
