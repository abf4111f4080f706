internal import Foundation

/// How a file is taken apart before it is damaged.
enum FileKind: Sendable {
  case json, yaml, safetensors, npz, npy, text, bytes

  /// The kind that a file's name promises.
  init(name: String) {
    self =
      switch URL(filePath: name).pathExtension {
      case "json": .json
      case "yaml": .yaml
      case "safetensors": .safetensors
      case "npz": .npz
      case "npy": .npy
      case "txt", "tsv", "jsonl": .text
      default: .bytes
      }
  }
}

/// A whole input of a reader, unharmed: some files in a folder.
struct FuzzSeed: Sendable {
  /// One file.
  struct File: Sendable {
    /// Where it lies in the folder.
    let path: String
    let bytes: [UInt8]
    let kind: FileKind
    /// How often it is the one that is damaged, against the others.
    let weight: Int

    init(_ path: String, _ bytes: [UInt8], kind: FileKind? = nil, weight: Int = 1) {
      self.path = path
      self.bytes = bytes
      self.kind = kind ?? FileKind(name: path)
      self.weight = weight
    }
  }

  let name: String
  let files: [File]

  init(name: String, files: [File]) {
    self.name = name
    self.files = files
  }

  /// The files below a folder.
  /// - Parameters:
  ///   - weights: Of the files whose name ends so; others have the weight 1, and those of weight 0 are never damaged.
  ///   - isWanted: Which files belong to it.
  init(
    folder: URL, weights: [String: Int] = [:], where isWanted: (String) -> Bool = { _ in true }
  ) throws {
    var files: [File] = []
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() where isWanted(path)
    {
      var isFolder: ObjCBool = false
      let url = folder.appending(path: path)
      guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue
      else {
        continue
      }
      let weight = weights.first { path.hasSuffix($0.key) }?.value ?? 1
      files.append(File(path, Array(try Data(contentsOf: url)), weight: weight))
    }
    self.init(name: folder.lastPathComponent, files: files)
  }

  /// Bytes of all files.
  var byteCount: Int { files.reduce(0) { $0 + $1.bytes.count } }
}
