public import Foundation

/// A model's weights: one safetensors file, or shards with an index.
public struct Checkpoint: Sendable {
  /// The folder they lie in.
  public let folder: URL
  /// The tensors by name, over all shards.
  public let tensors: [String: StoredTensor]

  /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names, in a folder.
  public init(folder: URL) throws(CheckpointError) {
    self.folder = folder
    let single = folder.appending(path: "model.safetensors")
    let index = folder.appending(path: "model.safetensors.index.json")
    if FileManager.default.fileExists(atPath: single.path) {
      tensors = try SafetensorsFile(single).tensors
    } else if FileManager.default.fileExists(atPath: index.path) {
      tensors = try Self.shards(of: index, in: folder)
    } else {
      throw ForeignWeights.explanation(of: folder, wanted: .model) ?? .noWeights(folder: folder.path)
    }
  }

  private static func shards(of index: URL, in folder: URL) throws(CheckpointError) -> [String: StoredTensor]
  {
    guard let data = try? Data(contentsOf: index) else {
      throw .cannotRead(path: index.path, reason: String(cString: strerror(errno)))
    }
    try GitLFS.check(data, path: index.path)
    guard let parsed = try? JSONSerialization.jsonObject(with: data),
      let map = (parsed as? [String: Any])?["weight_map"] as? [String: String]
    else { throw .badHeader(path: index.path, reason: "it has no 'weight_map' from tensors to files") }
    let missing = Set(map.values).filter {
      !$0.isEmpty && !FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
    }
    guard missing.isEmpty else { throw .missingShards(index: index.path, names: missing.sorted()) }
    var files: [String: SafetensorsFile] = [:]
    var tensors: [String: StoredTensor] = [:]
    for (name, fileName) in map.sorted(by: { $0.key < $1.key }) {
      guard !fileName.contains("/"), fileName != "..", !fileName.isEmpty else {
        throw .badHeader(path: index.path, reason: "it names the file '\(fileName)' outside its folder")
      }
      if files[fileName] == nil { files[fileName] = try SafetensorsFile(folder.appending(path: fileName)) }
      tensors[name] = try files[fileName]?.tensor(name)
    }
    return tensors
  }

  /// A tensor by name.
  public func tensor(_ name: String) throws(CheckpointError) -> StoredTensor {
    guard let tensor = tensors[name] else {
      throw .tensorNotFound(
        name: name, path: folder.path, nearest: nearestNames(to: name, in: tensors.keys))
    }
    return tensor
  }

  /// Whether a tensor is there.
  public func contains(_ name: String) -> Bool { tensors[name] != nil }
}
