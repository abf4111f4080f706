internal import Tensors

/// How a file writes floating-point numbers.
enum FloatKind {
  case half, brain, single, double

  /// The kind of a name of safetensors; `nil` for types of whole numbers.
  init?(name: String) {
    switch name {
    case "F16": self = .half
    case "BF16": self = .brain
    case "F32": self = .single
    case "F64": self = .double
    default: return nil
    }
  }

  private var width: Int {
    switch self {
    case .half, .brain: 2
    case .single: 4
    case .double: 8
    }
  }

  /// Puts numbers of another magnitude in the place of one, some, or all; or multiplies all.
  func magnify(_ data: inout [UInt8], in range: Range<Int>, using generator: inout SeededGenerator) {
    let count = range.count / width
    guard count > 0 else { return }
    let value = generator.pick(HostileValues.floats)
    switch Int.random(in: 0..<4, using: &generator) {
    case 0:
      write(value, at: range.lowerBound + width * Int.random(in: 0..<count, using: &generator), in: &data)
    case 1:
      for _ in 0..<min(count, 16) {
        let place = range.lowerBound + width * Int.random(in: 0..<count, using: &generator)
        write(generator.pick(HostileValues.floats), at: place, in: &data)
      }
    case 2: for place in 0..<count { write(value, at: range.lowerBound + width * place, in: &data) }
    default:
      let factor = generator.pick([1e-30, 1e-6, 1e3, 1e6, 1e9, 1e15, 1e19, 1e30, 1e38])
      for place in 0..<count {
        let at = range.lowerBound + width * place
        write(number(at: at, in: data) * factor, at: at, in: &data)
      }
    }
  }

  private func write(_ value: Double, at place: Int, in data: inout [UInt8]) {
    let bits: UInt64 =
      switch self {
      case .half: UInt64(Float16(value).bitPattern)
      case .brain: UInt64(Float(value).bitPattern >> 16)
      case .single: UInt64(Float(value).bitPattern)
      case .double: value.bitPattern
      }
    Mutator.write(Int(truncatingIfNeeded: bits), width: width, at: place, in: &data)
  }

  private func number(at place: Int, in data: [UInt8]) -> Double {
    let bits = (0..<width).reduce(UInt64(0)) { $0 | UInt64(data[place + $1]) << (8 * UInt64($1)) }
    return switch self {
    case .half: Double(Float16(bitPattern: UInt16(truncatingIfNeeded: bits)))
    case .brain: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits) << 16))
    case .single: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .double: Double(bitPattern: bits)
    }
  }
}
