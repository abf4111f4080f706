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
    let configuration = writtenConfiguration
    try checkPlace(configuration)
    // A folder that is made for this goes away again if nothing comes to lie in it.
    let place = try FileBatch(folder: folder)
    try checkSpace()
    var result = Result()
    for (index, layer) in source.layers.enumerated() {
      for file in files(of: layer, index: index) {
        progress("layer \(index), \(file.name)", Double(result.bytes) / Double(totalBytes))
        try convert(file, into: &result) { bytes in
          progress("layer \(index), \(file.name)", Double(bytes) / Double(totalBytes))
        }
      }
      layer.forgetPages()
    }
    progress("comparing activations", 1)
    result.check = try ConversionCheck(
      of: try Transcoder(circuitTracer: folder, configuration), against: source, isExact: keepsNumbers)
    try place.stage("conversion.json", try record(result, command: command))
    try place.stage("config.yaml", Array(configuration.yaml.utf8))
    try place.commit()
    return result
  }

  // MARK: Files

  private func storedType(_ weight: WeightMatrix) -> ElementType {
    type ?? (weight.type == .bfloat16 ? .bfloat16 : .float32)
  }

  /// Whether every number is stored as it was.
  private var keepsNumbers: Bool {
    source.layers.allSatisfy { layer in
      storedType(layer.encoder) == .float32 || layer.encoder.type == .bfloat16
    }
  }

  private func files(of layer: TranscoderLayer, index: Int) -> [CircuitTracerFiles.File] {
    CircuitTracerFiles(
      of: layer, layer: index, kind: source.configuration.kind, type: storedType(layer.encoder)
    ).files
  }

  /// Bytes of all weights as they will be stored.
  private var totalBytes: Int {
    source.layers.reduce(0) { sum, layer in
      let numbers = layer.encoder.outputs * (layer.encoder.inputs + layer.decoder.inputs)
      return sum + numbers * storedType(layer.encoder).byteCount
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
  private var writtenConfiguration: TranscoderConfiguration {
    let own = source.configuration
    var topK: Int?
    var keepsNegative = true
    for layer in source.layers {
      if case .topK(let k, let keeps) = layer.activation { (topK, keepsNegative) = (k, keeps) }
    }
    return TranscoderConfiguration(
      kind: own.kind, modelName: own.modelName, inputHook: own.inputHook, outputHook: own.outputHook,
      topK: topK, keepsNegative: keepsNegative)
  }

  private func checkPlace(_ configuration: TranscoderConfiguration) throws(ConversionError) {
    let names = source.layers.indices.flatMap { index in
      files(of: source.layers[index], index: index).map {
        folder.appending(path: $0.name).standardizedFileURL.path
      }
    }
    let sources = Set(source.files.map(\.standardizedFileURL.path))
    if names.contains(where: sources.contains) {
      throw .occupied(folder: folder.path, reason: "it holds the transcoders that are to be converted")
    }
    let settings = folder.appending(path: "config.yaml")
    guard let text = try? Data(contentsOf: settings) else { return }
    guard text.elementsEqual(configuration.yaml.utf8) else {
      throw .occupied(folder: folder.path, reason: "it holds other transcoders already")
    }
  }

  private func checkSpace() throws(ConversionError) {
    let there =
      (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.fileSizeKey]))
      ?? []
    let present = there.reduce(0) { $0 + ((try? $1.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0) }
    guard let free = DiskSpace.free(at: folder), free + present < totalBytes else { return }
    throw .noSpace(folder: folder.path, needed: totalBytes, free: free)
  }

  private func record(_ result: Result, command: [String]) throws -> [UInt8] {
    let json: JSON = [
      "clew": .string(Version.current), "command": .array(command.map { .string($0) }),
      "format": .string(source.format.rawValue),
      "files": .array(source.files.map { .string($0.lastPathComponent) }),
      "source_fingerprint": .string(Fingerprint.of(files: source.files)),
      "type": .string(type?.rawValue ?? "as stored"),
      "inputs_compared": JSON(result.check.inputs), "features_activated": JSON(result.check.activated),
      "features_that_differ": JSON(result.check.differing),
      "largest_activation_difference": JSON(result.check.activationDifference),
      "largest_reconstruction_difference": JSON(result.check.reconstructionDifference),
    ]
    return try json.bytes() + [UInt8(ascii: "\n")]
  }
}
