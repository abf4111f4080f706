import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

@Suite struct CheckCommandTests {
  private func arguments(_ model: TinyModel, _ folder: TemporaryFolder, _ more: String...) -> [String] {
    [
      "check", "--model", model.model.path, "--transcoders", model.transcoders.path, "-o",
      folder.url("out").path,
    ]
      + more
  }

  @Test func `a prompt gives a page, a report and numbers, the same at any number of threads`() async throws {
    let (model, folder) = (try TinyModel.shared(), try TemporaryFolder())
    var files: [[String: Data]] = []
    for threads in ["1", "3"] {
      let run = try await ClewProcess.run(
        arguments(model, folder, "w3 w14 w15", "--json", "--threads", threads))
      #expect(run.status == 0, "\(run.error)")
      let json = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
      let coder = try #require((json?["transcoders"] as? [[String: Any]])?.first)
      let layers = try #require(coder["layers"] as? [[String: Any]])
      #expect(layers.map { $0["rows"] as? Int } == [3, 3, 3])
      #expect(layers.map { ($0["positions"] as? [Any])?.count } == [3, 3, 3])
      let local = coder["local_replacement"] as? [String: Any]
      #expect(try #require(local?["largest_logit_difference"] as? Double) < 1e-4)
      #expect((coder["graphs"] as? [String: Any])?["replacement"] != nil)
      #expect(try folder.files() == ["out/check.json", "out/report.html", "out/report.md"])
      var contents: [String: Data] = [:]
      for name in ["report.html", "report.md"] {
        contents[name] = Data(
          try String(contentsOf: folder.url("out/\(name)"), encoding: .utf8)
            .replacing("--threads \(threads)", with: "").utf8)
      }
      files.append(contents)
    }
    #expect(files[0] == files[1])
    let page = String(decoding: files[0]["report.html"] ?? Data(), as: UTF8.self)
    #expect(!page.contains("<script") && !page.contains("url(") && !page.contains(" src="))
    #expect(page.hasSuffix("</html>\n") && page.contains("prefers-color-scheme"))
  }

  @Test func `two transcoders stand side by side with their difference`() async throws {
    let (model, folder) = (try TinyModel.shared(), try TemporaryFolder())
    try folder.write("text.txt", "w1 w2 w3 w4\nw5 w6\n\nw9 w8 w7\n".utf8)
    let run = try await ClewProcess.run(
      arguments(
        model, folder, "--text", folder.url("text.txt").path, "--against", model.transcoders.path, "--graphs",
        "1"))
    #expect(run.status == 0, "\(run.error)")
    let report = try String(contentsOf: folder.url("out/report.md"), encoding: .utf8)
    #expect(report.contains("the second less the first"))
    #expect(run.output.contains("note      Only 9 positions were measured") && report.contains("\n\nOnly 9 "))
    let differences = report.split(separator: "\n").filter { $0.hasPrefix("| … difference") }
    #expect(differences.count > 10)
    for line in differences {
      #expect(!line.contains { ("1"..."9").contains($0) }, "equal transcoders differ: \(line)")
    }
  }

  @Test func `what cannot be measured on is one sentence, and nothing is written`() async throws {
    let (model, folder) = (try TinyModel.shared(), try TemporaryFolder())
    try folder.write("empty.txt", [])
    try folder.write("blank.txt", "\n \n\n".utf8)
    try folder.write("binary.txt", [0x77, 0, 1, 2])
    try folder.write("latin.txt", [0x77, 0x31, 0x20, 0xE9, 0x0A])
    for (file, word) in [
      ("empty.txt", "no text"), ("blank.txt", "no text"), ("binary.txt", "byte 1"), ("latin.txt", "byte 3"),
      ("missing.txt", "cannot be read"),
    ] {
      try await ClewProcess.run(arguments(model, folder, "--text", folder.url(file).path))
        .expectComplaint(file, word)
    }
    #expect(!FileManager.default.fileExists(atPath: folder.url("out").path))
  }

  @Test func `a text without a position that has features is refused`() async throws {
    let (model, folder) = (try TinyModel.shared(), try TemporaryFolder())
    try await ClewProcess.run(arguments(model, folder, "<s>"))
      .expectComplaint("one prompt", "position 0", "longer")
    try await ClewProcess.run(arguments(model, folder, "")).expectComplaint("empty")
    #expect(!FileManager.default.fileExists(atPath: folder.url("out").path))
  }

  @Test func `of enough text nothing is said about its length`() async throws {
    let (model, folder) = (try TinyModel.shared(), try TemporaryFolder())
    let text = (0..<400).map { place in (1...14).map { "w\($0 + place % 20)" }.joined(separator: " ") }
    let path = try folder.write("text.txt", text.joined(separator: "\n\n").utf8).path
    let run = try await ClewProcess.run(arguments(model, folder, "--text", path, "--graphs", "0"))
    #expect(run.status == 0 && !run.output.contains("note"), "\(run)")
  }

  @Test(arguments: [1, 7, 14, 15, 18, 1000])
  func `no more positions are measured than asked for`(count: Int) async throws {
    let (model, folder) = (try TinyModel.shared(), try TemporaryFolder())
    // 14 and 4 positions: the tiny model reads 16 tokens.
    let texts = [14, 4].map { (1...$0).map { "w\($0)" }.joined(separator: " ") }
    let path = try folder.write("text.txt", texts.joined(separator: "\n\n").utf8).path
    let run = try await ClewProcess.run(
      arguments(model, folder, "--text", path, "--positions", "\(count)", "--graphs", "0", "--json"))
    #expect(run.status == 0, "\(run.error)")
    let json = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    let text = try #require(json?["text"] as? [String: Any])
    #expect(text["positions"] as? Int == min(count, 18))
    #expect(text["is_cut"] as? Bool == (count < 18))
  }

  @Test func `transcoders of another model are refused`() async throws {
    let (model, folder) = (try TinyModel.shared(), try TemporaryFolder())
    var settings = TinyModel.settings
    settings.layerCount = 2
    let other = try TinyModel(settings)
    try await ClewProcess.run([
      "check", "w1 w2", "--model", model.model.path, "--transcoders", other.transcoders.path, "-o",
      folder.url("out").path,
    ]).expectComplaint("2 layers", "3")
    try await ClewProcess.run(arguments(model, folder, "w1 w2", "--against", other.transcoders.path))
      .expectComplaint("2 layers", "3")
  }

  @Test(arguments: [
    ["w1", "--text", "x"], ["--tokens", "x"], ["w1", "--rows", "0..<3"], ["w1", "--graphs", "-1"],
    ["--tokens", "x", "--offsets", "y", "--rows", "3"], [],
  ])
  func `arguments that contradict each other end with status 2`(more: [String]) async throws {
    let outcome = try await ClewProcess.run(["check", "--model", "x", "--transcoders", "y"] + more)
    #expect(outcome.status == 2 && outcome.error.hasPrefix("clew: "))
  }
}
