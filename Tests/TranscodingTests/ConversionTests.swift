import Clew
import Foundation
import TestSupport
import Testing

/// `clew convert` as a library.
struct ConversionTests {
  @Test(arguments: StoredTranscoders.all)
  func `converted transcoders do what their source does`(stored: StoredTranscoders) throws {
    let folder = try TemporaryFolder()
    let source = try Transcoder(folder: stored.folder)
    let result = try TranscoderConversion(source, to: folder.url("out")).run(command: ["clew", "convert"])
    #expect(result.kept == 0)
    #expect(result.check.inputs == 24)
    #expect(result.check.activated > 0)
    #expect(result.check.differing == 0)
    #expect(result.check.activationDifference < 1e-6)
    let coder = try Transcoder(folder: folder.url("out"))
    #expect(coder.format == .circuitTracer)
    #expect(coder.configuration.kind == stored.kind)
    #expect(coder.configuration.inputHook == stored.input)
    #expect(coder.configuration.outputHook == stored.output)
    try stored.expectSame(coder)
    #expect(try folder.files().allSatisfy { !$0.contains("partial") })
  }

  @Test func `rounded to bfloat16, files are half as long and say how much was lost`() throws {
    let folder = try TemporaryFolder()
    let source = try Transcoder(folder: StoredTranscoders.all[0].folder)
    let whole = try TranscoderConversion(source, to: folder.url("whole")).run(command: [])
    let half = try TranscoderConversion(source, to: folder.url("half"), type: .bfloat16).run(command: [])
    #expect(half.bytes < whole.bytes)
    #expect(half.check.activationDifference > 0)
    #expect(half.check.activationDifference < 0.02)
    let coder = try Transcoder(folder: folder.url("half"))
    let id = FeatureID(layer: 1, index: 3)
    for (a, b) in zip(coder.encoderVector(id), source.encoderVector(id)) {
      #expect(a == Float(bitPattern: UInt32(b.bfloat16Pattern) << 16))
    }
  }

  @Test(arguments: [
    ("W_enc", Float.nan, "the encoder of layer 1"), ("W_dec", .infinity, "the decoder of layer 1"),
    ("W_skip", .nan, "the skip connection of layer 1"),
    ("b_dec", .infinity, "the decoder's bias of layer 1 holds numbers that are not finite"),
    ("activation_function.threshold", .nan, "the thresholds of layer 1 hold numbers"),
  ])
  func `numbers that are none are not passed on`(name: String, value: Float, reason: String) throws {
    let coders = try TranscoderFolder.perLayer(layerCount: 2) {
      $0["W_skip"] = .counting([2, 2])
      $0["activation_function.threshold"] = .counting([3])
    }
    let file = coders.url.appending(path: "layer_1.safetensors")
    try RawSafetensors.overwrite(name, in: file, with: [1, value])
    let folder = try TemporaryFolder()
    #expect {
      try TranscoderConversion(coders.load(), to: folder.url("out")).run(command: [])
    } throws: { error in
      "\(error)".contains(reason)
    }
    #expect(!FileManager.default.fileExists(atPath: folder.url("out").path))
    // One that never fires is none of them.
    try RawSafetensors.overwrite(name, in: file, with: [1, 1])
    try RawSafetensors.overwrite("activation_function.threshold", in: file, with: [.infinity])
    _ = try TranscoderConversion(coders.load(), to: folder.url("out")).run(command: [])
  }

  @Test func `given again, it keeps what is right and writes what is not`() throws {
    let folder = try TemporaryFolder()
    let source = try Transcoder(folder: StoredTranscoders.all[2].folder)
    let conversion = TranscoderConversion(source, to: folder.url("out"))
    _ = try conversion.run(command: ["a"])
    let first = try folder.files().map { try Data(contentsOf: folder.url($0)) }
    // As if it had been stopped: one file missing, one cut short, one with a wrong number, no configuration.
    try FileManager.default.removeItem(at: folder.url("out/config.yaml"))
    try FileManager.default.removeItem(at: folder.url("out/W_dec_1.safetensors"))
    var bytes = try Data(contentsOf: folder.url("out/W_enc_2.safetensors"))
    try bytes.dropLast(5).write(to: folder.url("out/W_enc_2.safetensors"))
    bytes = try Data(contentsOf: folder.url("out/W_enc_0.safetensors"))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: folder.url("out/W_enc_0.safetensors"))
    let again = try conversion.run(command: ["a"])
    #expect((again.written, again.kept) == (3, 3))
    #expect(try folder.files().map { try Data(contentsOf: folder.url($0)) } == first)
    let third = try conversion.run(command: ["a"])
    #expect((third.written, third.kept) == (0, 6))
  }

  private func expectOccupied(
    _ source: Transcoder, _ place: URL, _ words: String, type: ElementType? = nil,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let error = #expect(throws: ConversionError.self, sourceLocation: location) {
      try TranscoderConversion(source, to: place, type: type).run(command: [])
    }
    #expect("\(try #require(error))".contains(words), sourceLocation: location)
  }

  @Test func `a place that is taken is left alone`() throws {
    let folder = try TranscoderFolder.perLayer(layerCount: 2)
    let own = try folder.load()
    try expectOccupied(own, folder.url, "that are to be converted")
    let around = try TemporaryFolder()
    let link = around.url("link")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: folder.url)
    try expectOccupied(own, link, "that are to be converted", type: .bfloat16)
    let other = try Transcoder(folder: StoredTranscoders.all[2].folder)
    try expectOccupied(other, folder.url, "other transcoders already")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 3)
  }

  @Test func `a conversion of another source, or another type, is not mixed into a finished one`() throws {
    let folder = try TemporaryFolder()
    let first = try Transcoder(folder: StoredTranscoders.all[0].folder)
    _ = try TranscoderConversion(first, to: folder.url("out")).run(command: [])
    let before = try folder.files().map { try Data(contentsOf: folder.url($0)) }
    // The same hooks and model, so that config.yaml alone would not tell.
    try FileManager.default.copyItem(at: StoredTranscoders.all[0].folder, to: folder.url("copy"))
    let changed = folder.url("copy/layer_1/width_16k/average_l0_6/params.npz")
    var bytes = try Data(contentsOf: changed)
    let number = try NumpyArchive(changed).tensor("W_dec").bytes.lowerBound + 3
    bytes[number] ^= 0x40
    try bytes.write(to: changed)
    let second = try Transcoder(folder: folder.url("copy"))
    try expectOccupied(second, folder.url("out"), "other transcoders already")
    try expectOccupied(first, folder.url("out"), "other transcoders already", type: .bfloat16)
    try FileManager.default.removeItem(at: folder.url("copy"))
    #expect(try folder.files().map { try Data(contentsOf: folder.url($0)) } == before)
  }

  @Test func `layers with different k, which config yaml cannot say, are refused before anything is written`()
    throws
  {
    let folder = try TemporaryFolder()
    let stored = try #require(StoredTranscoders.all.first { $0.name == "sparsify" })
    try FileManager.default.copyItem(at: stored.folder, to: folder.url("in"))
    let file = folder.url("in/h.0.mlp/cfg.json")
    let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    try Data(text.replacing("\"k\": 4", with: "\"k\": 2").utf8).write(to: file)
    let source = try Transcoder(folder: folder.url("in"))
    let error = #expect(throws: ConversionError.self) {
      try TranscoderConversion(source, to: folder.url("out")).run(command: [])
    }
    #expect("\(try #require(error))".contains("one k"))
    #expect(!FileManager.default.fileExists(atPath: folder.url("out").path))
  }

  @Test func `a model's name survives whatever letters it has`() throws {
    let folder = try TemporaryFolder()
    let name = "C:\\models\\a \"b\"\u{1}é\u{1F600}"
    let source = try Transcoder(
      folder: StoredTranscoders.all[0].folder, described: TranscoderDescription(modelName: name))
    _ = try TranscoderConversion(source, to: folder.url("out")).run(command: [])
    #expect(try Transcoder(folder: folder.url("out")).configuration.modelName == name)
  }
}
