public import Files
internal import Foundation
internal import Tensors

/// What can be wrong with a file of weights.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  /// A file is missing or cannot be opened.
  case cannotRead(path: String, reason: String)
  /// A folder holds no weights in a known layout.
  case noWeights(folder: String)
  /// A header contradicts itself or the file it stands in.
  case badHeader(path: String, reason: String)
  /// An index of shards contradicts itself or the shards.
  case badIndex(path: String, reason: String)
  /// A NumPy file contradicts itself, or holds what cannot be read.
  case badArray(path: String, reason: String)
  /// An archive of NumPy arrays contradicts itself, or holds what cannot be read.
  case badArchive(path: String, reason: String)
  /// A tensor is not there.
  case tensorNotFound(name: String, path: String, nearest: [String])
  /// A tensor has another shape than its use needs.
  case wrongShape(name: String, path: String, expected: [Int], actual: [Int])
  /// A tensor holds numbers of a type that its use cannot take.
  case wrongType(name: String, path: String, type: String, expected: String)
  /// A file of weights or tokens has become shorter since it was opened.
  case torn(path: String)
  /// A file cannot be written.
  case cannotWrite(path: String, reason: String)
  /// Something else lies where weights are wanted.
  case foreign(path: String, what: String, advice: String)
  /// A text of Git LFS stands in for a file.
  case lfsPointer(path: String, byteCount: Int?)
  /// An index names files that are not there.
  case missingShards(index: String, names: [String])
  /// A file was not written as it should have been.
  case notWritten(FileError)

  public var description: String {
    switch self {
    case .cannotRead(let path, let reason):
      "\(path) cannot be read: \(reason). Check the path and its permissions."
    case .noWeights(let folder):
      "\(folder) holds neither model.safetensors nor model.safetensors.index.json. "
        + "Name a folder in Hugging Face layout."
    case .badHeader(let path, let reason):
      "\(path) is not a sound safetensors file: \(reason). It may be truncated or of another format; "
        + "fetch or convert it again."
    case .badIndex(let path, let reason):
      "\(path) is not a sound index of weights: \(reason). Fetch the model's files again, all of one version."
    case .badArray(let path, let reason):
      "\(path) is not a NumPy file of whole numbers that Clew can read: \(reason). "
        + "Save it again with numpy.save as uint16, int32 or int64."
    case .badArchive(let path, let reason):
      "\(path) is not an archive of NumPy arrays that Clew can read: \(reason). Save its arrays with numpy.savez as float32 "
        + "(not savez_compressed), or fetch it again if it may be truncated."
    case .tensorNotFound(let name, let path, let nearest):
      "\(path) has no tensor named '\(name)'"
        + (nearest.isEmpty ? "" : "; the nearest names are \(nearest.joined(separator: ", "))")
        + ". Check that the file belongs to this model or transcoder."
    case .wrongShape(let name, let path, let expected, let actual):
      "the tensor '\(name)' in \(path) has shape \(actual), but \(Self.text(expected)) is needed. "
        + "Check that the file belongs to this model or transcoder."
    case .wrongType(let name, let path, let type, let expected):
      "the tensor '\(name)' in \(path) holds \(type) numbers, but \(expected) is needed. Convert the file."
    case .torn(let path): TensorError.torn(path: path).description
    case .cannotWrite(let path, let reason):
      "\(path) cannot be written: \(reason). Nothing was changed; free some space or choose another folder."
    case .foreign(let path, let what, let advice): "\(path) cannot be used: \(what). \(advice)"
    case .lfsPointer(let path, let count):
      "\(path) is a Git LFS pointer, and not the file itself\(count.map { " of \(ByteText.of($0))" } ?? ""). "
        + "Run git lfs pull in its folder, or fetch the file again."
    case .missingShards(let index, let names):
      "\(index) names \(names.prefix(3).joined(separator: ", "))"
        + "\(names.count > 3 ? " and \(names.count - 3) more" : ""), which \(names.count > 1 ? "are" : "is") not there. "
        + "Fetch what is missing."
    case .notWritten(let error): "\(error)"
    }
  }
}

extension CheckpointError {
  /// A shape, with n for a size that may be any.
  private static func text(_ shape: [Int]) -> String {
    "[\(shape.map { $0 < 0 ? "n" : "\($0)" }.joined(separator: ", "))]"
  }
}

extension CheckpointError {
  init(_ error: TensorError) {
    switch error {
    case .cannotRead(let path, let reason): self = .cannotRead(path: path, reason: reason)
    case .torn(let path): self = .torn(path: path)
    }
  }
}

extension MappedFile {
  /// Maps a file of weights.
  convenience init(checkpoint url: URL) throws(CheckpointError) {
    do throws(TensorError) {
      try self.init(url)
    } catch {
      throw CheckpointError(error)
    }
    try GitLFS.check(bytes, path: path)
  }
}
