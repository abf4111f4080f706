public import Foundation
internal import Tensors

/// A model's weights: one safetensors file, or shards with an index.
public struct Checkpoint: Sendable {
  /// The folder they lie in.
  public let folder: URL
  /// The tensors by name, over all shards.
  public let tensors: [String: StoredTensor]
  /// The index, and the files in which it says tensors lie that they do not hold.
  private let index: URL
  private let misplaced: [String: String]

  /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names, in a folder.
  public init(folder: URL) throws(CheckpointError) {
    self.folder = folder
    let single = folder.appending(path: "model.safetensors")
    index = folder.appending(path: "model.safetensors.index.json")
    if FileManager.default.fileExists(atPath: single.path) {
      tensors = try SafetensorsFile(single).tensors
      misplaced = [:]
    } else if FileManager.default.fileExists(atPath: index.path) {
      (tensors, misplaced) = try Self.shards(of: index, in: folder)
    } else {
      throw ForeignWeights.explanation(of: folder, wanted: .model) ?? .noWeights(folder: folder.path)
    }
  }

  /// The tensors of all shards. One that the index lists and its file lacks is missed only if it is wanted.
  private static func shards(
    of index: URL, in folder: URL
  ) throws(CheckpointError) -> (tensors: [String: StoredTensor], misplaced: [String: String]) {
    let data: Data
    do throws(TensorError) { data = try PlainFile.data(of: index) } catch { throw CheckpointError(error) }
    try GitLFS.check(data, path: index.path)
    guard let parsed = try? JSONSerialization.jsonObject(with: data),
      let map = (parsed as? [String: Any])?["weight_map"] as? [String: String]
    else { throw .badIndex(path: index.path, reason: "it has no 'weight_map' from tensors to files") }
    for fileName in map.values.sorted() {
      guard !fileName.contains("/"), fileName != "..", !fileName.isEmpty else {
        throw .badIndex(path: index.path, reason: "it names the file '\(fileName)' outside its folder")
      }
    }
    let missing = Set(map.values).filter {
      !FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
    }
    guard missing.isEmpty else { throw .missingShards(index: index.path, names: missing.sorted()) }
    var files: [String: SafetensorsFile] = [:]
    var tensors: [String: StoredTensor] = [:]
    var misplaced: [String: String] = [:]
    for (name, fileName) in map.sorted(by: { $0.key < $1.key }) {
      if files[fileName] == nil { files[fileName] = try SafetensorsFile(folder.appending(path: fileName)) }
      if let tensor = files[fileName]?.tensors[name] {
        tensors[name] = tensor
      } else {
        misplaced[name] = fileName
      }
    }
    // What the index does not list is there all the same, as it is for other readers.
    for (_, file) in files.sorted(by: { $0.key < $1.key }) {
      for (name, tensor) in file.tensors where map[name] == nil && tensors[name] == nil {
        tensors[name] = tensor
      }
    }
    return (tensors, misplaced)
  }

  /// A tensor by name.
  public func tensor(_ name: String) throws(CheckpointError) -> StoredTensor {
    if let tensor = tensors[name] { return tensor }
    if let fileName = misplaced[name] {
      throw .badIndex(
        path: index.path, reason: "it says that '\(name)' lies in \(fileName), which does not hold it")
    }
    throw .tensorNotFound(name: name, path: folder.path, nearest: nearestNames(to: name, in: tensors.keys))
  }

  /// Whether the index lists a tensor that its file does not hold.
  public func misses(_ name: String) -> Bool { misplaced[name] != nil }

  /// Whether a tensor is there.
  public func contains(_ name: String) -> Bool { tensors[name] != nil }
}
