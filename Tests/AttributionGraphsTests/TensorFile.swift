import Foundation

/// The tensors of a safetensors file, as far as tests need them.
struct TensorFile {
  private let header: [String: Any]
  private let data: Data

  init(_ url: URL) throws {
    let bytes = try Data(contentsOf: url)
    let length = Int(
      bytes.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) })
    let json = try JSONSerialization.jsonObject(with: bytes.dropFirst(8).prefix(length))
    header = (json as? [String: Any]) ?? [:]
    data = Data(bytes.dropFirst(8 + length))
  }

  func shape(_ name: String) -> [Int] { (header[name] as? [String: Any])?["shape"] as? [Int] ?? [] }

  /// Numbers of the type that the file keeps under a name.
  func values<Value: BitwiseCopyable>(_ name: String, as type: Value.Type) throws -> [Value] {
    guard let entry = header[name] as? [String: Any], let ends = entry["data_offsets"] as? [Int] else {
      throw CocoaError(.keyValueValidation, userInfo: [NSLocalizedDescriptionKey: "no tensor \(name)"])
    }
    let bytes = data[ends[0]..<ends[1]]
    return Array(unsafeUninitializedCapacity: bytes.count / MemoryLayout<Value>.stride) { buffer, count in
      count = bytes.copyBytes(to: buffer) / MemoryLayout<Value>.stride
    }
  }
}
