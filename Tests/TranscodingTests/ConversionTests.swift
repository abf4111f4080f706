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

  @Test func `a place that is taken is left alone`() throws {
    let folder = try TranscoderFolder.perLayer(layerCount: 2)
    let own = try folder.load()
    let onItself = #expect(throws: ConversionError.self) {
      try TranscoderConversion(own, to: folder.url).run(command: [])
    }
    #expect("\(try #require(onItself))".contains("that are to be converted"))
    let other = try Transcoder(folder: StoredTranscoders.all[2].folder)
    let onAnother = #expect(throws: ConversionError.self) {
      try TranscoderConversion(other, to: folder.url).run(command: [])
    }
    #expect("\(try #require(onAnother))".contains("other transcoders already"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 3)
  }
}
