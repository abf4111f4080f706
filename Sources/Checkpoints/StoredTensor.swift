public import Tensors

/// A tensor in a mapped file: its header entry, checked, and where its bytes lie.
public struct StoredTensor: Sendable {
  /// Its name in the file.
  public let name: String
  /// The numbers' type as the file spells it: `F32`, `BF16`, `I64`, …
  public let typeName: String
  /// Outermost axis first.
  public let shape: [Int]
  /// The file it lies in.
  public let file: MappedFile
  /// Where its bytes lie in the file.
  public let bytes: Range<Int>

  /// How many numbers it holds.
  public var count: Int { shape.reduce(1, *) }

  private func floatType() throws(CheckpointError) -> ElementType {
    guard let type = ElementType(rawValue: typeName) else {
      throw .wrongType(name: name, path: file.path, type: typeName, expected: "F32, F16 or BF16")
    }
    return type
  }

  private func check(_ expected: [Int]) throws(CheckpointError) {
    guard shape == expected else {
      throw .wrongShape(name: name, path: file.path, expected: expected, actual: shape)
    }
  }

  /// Whether another tensor holds the same numbers in the same shape, read to the first difference.
  ///
  /// Numbers of different types are compared as float32; what is not a number equals nothing.
  public func holdsSame(as other: StoredTensor) throws(CheckpointError) -> Bool {
    guard shape == other.shape else { return false }
    let width = max(1, shape.last ?? 1)
    func rows(_ tensor: StoredTensor) throws(CheckpointError) -> WeightMatrix {
      WeightMatrix(
        file: tensor.file, byteOffset: tensor.bytes.lowerBound, type: try tensor.floatType(),
        outputs: tensor.count / width, inputs: width)
    }
    let (mine, others) = (try rows(self), try rows(other))
    defer {
      mine.forgetPages()
      others.forgetPages()
    }
    for row in 0..<mine.outputs {
      guard mine.row(row) == others.row(row) else { return false }
      if row % 4096 == 4095 {
        mine.forgetPages()
        others.forgetPages()
      }
    }
    return true
  }

  /// The tensor as a learned matrix, of whatever two-dimensional shape it has.
  public func weight() throws(CheckpointError) -> WeightMatrix {
    guard shape.count == 2 else {
      throw .wrongShape(name: name, path: file.path, expected: [-1, -1], actual: shape)
    }
    return WeightMatrix(
      file: file, byteOffset: bytes.lowerBound, type: try floatType(), outputs: shape[0], inputs: shape[1])
  }

  /// The tensor as a learned matrix.
  /// - Throws: ``CheckpointError/wrongShape(name:path:expected:actual:)`` if it is not `[outputs, inputs]`.
  public func weight(outputs: Int, inputs: Int) throws(CheckpointError) -> WeightMatrix {
    try check([outputs, inputs])
    return try weight()
  }

  /// A three-dimensional tensor as a matrix whose rows hold the two inner axes.
  public func rows(_ expected: [Int]) throws(CheckpointError) -> WeightMatrix {
    try check(expected)
    return WeightMatrix(
      file: file, byteOffset: bytes.lowerBound, type: try floatType(), outputs: expected[0],
      inputs: expected.dropFirst().reduce(1, *))
  }

  /// A three-dimensional tensor as matrices, `[expected[0]]`: each `[expected[1], expected[2]]`.
  public func matrices(_ expected: [Int]) throws(CheckpointError) -> [WeightMatrix] {
    try check(expected)
    let type = try floatType()
    return (0..<expected[0]).map { place in
      WeightMatrix(
        file: file, byteOffset: bytes.lowerBound + place * expected[1] * expected[2] * type.byteCount,
        type: type,
        outputs: expected[1], inputs: expected[2])
    }
  }

  /// Matrices in blocks of 4-bit numbers, this tensor, with their scales, `[expert]`: each `[outputs, inputs]`.
  /// - Throws: ``CheckpointError/wrongShape(name:path:expected:actual:)``, ``CheckpointError/wrongType(name:path:type:expected:)``.
  public func blockMatrices(
    scales: StoredTensor, count: Int, outputs: Int, inputs: Int
  ) throws(CheckpointError) -> [BlockScaledMatrix] {
    let perRow = inputs / BlockScaledMatrix.blockSize
    try check([count, outputs, perRow, BlockScaledMatrix.blockSize / 2])
    try scales.check([count, outputs, perRow])
    for tensor in [self, scales] where tensor.typeName != "U8" {
      throw .wrongType(name: tensor.name, path: tensor.file.path, type: tensor.typeName, expected: "U8")
    }
    return (0..<count).map { place in
      BlockScaledMatrix(
        file: file, blocks: bytes.lowerBound + place * outputs * inputs / 2, scaleFile: scales.file,
        scales: scales.bytes.lowerBound + place * outputs * perRow, outputs: outputs, inputs: perRow * 32)
    }
  }

  /// The tensor as float32 numbers of whatever shape, `[count]`.
  public func floats() throws(CheckpointError) -> [Float] {
    WeightMatrix(
      file: file, byteOffset: bytes.lowerBound, type: try floatType(), outputs: 1, inputs: count
    ).row(0)
  }

  /// Some of its numbers, in their order, as float32.
  public func floats(_ range: Range<Int>) throws(CheckpointError) -> [Float] {
    let type = try floatType()
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "numbers \(range) of \(count)")
    if range.isEmpty { return [] }
    return WeightMatrix(
      file: file, byteOffset: bytes.lowerBound + range.lowerBound * type.byteCount, type: type, outputs: 1,
      inputs: range.count
    ).row(0)
  }

  /// The tensor as a vector of float32.
  /// - Throws: ``CheckpointError/wrongShape(name:path:expected:actual:)`` if it is not `[count]`.
  public func vector(count: Int) throws(CheckpointError) -> [Float] {
    try check([count])
    return try floats()
  }

  /// The tensor as a vector of float64.
  /// - Throws: ``CheckpointError/wrongType(name:path:type:expected:)`` if it holds other numbers.
  public func doubles(count: Int) throws(CheckpointError) -> [Double] {
    try check([count])
    guard typeName == "F64" else {
      throw .wrongType(name: name, path: file.path, type: typeName, expected: "F64")
    }
    let raw = UnsafeRawBufferPointer(rebasing: file.bytes[bytes])
    return (0..<count).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
  }

  /// The tensor as integers of whatever shape, `[count]`.
  public func integers() throws(CheckpointError) -> [Int] { try integers(0..<count) }

  /// Some of its numbers, in their order, as integers.
  public func integers(_ range: Range<Int>) throws(CheckpointError) -> [Int] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "numbers \(range) of \(count)")
    let raw = UnsafeRawBufferPointer(rebasing: file.bytes[bytes])
    switch typeName {
    case "I64": return range.map { Int(raw.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)) }
    case "I32": return range.map { Int(raw.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)) }
    case "U8", "BOOL": return range.map { Int(raw[$0]) }
    default:
      throw .wrongType(name: name, path: file.path, type: typeName, expected: "I64, I32, U8 or BOOL")
    }
  }
}
