public import Foundation

/// A safetensors file as bytes, with whatever header a test wants it to have.
public enum RawSafetensors {
  /// A file of a header and its data.
  /// - Parameter length: What the file claims the header's length to be; the truth if `nil`.
  public static func file(header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
    let text = Array(header.utf8)
    return withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { Array($0) } + text + data
  }

  /// Takes a file's header apart, lets a test bend it, and puts the file together again.
  public static func bend(_ file: URL, _ body: (inout [String: Any]) -> Void) throws {
    let (header, data) = try parts(of: file)
    var object = try JSONSerialization.jsonObject(with: header) as? [String: Any] ?? [:]
    body(&object)
    let text = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    try Data(self.file(header: text, data: Array(data))).write(to: file)
  }

  /// Writes numbers over those that a tensor of float32 begins with.
  public static func overwrite(_ name: String, in file: URL, with values: [Float]) throws {
    var (header, data) = try parts(of: file)
    let object = try JSONSerialization.jsonObject(with: header) as? [String: Any] ?? [:]
    let entry = object[name] as? [String: Any] ?? [:]
    let range = entry["data_offsets"] as? [Int] ?? [0, 0]
    var bytes = values.withUnsafeBytes { Data($0) }
    bytes = bytes.prefix(range[1] - range[0])
    data.replaceSubrange(data.startIndex + range[0]..<data.startIndex + range[0] + bytes.count, with: bytes)
    try Data(self.file(header: String(decoding: header, as: UTF8.self), data: Array(data))).write(to: file)
  }

  private static func parts(of file: URL) throws -> (header: Data, data: Data) {
    let bytes = try Data(contentsOf: file)
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    return (bytes.dropFirst(8).prefix(length), bytes.dropFirst(8 + length))
  }
}
