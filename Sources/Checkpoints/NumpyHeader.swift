/// What stands in front of the numbers of a NumPy array, checked against the bytes that are there.
///
/// Layout: `\x93NUMPY`, two bytes of version, a little-endian header length, the header as a Python dictionary with
/// `descr`, `fortran_order` and `shape`, the numbers.
struct NumpyHeader {
  /// The type as NumPy spells it: `<f4`, `|u1`, ….
  let type: String
  /// Outermost axis first.
  let shape: [Int]
  /// How many numbers there are.
  let count: Int
  /// Where the numbers begin, from the array's first byte.
  let dataStart: Int

  /// What is wrong with an array.
  struct Fault: Error {
    let reason: String
  }

  /// Reads the header of an array.
  /// - Parameters:
  ///   - bytes: The array from its first byte to its last.
  ///   - widths: Bytes of one number, for each type that can be read.
  init(_ bytes: UnsafeRawBufferPointer, widths: [String: Int]) throws(Fault) {
    guard bytes.count >= 12, bytes.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8)) else {
      throw Fault(reason: "it does not begin as a NumPy array does")
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    guard (1...3).contains(bytes[6]) else { throw Fault(reason: "its format version is \(bytes[6])") }
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    dataStart = 8 + lengthBytes + length
    guard dataStart <= bytes.count, length < 1 << 16 else {
      throw Fault(reason: "its header has \(length) bytes")
    }
    let header = PythonDictionary(String(decoding: bytes[8 + lengthBytes..<dataStart], as: UTF8.self))
    guard let type = header.text("descr") else { throw Fault(reason: "its header names no type") }
    guard let width = widths[type] else {
      throw Fault(
        reason:
          "it holds numbers of type '\(type)', not one of \(widths.keys.sorted().joined(separator: ", "))")
    }
    guard header.word("fortran_order") == "False" else { throw Fault(reason: "its axes are not in C order") }
    guard let shape = header.shape else { throw Fault(reason: "its header names no shape") }
    guard let count = Shape.count(shape) else { throw Fault(reason: "it has the impossible shape \(shape)") }
    guard bytes.count - dataStart == count * width else {
      throw Fault(
        reason: "\(count) numbers take \(count * width) bytes, but \(bytes.count - dataStart) are there")
    }
    self.type = type
    self.shape = shape
    self.count = count
  }
}

/// A dictionary as Python prints it, of which three entries are read.
private struct PythonDictionary {
  private let content: Substring

  init(_ text: String) { content = text[...] }

  /// What follows `'key':`.
  private func rest(_ key: String) -> Substring? {
    for quote in ["'", "\""] {
      if let range = content.firstRange(of: "\(quote)\(key)\(quote):") {
        return content[range.upperBound...].drop { $0 == " " }
      }
    }
    return nil
  }

  func text(_ key: String) -> String? {
    guard let rest = rest(key), let quote = rest.first, quote == "'" || quote == "\"" else { return nil }
    return String(rest.dropFirst().prefix { $0 != quote })
  }

  func word(_ key: String) -> String? { rest(key).map { String($0.prefix { $0.isLetter }) } }

  var shape: [Int]? {
    guard let rest = rest("shape"), rest.first == "(", rest.contains(")") else { return nil }
    var shape: [Int] = []
    for part in rest.dropFirst().prefix(while: { $0 != ")" }).split(separator: ",") {
      guard let side = Int(part.filter { $0 != " " }), side >= 0 else { return nil }
      shape.append(side)
    }
    return shape
  }
}
