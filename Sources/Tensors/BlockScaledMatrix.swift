internal import Foundation

/// A learned matrix `[outputs, inputs]` in a mapped file, in blocks of 32 inputs: 16 bytes of two 4-bit numbers each, the
/// earlier in the lower half, and a byte of a power of two for all of them (MXFP4; OCP Microscaling Formats 1.0).
public struct BlockScaledMatrix: Sendable {
  public let outputs: Int
  public let inputs: Int
  private let file: MappedFile
  private let blocks: Int  // byte
  private let scaleFile: MappedFile
  private let scales: Int  // byte

  /// Inputs of one block.
  public static let blockSize = 32
  private static let numbers: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]

  /// - Parameters:
  ///   - blocks: The byte of the file where the matrix's blocks begin, `[outputs, inputs / 32, 16]`.
  ///   - scales: The byte where its scales begin, `[outputs, inputs / 32]`, biased by 127.
  public init(
    file: MappedFile, blocks: Int, scaleFile: MappedFile, scales: Int, outputs: Int, inputs: Int
  ) {
    precondition(
      inputs.isMultiple(of: Self.blockSize) && blocks + outputs * inputs / 2 <= file.bytes.count
        && scales + outputs * inputs / Self.blockSize <= scaleFile.bytes.count,
      "blocks of [\(outputs), \(inputs)] beyond a file")
    (self.file, self.blocks, self.scaleFile, self.scales) = (file, blocks, scaleFile, scales)
    (self.outputs, self.inputs) = (outputs, inputs)
  }

  /// The whole matrix as float32, which holds every such number exactly, `[outputs, inputs]`.
  public func matrix() -> Matrix {
    var result = Matrix(rows: outputs, columns: inputs)
    let count = outputs * inputs / Self.blockSize
    result.values.withUnsafeMutableBufferPointer { values in
      let values = SharedPointer(values)
      let shares = Parallel.threadCount
      Parallel.forEach(shares) { share in
        for block in count * share / shares..<count * (share + 1) / shares {
          let scale = Float(sign: .plus, exponent: Int(scaleFile.bytes[scales + block]) - 127, significand: 1)
          for place in 0..<Self.blockSize / 2 {
            let pair = Int(file.bytes[blocks + block * Self.blockSize / 2 + place])
            let first = block * Self.blockSize + 2 * place
            values.pointer[first] = scale * Self.numbers[pair & 15]
            values.pointer[first + 1] = scale * Self.numbers[pair >> 4]
          }
        }
      }
    }
    return result
  }

  /// Lets the system take back the pages that this weight was read from.
  public func forgetPages() {
    file.forget(blocks..<blocks + outputs * inputs / 2)
    scaleFile.forget(scales..<scales + outputs * inputs / Self.blockSize)
  }
}
