import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Files that are missing, cut short, of another format, or lie: one sentence, status 1, nothing touched.
struct BadFileTests {
  static let files = [
    "model/config.json", "model/model.safetensors", "model/tokenizer.json", "transcoders/config.yaml",
    "transcoders/W_enc_0.safetensors", "transcoders/W_enc_1.safetensors", "transcoders/W_dec_2.safetensors",
  ]

  @Test(arguments: files)
  func `a missing file is named`(path: String) async throws {
    try await expectComplaint { model in
      try FileManager.default.removeItem(at: model.folder.appending(path: path))
    }
  }

  @Test(arguments: files)
  func `a file cut to a half is named`(path: String) async throws {
    let name = try #require(path.split(separator: "/").last)
    try await expectComplaint(name == "config.yaml" ? "config.yaml" : String(name)) { model in
      let file = model.folder.appending(path: path)
      let bytes = try Data(contentsOf: file)
      try bytes.prefix(bytes.count / 2).write(to: file)
    }
  }

  @Test(arguments: files)
  func `an empty file is named`(path: String) async throws {
    let name = try #require(path.split(separator: "/").last)
    try await expectComplaint(String(name)) { model in
      try Data().write(to: model.folder.appending(path: path))
    }
  }

  @Test(arguments: files)
  func `a picture in a file's place is named`(path: String) async throws {
    let name = try #require(path.split(separator: "/").last)
    try await expectComplaint(String(name)) { model in
      var bytes = Array("\u{1}PNG\r\n\u{1A}\n".utf8)
      var random = SeededGenerator(seed: 21)
      bytes += (0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) }
      try Data(bytes).write(to: model.folder.appending(path: path))
    }
  }

  @Test(arguments: files)
  func `a folder in a file's place is named`(path: String) async throws {
    let name = try #require(path.split(separator: "/").last)
    try await expectComplaint(String(name)) { model in
      let file = model.folder.appending(path: path)
      try FileManager.default.removeItem(at: file)
      try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
    }
  }

  @Test(arguments: ["--model", "--transcoders"])
  func `a folder that is not there is named`(option: String) async throws {
    let output = try OutputFolder()
    var arguments = traceArguments(of: try .shared(), to: output)
    let place = try #require(arguments.firstIndex(of: option))
    arguments[place + 1] = "/nowhere/at/all"
    try await ClewProcess.run(arguments).expectComplaint("/nowhere/at/all")
    try output.expectUntouched()
  }

  /// Ways for a header to lie, each with a word of the complaint.
  enum Lie: String, CaseIterable {
    case offsetsPastTheEnd = "points to bytes"
    case negativeOffsets = "points to bytes -8"
    case reversedOffsets = "points to bytes 64"
    case offsetsOfAnotherSize = "takes"
    case overlap = "overlaps"
    case overflow = "impossible shape"
    case negativeShape = "no shape"
    case unknownType = "unknown type"
    case foreignEntry = "is not an object"

    func tell(about name: String, in header: inout [String: Any]) {
      var entry = header[name] as? [String: Any] ?? [:]
      let offsets = entry["data_offsets"] as? [Int] ?? [0, 0]
      switch self {
      case .offsetsPastTheEnd: entry["data_offsets"] = [offsets[0], 1 << 60]
      case .negativeOffsets: entry["data_offsets"] = [-8, offsets[1]]
      case .reversedOffsets: entry["data_offsets"] = [64, 0]
      case .offsetsOfAnotherSize: entry["data_offsets"] = [offsets[0], offsets[1] - 4]
      case .overlap: entry["data_offsets"] = [offsets[0] - 4, offsets[1] - 4]
      case .overflow: entry["shape"] = [1 << 40, 1 << 40]
      case .negativeShape: entry["shape"] = [-16]
      case .unknownType: entry["dtype"] = "F33"
      case .foreignEntry:
        header[name] = "all of it"
        return
      }
      header[name] = entry
    }
  }

  @Test(arguments: Lie.allCases)
  func `a header that lies about a weight is caught`(lie: Lie) async throws {
    try await expectComplaint(lie.rawValue, "model.safetensors") { model in
      try RawSafetensors.bend(model.model.appending(path: "model.safetensors")) {
        lie.tell(about: "transformer.wpe.weight", in: &$0)
      }
    }
  }

  @Test(arguments: Lie.allCases)
  func `a header that lies about a transcoder is caught`(lie: Lie) async throws {
    try await expectComplaint(lie.rawValue, "W_enc_1.safetensors") { model in
      try RawSafetensors.bend(model.transcoders.appending(path: "W_enc_1.safetensors")) {
        lie.tell(about: "b_enc_1", in: &$0)
      }
    }
  }

  @Test(arguments: [1 << 60, UInt64.max, 1 << 63, 100_000_001])
  func `a header longer than its file is caught`(length: UInt64) async throws {
    try await expectComplaint("\(length) bytes long", "W_dec_0") { model in
      let file = model.transcoders.appending(path: "W_dec_0.safetensors")
      let bytes = try Data(contentsOf: file)
      try (withUnsafeBytes(of: length.littleEndian) { Data($0) } + bytes.dropFirst(8)).write(to: file)
    }
  }

  @Test(arguments: [
    ("transformer.wte.weight", [16, 40]), ("transformer.wpe.weight", [8, 32]),
    ("transformer.h.1.attn.c_attn.weight", [48, 16]), ("transformer.h.2.ln_1.bias", [4, 4]),
    ("transformer.h.0.mlp.c_fc.bias", [1, 64]),
  ])
  func `a weight of the wrong shape is named with both shapes`(name: String, shape: [Int]) async throws {
    try await expectComplaint(name, "\(shape)", "is needed") { model in
      try RawSafetensors.bend(model.model.appending(path: "model.safetensors")) { header in
        var entry = header[name] as? [String: Any] ?? [:]
        entry["shape"] = shape
        header[name] = entry
      }
    }
  }

  @Test(arguments: [
    ("W_enc_1", "W_enc_1", [24 * 16]), ("W_enc_1", "b_enc_1", [2, 12]), ("W_enc_1", "b_dec_1", [4, 4]),
    ("W_enc_1", "threshold_1", [2, 12]), ("W_dec_1", "W_dec_1", [2, 24, 16]),
    ("W_dec_1", "W_dec_1", [24, 32]),
  ])
  func `a transcoder's tensor of the wrong shape is named`(
    file: String, name: String, shape: [Int]
  ) async throws {
    try await expectComplaint("'\(name)'", "is needed") { model in
      try RawSafetensors.bend(model.transcoders.appending(path: "\(file).safetensors")) { header in
        var entry = header[name] as? [String: Any] ?? [:]
        entry["shape"] = shape
        header[name] = entry
      }
    }
  }

  @Test func `a weight of integers is refused`() async throws {
    try await expectComplaint("I32", "F32, F16 or BF16") { model in
      try RawSafetensors.bend(model.model.appending(path: "model.safetensors")) { header in
        var entry = header["transformer.wpe.weight"] as? [String: Any] ?? [:]
        entry["dtype"] = "I32"
        header["transformer.wpe.weight"] = entry
      }
    }
  }

  @Test func `a tensor under another name is missed, and near names are told`() async throws {
    try await expectComplaint("no tensor named 'W_enc_1'", "W_enc_9") { model in
      try RawSafetensors.bend(model.transcoders.appending(path: "W_enc_1.safetensors")) {
        $0["W_enc_9"] = $0.removeValue(forKey: "W_enc_1")
      }
    }
  }

  @Test(arguments: [
    ("n_layer", "1e300"), ("n_layer", "-1"), ("n_layer", "1099511627776"), ("n_head", "0"), ("n_head", "3"),
    ("n_embd", "\"wide\""), ("n_embd", "32"), ("n_positions", "0"), ("vocab_size", "41"),
    ("model_type", "\"bert\""),
    ("activation_function", "\"sine\""),
  ])
  func `a configuration of impossible sizes is refused`(key: String, value: String) async throws {
    try await expectComplaint { model in
      let file = model.model.appending(path: "config.json")
      let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
      let pattern = try Regex("\"\(key)\": [^,}]*")
      try Data(text.replacing(pattern, with: "\"\(key)\": \(value)").utf8).write(to: file)
    }
  }

  @Test func `what a file names cannot steer the terminal`() async throws {
    try await expectComplaint(#"'\u001b[31mred\n\u202e\u200f'"#) { model in
      let file = model.model.appending(path: "config.json")
      let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
      let pattern = try Regex("\"model_type\": [^,}]*")
      try Data(text.replacing(pattern, with: #""model_type": "\u001b[31mred\n\u202e\u200f""#).utf8).write(
        to: file)
    }
  }

  @Test(arguments: ["transformer.wte.weight", "transformer.h.1.attn.c_attn.weight", "transformer.ln_f.bias"])
  func `weights that are not numbers are told`(name: String) async throws {
    try await expectComplaint("not finite") { model in
      try RawSafetensors.overwrite(
        name, in: model.model.appending(path: "model.safetensors"),
        with: Array(repeating: .nan, count: 40 * 16))
    }
  }

  @Test(arguments: ["W_enc_1", "b_enc_1", "b_dec_1", "W_dec_1"])
  func `transcoders that are not numbers are told`(name: String) async throws {
    try await expectComplaint("not finite") { model in
      let file = name == "W_dec_1" ? "W_dec_1" : "W_enc_1"
      try RawSafetensors.overwrite(
        name, in: model.transcoders.appending(path: "\(file).safetensors"),
        with: Array(repeating: .nan, count: 24 * 2 * 16))
    }
  }

  @Test func `a tokenizer of more tokens than the model has is told`() async throws {
    let output = try OutputFolder()
    let model = try TinyModel.shared().copy()
    let file = model.model.appending(path: "tokenizer.json")
    let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    try Data(text.replacing("\"w39\": 39", with: "\"w39\": 4000").utf8).write(to: file)
    try await ClewProcess.run(traceArguments("w3 w39", of: model, to: output))
      .expectComplaint("4000", "vocabulary of 40")
    try output.expectUntouched()
  }

  @Test func `transcoders for another number of layers are refused`() async throws {
    var settings = TinyModel.settings
    settings.layerCount = 2
    try await expectMismatch(settings, "2 layers", "3")
  }

  @Test func `transcoders for another width are refused`() async throws {
    var settings = TinyModel.settings
    settings.dModel = 32
    try await expectMismatch(settings, "width of 32", "16")
  }

  private func expectMismatch(_ settings: SyntheticModel, _ words: String...) async throws {
    let other = try TinyModel(settings)
    let output = try OutputFolder()
    var arguments = traceArguments(of: try .shared(), to: output)
    let place = try #require(arguments.firstIndex(of: "--transcoders"))
    arguments[place + 1] = other.transcoders.path
    let outcome = try await ClewProcess.run(arguments)
    outcome.expectComplaint("do not fit this model")
    for word in words { #expect(outcome.error.contains(word)) }
    try output.expectUntouched()
  }

  /// Damages a copy of the tiny model, traces, and expects a sentence with a word in it.
  private func expectComplaint(
    _ words: String..., sourceLocation: SourceLocation = #_sourceLocation, damage: (TinyModel) throws -> Void
  ) async throws {
    let output = try OutputFolder()
    let model = try TinyModel.shared().copy()
    try damage(model)
    let outcome = try await ClewProcess.run(traceArguments(of: model, to: output))
    outcome.expectComplaint(sourceLocation: sourceLocation)
    for word in words {
      #expect(outcome.error.contains(word), "\(outcome.error)", sourceLocation: sourceLocation)
    }
    try output.expectUntouched(sourceLocation: sourceLocation)
  }
}
