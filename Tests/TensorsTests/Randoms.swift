import Foundation
import Tensors
import TestSupport

extension SeededGenerator {
  /// Numbers of the standard normal distribution.
  mutating func normals(_ count: Int) -> [Float] { (0..<count).map { _ in Float(normal()) } }
}

/// Random weights in a mapped file, at an odd byte, as checkpoints may have them.
struct StoredWeights {
  /// The numbers as they are stored, `[outputs, inputs]`.
  let values: [Float]
  let type: ElementType
  private let file: MappedFile
  private let folder: TemporaryFolder

  init(_ type: ElementType, count: Int, from generator: inout SeededGenerator) throws {
    self.type = type
    folder = try TemporaryFolder()
    var bytes: [UInt8] = [0xFF]
    var values: [Float] = []
    for _ in 0..<count {
      let value = Float(generator.normal())
      switch type {
      case .float32:
        values.append(value)
        bytes += withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
      case .bfloat16:
        let bits = UInt16(value.bitPattern >> 16)
        values.append(Float(bitPattern: UInt32(bits) << 16))
        bytes += [UInt8(bits & 0xFF), UInt8(bits >> 8)]
      case .float16:
        // A sign, an exponent of 2^-15 to 2^0 and ten random bits: subnormal numbers are among them.
        let bits = UInt16.random(in: 0...UInt16.max, using: &generator) & 0xBFFF
        let fraction = Float(bits & 1023) / 1024
        let exponent = Int(bits >> 10 & 15)
        let size =
          exponent == 0
          ? fraction * 0x1p-14 : (1 + fraction) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
        values.append(bits >> 15 == 0 ? size : -size)
        bytes += [UInt8(bits & 0xFF), UInt8(bits >> 8)]
      }
    }
    self.values = values
    file = try MappedFile(try folder.write("weights", bytes))
  }

  /// The weights as a learned matrix.
  func matrix(outputs: Int, inputs: Int) -> WeightMatrix {
    WeightMatrix(file: file, byteOffset: 1, type: type, outputs: outputs, inputs: inputs)
  }
}
