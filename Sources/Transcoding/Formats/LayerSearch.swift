internal import Checkpoints
internal import Foundation

/// Finds the layers of transcoders in the files that other tools leave.
enum LayerSearch {
  /// The most files and folders that are looked at, and how deep they may lie.
  private static let (mostEntries, greatestDepth) = (100_000, 6)
  private static let names = [
    "params.npz", "params.safetensors", SAELens.weightsName, Sparsify.weightsName,
  ]

  /// Reads one layer from a file, or from a folder that holds one.
  static func read(_ url: URL) throws(TranscodingError) -> FoundLayer {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw .checkpoint(.cannotRead(path: url.path, reason: String(cString: strerror(ENOENT))))
    }
    if isFolder.boolValue {
      let here = names.filter { FileManager.default.fileExists(atPath: url.appending(path: $0).path) }
      if here.isEmpty, let found = ForeignWeights.explanation(of: url, wanted: .transcoders) {
        throw .checkpoint(found)
      }
      guard here.count == 1 else {
        throw .badConfiguration(
          path: url.path,
          reason: here.isEmpty
            ? "it holds none of \(names.joined(separator: ", "))"
            : "it holds \(here.joined(separator: " and "))")
      }
      return try read(url.appending(path: here[0]))
    }
    if url.lastPathComponent == SAELens.weightsName {
      return try SAELens.layer(in: url.deletingLastPathComponent())
    }
    if url.lastPathComponent == Sparsify.weightsName {
      return try Sparsify.layer(in: url.deletingLastPathComponent())
    }
    let scope: SafetensorsFile
    do throws(CheckpointError) {
      if url.pathExtension == "npz" { return try GemmaScope.first(url) }
      try ForeignWeights.checkFile(url)
      let file = try SafetensorsFile(url)
      if let found = ForeignWeights.explanation(of: file) { throw found }
      if file.tensors["w_enc"] == nil { return try CircuitTracer.perLayer(url, file) }
      scope = file
    } catch {
      throw .checkpoint(error)
    }
    return try GemmaScope.second(url, scope)
  }

  /// The layers that lie below a folder, one file each, in order.
  static func layers(below folder: URL) throws(TranscodingError) -> [FoundLayer] {
    var found: [FoundLayer] = []
    for file in try files(below: folder) { found.append(try read(file)) }
    return try ordered(found, folder: folder)
  }

  /// Layers in order: each one there, and there once.
  static func ordered(_ found: [FoundLayer], folder: URL) throws(TranscodingError) -> [FoundLayer] {
    func bad(_ reason: String) -> TranscodingError { .badConfiguration(path: folder.path, reason: reason) }
    var layers: [Int: FoundLayer] = [:]
    for layer in found {
      let path = layer.files.first?.path ?? ""
      guard let number = layer.layer else { throw bad("\(path) does not say which layer it is for") }
      if let other = layers[number] {
        let paths = "\(other.files.first?.path ?? "") and \(path)"
        throw bad(
          "layer \(number) is there more than once (\(paths)); name the folder of each layer to `clew convert`, or "
            + "under 'transcoders' in a config.yaml")
      }
      layers[number] = layer
    }
    for number in 0..<layers.count where layers[number] == nil {
      throw bad(
        "there is no transcoder for layer \(number), only for \(layers.keys.sorted().map(String.init).joined(separator: ", "))"
      )
    }
    return (0..<layers.count).compactMap { layers[$0] }
  }

  /// The files that hold a layer, links followed.
  private static func files(below folder: URL) throws(TranscodingError) -> [URL] {
    var files: [URL] = []
    var seen: Set<String> = []
    var count = 0
    var waiting = [(folder: folder, depth: 0)]
    while let (next, depth) = waiting.popLast() {
      // A folder that links lead to twice is searched once.
      guard seen.insert(next.resolvingSymlinksInPath().path).inserted else { continue }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: next.path)) ?? []
      count += names.count
      guard count <= mostEntries else {
        throw .badConfiguration(
          path: folder.path, reason: "more than \(mostEntries) files lie below it; name a folder further down"
        )
      }
      for name in names where !name.hasPrefix(".") {
        let url = next.appending(path: name)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { continue }
        if isFolder.boolValue {
          if depth < greatestDepth { waiting.append((url, depth + 1)) }
        } else if Self.names.contains(name)
          || name.hasPrefix("params_layer_") && name.hasSuffix(".safetensors")
        {
          files.append(url)
        }
      }
    }
    return files.sorted { $0.path < $1.path }
  }
}
