public import Foundation
public import Tensors

/// A safetensors file, memory-mapped, its header checked before anything is used.
///
/// Layout: a little-endian 64-bit header length, the header as JSON, the data. The header names each tensor's
/// type, shape and `data_offsets` within the data.
public struct SafetensorsFile: Sendable {
  /// The tensors by name.
  public let tensors: [String: StoredTensor]
  /// The free texts under `__metadata__`.
  public let metadata: [String: String]
  /// The file.
  public let file: MappedFile

  /// Bytes a number of each type takes.
  static let widths = [
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4,
    "U16": 2, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
  ]
  /// A longer header is taken for damage: the format's own limit.
  static let longestHeader = 100_000_000

  /// Maps a file and checks its header: every offset, length, type and shape.
  public init(_ url: URL) throws(CheckpointError) {
    file = try MappedFile(checkpoint: url)
    let path = url.path
    let bytes = file.bytes
    guard bytes.count >= 8 else { throw .badHeader(path: path, reason: "it has \(bytes.count) bytes") }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(min(bytes.count - 8, Self.longestHeader)) else {
      throw .badHeader(
        path: path, reason: "its header would be \(length) bytes long, but the file has \(bytes.count)")
    }
    let headerEnd = 8 + Int(length)
    let header = Data(bytes[8..<headerEnd])
    guard let parsed = try? JSONSerialization.jsonObject(with: header), let object = parsed as? [String: Any]
    else { throw .badHeader(path: path, reason: "its header is not a JSON object") }
    metadata = object["__metadata__"] as? [String: String] ?? [:]
    var tensors: [String: StoredTensor] = [:]
    for (name, entry) in object where name != "__metadata__" {
      tensors[name] = try Self.tensor(name, entry, in: file, dataStart: headerEnd)
    }
    try Self.checkDisjoint(tensors.values, path: path)
    self.tensors = tensors
  }

  private static func tensor(
    _ name: String, _ entry: Any, in file: MappedFile, dataStart: Int
  ) throws(CheckpointError) -> StoredTensor {
    func bad(_ reason: String) -> CheckpointError {
      .badHeader(path: file.path, reason: "the entry of tensor '\(name)' \(reason)")
    }
    guard let entry = entry as? [String: Any] else { throw bad("is not an object") }
    guard let type = entry["dtype"] as? String, let width = widths[type] else {
      throw bad("has the unknown type \(entry["dtype"] ?? "nothing")")
    }
    guard let shape = integers(entry["shape"]), shape.allSatisfy({ $0 >= 0 }) else {
      throw bad("has no shape of whole numbers")
    }
    guard let offsets = integers(entry["data_offsets"]), offsets.count == 2 else {
      throw bad("has no pair of data offsets")
    }
    guard let numbers = Shape.count(shape) else { throw bad("has the impossible shape \(shape)") }
    let size = numbers * width
    let dataCount = file.bytes.count - dataStart
    guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= dataCount else {
      throw bad("points to bytes \(offsets[0]) to \(offsets[1]) of \(dataCount)")
    }
    guard offsets[1] - offsets[0] == size else {
      throw bad("has \(offsets[1] - offsets[0]) bytes, but \(type) of shape \(shape) takes \(size)")
    }
    return StoredTensor(
      name: name, typeName: type, shape: shape, file: file,
      bytes: dataStart + offsets[0]..<dataStart + offsets[1])
  }

  private static func integers(_ value: Any?) -> [Int]? {
    guard let list = value as? [Any] else { return nil }
    var result: [Int] = []
    for item in list {
      guard JSONScalar.number(item) != nil, let number = item as? NSNumber,
        let exact = Int(exactly: number.doubleValue)
      else { return nil }
      result.append(exact.magnitude < 1 << 53 ? exact : number.intValue)
    }
    return result
  }

  private static func checkDisjoint(
    _ tensors: Dictionary<String, StoredTensor>.Values, path: String
  ) throws(CheckpointError) {
    var end = 0
    for tensor in tensors.sorted(by: { ($0.bytes.lowerBound, $0.name) < ($1.bytes.lowerBound, $1.name) })
    where !tensor.bytes.isEmpty {
      guard tensor.bytes.lowerBound >= end else {
        throw .badHeader(path: path, reason: "the tensor '\(tensor.name)' overlaps the one before it")
      }
      end = tensor.bytes.upperBound
    }
  }

  /// A tensor by name.
  public func tensor(_ name: String) throws(CheckpointError) -> StoredTensor {
    guard let tensor = tensors[name] else {
      throw .tensorNotFound(name: name, path: file.path, nearest: nearestNames(to: name, in: tensors.keys))
    }
    return tensor
  }
}

/// Up to three names that are few edits away from the wanted one.
func nearestNames(to name: String, in names: some Sequence<String>) -> [String] {
  names.map { (Spelling.distance(name, $0), $0) }
    .filter { $0.0 <= max(3, name.utf8.count / 3) }
    .sorted { $0 < $1 }.prefix(3).map(\.1)
}
