internal import Tensors

/// Values that readers trip over.
enum HostileValues {
  /// Whole numbers at the edges of what types and sizes can be.
  static let integers: [Int] = [
    0, 1, -1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 1 << 20, 1 << 26, 1 << 31,
    (1 << 31) - 1, -(1 << 31), 1 << 32, (1 << 32) - 1, 1 << 47, 1 << 48, 1 << 53, (1 << 53) + 1, 1 << 60,
    1 << 61,
    1 << 62, .max, .min, .max - 1,
  ]

  /// Numbers whose squares, sums or whole parts are beyond what types hold, though they are none themselves.
  static let magnitudes = [
    "1e9", "1e15", "9007199254740993.5", "9.2e18", "9.3e18", "1e30", "1e38", "3.4028235e38", "-3.4028235e38",
    "1e39",
    "1e150", "1e154", "1e300", "1e308", "-1e308", "1.7976931348623157e308", "5e-324", "1e-300", "1e-45",
    "1e-38",
    "1e-10",
  ]

  /// The same as they stand among the floating-point numbers of weights.
  static let floats: [Double] = [
    1e4, 65_504, 1e9, 1e15, 1e18, 1e19, 1e30, 3.4e38, -3.4e38, 1e38, 1e-45, 1e-40, 1e-38, -1e-10, 0, 1e300,
    Double.leastNonzeroMagnitude,
    .infinity, -.infinity, .nan,
  ]

  /// Numbers as texts, those that no integer holds too.
  static func number(near old: Int?, using generator: inout SeededGenerator) -> String {
    if let old, generator.chance(3) {
      let (step, overflows) = old.addingReportingOverflow(generator.pick([-1, 1, old, -2 * (old % 1000)]))
      return "\(overflows ? old : step)"
    }
    if generator.chance(3) { return generator.pick(magnitudes) }
    if generator.chance(3) {
      return generator.pick([
        "0.5", "-0.5", "-0", "1e30", "1e300", "-1e300", "1e999", "1e-320", "9223372036854775808",
        "18446744073709551616", "1.0", "3.0", "123456789012345678901234567890", "0.1e1", "2147483648.5",
        "1e-9223372036854775808", "1e99999999999999999999",
      ])
    }
    return "\(generator.pick(integers))"
  }

  /// A JSON value of any type.
  static func json(using generator: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<16, using: &generator) {
    case 0: nested(using: &generator)
    case 1: Array("\"".utf8) + text(using: &generator) + Array("\"".utf8)
    case 2...5: Array(number(near: nil, using: &generator).utf8)
    default:
      Array(
        generator.pick([
          "null", "true", "false", "\"\"", "\"x\"", "[]", "{}", "[1, 2]", "[\"a\"]", "{\"a\": \"b\"}",
          "{\"\": null}", "[[[]]]", "NaN", "-Infinity", "\"\\ud800\"", "\"\\u0000\"", "\"../x\"", "\"/\"",
          "[null]", "[1e999]", "[-1, -1]", "[0]",
        ]).utf8)
    }
  }

  /// Values in each other, few or very many.
  private static func nested(using generator: inout SeededGenerator) -> [UInt8] {
    let depth = generator.pick([3, 60, 400, 600, 5_000])
    let isArray = generator.chance(2)
    let open = Array((isArray ? "[" : "{\"a\":").utf8)
    let close = Array((isArray ? "]" : "}").utf8)
    return Array(repeatElement(open, count: depth).joined()) + Array("1".utf8)
      + Array(repeatElement(close, count: depth).joined())
  }

  /// The inside of a quoted text: long, odd, or no UTF-8 at all.
  static func text(using generator: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: Array(repeating: UInt8(ascii: "a"), count: generator.pick([100, 1_000, 20_000]))
    case 1: Array(repeatElement(Array("é\u{301}\u{1F468}\u{200D}\u{1F469}".utf8), count: 50).joined())
    case 2: [0xC3, 0x28, 0xFF, 0xFE]
    case 3: Array("\\ud83d\\ude00\\udc00".utf8)
    case 4:
      (0..<8).map { _ in UInt8.random(in: 0x20...0x7E, using: &generator) }.filter {
        $0 != 0x22 && $0 != 0x5C
      }
    default: Array("\u{202E}\u{2028}\u{FEFF}".utf8)
    }
  }
}
