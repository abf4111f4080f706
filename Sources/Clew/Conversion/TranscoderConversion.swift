internal import AttributionGraphs
internal import Checkpoints
public import Foundation
public import Tensors
public import Transcoding

/// Writes transcoders of any layout that can be read in circuit-tracer's, decoder rows laid out for reading those of active
/// features alone.
///
/// Each file appears once it is whole, and is then read back and compared with its source; `config.yaml`, which makes the
/// folder one of transcoders, comes last. Stopped and started again, the conversion keeps every file that holds what it
/// should. At the end features are activated in both, and activations and reconstructions compared.
public struct TranscoderConversion {
  public let source: Transcoder
  /// Where the result goes.
  public let folder: URL
  /// How weights are stored; as in the source if `nil`, with float16 widened to float32.
  public let type: ElementType?

  public init(_ source: Transcoder, to folder: URL, type: ElementType? = nil) {
    (self.source, self.folder, self.type) = (source, folder, type)
  }

  /// What a conversion did.
  public struct Result: Sendable {
    /// Files that were written, and those that were there already.
    public var written = 0
    public var kept = 0
    /// Bytes of all of them.
    public var bytes = 0
    /// How inputs that activate features came through.
    public var check = ConversionCheck()
  }

  /// Converts.
  /// - Parameters:
  ///   - command: The command line, for the record.
  ///   - progress: Called now and then with what is done and the part of the bytes that is.
  public func run(
    command: [String], progress: @escaping (_ phase: String, _ fraction: Double) -> Void = { _, _ in }
  ) throws -> Result {
    let configuration = try writtenConfiguration()
    try checkPlace()
    try checkFinite(progress)
    // A folder that is made for this goes away again if nothing comes to lie in it.
    let place = try FileBatch(folder: folder)
    let totalBytes = totalBytes
    try checkSpace(for: totalBytes)
    // From here on the folder belongs to this source; a later run tells by this record.
    try place.stage("conversion.json", try record(nil, command: command))
    try place.commit()
    var result = Result()
    for (index, layer) in source.layers.enumerated() {
      for file in files(of: layer, index: index) {
        try convert(file, into: &result) { bytes in
          progress("layer \(index), \(file.name)", Double(bytes) / Double(totalBytes))
        }
      }
      layer.forgetPages()
    }
    progress("comparing activations", 1)
    result.check = try ConversionCheck(
      of: try Transcoder(circuitTracer: folder, configuration), against: source, isExact: type != .bfloat16)
    try place.stage("conversion.json", try record(result, command: command))
    try place.stage("config.yaml", Array(configuration.yaml.utf8))
    try place.commit()
    // As any user will.
    _ = try Transcoder(folder: folder)
    return result
  }

  // MARK: Files

  private func files(of layer: TranscoderLayer, index: Int) -> [CircuitTracerFiles.File] {
    CircuitTracerFiles(of: layer, layer: index, kind: source.configuration.kind, type: type).files
  }

  /// Bytes of all files.
  private var totalBytes: Int {
    source.layers.enumerated().reduce(1) { sum, layer in
      sum + files(of: layer.element, index: layer.offset).reduce(0) { $0 + $1.writer.byteCount }
    }
  }

  private func convert(
    _ file: CircuitTracerFiles.File, into result: inout Result, progress: @escaping (Int) -> Void
  ) throws {
    let place = folder.appending(path: file.name)
    let before = result.bytes
    if try Self.holds(place, file.writer, counting: { progress(before + $0) }) == nil {
      result.kept += 1
    } else {
      let batch = try FileBatch(folder: folder)
      var count = 0
      let parts = file.writer.parts().lazy.map { part in
        count += part.count
        progress(before + count / 2)
        return part
      }
      try batch.stage(file.name, parts: parts)
      try batch.commit()
      if let fault = try Self.holds(place, file.writer, counting: { progress(before + (count + $0) / 2) }) {
        try? FileManager.default.removeItem(at: place)
        throw ConversionError.differs(file: place.path, reason: fault)
      }
      result.written += 1
    }
    let size = try? FileManager.default.attributesOfItem(atPath: place.path)[.size] as? NSNumber
    result.bytes += size?.intValue ?? 0
  }

  /// What is wrong with a file that should hold what a writer writes; nothing if it does.
  private static func holds(
    _ place: URL, _ writer: SafetensorsWriter, counting: (Int) -> Void
  ) throws -> String? {
    guard FileManager.default.fileExists(atPath: place.path) else { return "it is missing" }
    let file = try MappedFile(place)
    var at = 0
    for part in writer.parts() {
      guard file.bytes.count >= at + part.count else { return "it ends at byte \(file.bytes.count)" }
      let isEqual = part.withUnsafeBytes { part in
        guard let wanted = part.baseAddress, let start = file.bytes.baseAddress else { return true }
        return memcmp(start + at, wanted, part.count) == 0
      }
      guard isEqual else { return "its bytes from \(at) on are others" }
      file.forget(max(0, at - 1 << 20)..<at)
      at += part.count
      counting(at)
    }
    return at == file.bytes.count ? nil : "it has \(file.bytes.count) bytes instead of \(at)"
  }

  // MARK: The folder

  /// The configuration of the result.
  private func writtenConfiguration() throws(ConversionError) -> TranscoderConfiguration {
    let own = source.configuration
    let kept = source.layers.map { layer -> [Int] in
      if case .topK(let k, let keepsNegative) = layer.activation { [k, keepsNegative ? 1 : 0] } else { [] }
    }
    guard let first = kept.first, kept.allSatisfy({ $0 == first }) else {
      throw .cannotSay(
        folder: source.folder.path,
        reason: "its layers keep different numbers of features (TopK), and config.yaml has one k")
    }
    return TranscoderConfiguration(
      kind: own.kind, modelName: own.modelName, inputHook: own.inputHook, outputHook: own.outputHook,
      topK: first.first, keepsNegative: first.last != 0)
  }

  /// Refuses a folder that holds something else than an earlier run of the same conversion left.
  private func checkPlace() throws(ConversionError) {
    let target = folder.resolvingSymlinksInPath().path
    if source.files.contains(where: { $0.resolvingSymlinksInPath().path.hasPrefix(target + "/") }) {
      throw .occupied(folder: folder.path, reason: "the transcoders that are to be converted lie in it")
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    guard names.contains(where: { $0.hasSuffix(".safetensors") || $0 == "config.yaml" }) else { return }
    let record = (try? Data(contentsOf: folder.appending(path: "conversion.json")))
      .flatMap { try? JSON(parsing: Array($0)).object }
    guard record?["source_fingerprint"]?.string == sourceFingerprint, record?["type"]?.string == typeName
    else {
      throw .occupied(folder: folder.path, reason: "it holds other transcoders already")
    }
  }

  /// Refuses a source with numbers that are none, before anything is written.
  private func checkFinite(_ progress: (_ phase: String, _ fraction: Double) -> Void) throws(ConversionError)
  {
    for (index, layer) in source.layers.enumerated() {
      progress("looking through layer \(index)", 0)
      for (what, weight) in [
        ("encoder", layer.encoder), ("decoder", layer.decoder), ("skip connection", layer.skip),
      ]
      where weight?.isFinite == false {
        throw .notFinite(folder: source.folder.path, layer: index, what: what)
      }
      layer.forgetPages()
    }
  }

  private func checkSpace(for bytes: Int) throws(ConversionError) {
    let there =
      (try? FileManager.default.contentsOfDirectory(
        at: folder, includingPropertiesForKeys: [.fileSizeKey])) ?? []
    let present = there.reduce(0) {
      $0 + ((try? $1.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0)
    }
    guard let free = DiskSpace.free(at: folder), free + present < bytes else { return }
    throw .noSpace(folder: folder.path, needed: bytes, free: free)
  }

  private var sourceFingerprint: String { Fingerprint.of(files: source.files) }
  private var typeName: String { type?.rawValue ?? "as stored" }

  /// What is written down: of whom it is, and, once it is finished, how it came out.
  private func record(_ result: Result?, command: [String]) throws -> [UInt8] {
    var json: JSONObject = [
      "clew": .string(Version.current), "command": .array(command.map { .string($0) }),
      "format": .string(source.format.rawValue),
      "files": .array(source.files.map { .string($0.lastPathComponent) }),
      "source_fingerprint": .string(sourceFingerprint), "type": .string(typeName),
      "finished": .bool(result != nil),
    ]
    if let check = result?.check {
      json["inputs_compared"] = JSON(check.inputs)
      json["features_activated"] = JSON(check.activated)
      json["features_that_differ"] = JSON(check.differing)
      json["largest_activation_difference"] = JSON(check.activationDifference)
      json["largest_reconstruction_difference"] = JSON(check.reconstructionDifference)
    }
    return try JSON.object(json).bytes() + [UInt8(ascii: "\n")]
  }
}
