extension JSONScanner {
  /// A number in the file: `± digits · 10^exponent`.
  struct RawNumber {
    /// Its bytes.
    var range: Range<Int>
    var isNegative = false
    /// The first 19 significant digits.
    var digits: UInt64 = 0
    var digitCount = 0
    var exponent = 0
    /// Whether ``digits`` and ``exponent`` hold all of it.
    var isComplete = true
  }

  /// Takes a number, by the grammar of JSON.
  mutating func number() throws(GraphError) -> RawNumber {
    _ = peek()
    var number = RawNumber(range: offset..<offset)
    let start = offset
    if isNext(UInt8(ascii: "-")) {
      number.isNegative = true
      offset += 1
    }
    if isNext(UInt8(ascii: "0")) { offset += 1 } else { try takeDigits(of: &number, isFraction: false) }
    if isNext(UInt8(ascii: ".")) {
      offset += 1
      try takeDigits(of: &number, isFraction: true)
    }
    if isNext(UInt8(ascii: "e")) || isNext(UInt8(ascii: "E")) {
      offset += 1
      try takeExponent(of: &number)
    }
    number.range = start..<offset
    return number
  }

  private func isNext(_ byte: UInt8) -> Bool { offset < bytes.count && bytes[offset] == byte }

  private mutating func takeDigits(of number: inout RawNumber, isFraction: Bool) throws(GraphError) {
    let start = offset
    while offset < bytes.count, case let digit = bytes[offset] &- UInt8(ascii: "0"), digit < 10 {
      if number.digitCount < 19 {
        number.digits = number.digits * 10 + UInt64(digit)
        if number.digits > 0 { number.digitCount += 1 }
        if isFraction { number.exponent -= 1 }
      } else {
        if digit != 0 { number.isComplete = false }
        if !isFraction { number.exponent += 1 }
      }
      offset += 1
    }
    guard offset > start else { throw unexpected("a digit") }
  }

  private mutating func takeExponent(of number: inout RawNumber) throws(GraphError) {
    var isNegative = false
    if isNext(UInt8(ascii: "+")) || isNext(UInt8(ascii: "-")) {
      isNegative = isNext(UInt8(ascii: "-"))
      offset += 1
    }
    let start = offset
    var exponent = 0
    while offset < bytes.count, case let digit = bytes[offset] &- UInt8(ascii: "0"), digit < 10 {
      // What lies beyond is zero or infinite however far it goes.
      exponent = min(exponent * 10 + Int(digit), 1 << 40)
      offset += 1
    }
    guard offset > start else { throw unexpected("a digit") }
    number.exponent += isNegative ? -exponent : exponent
  }

  /// The single-precision number nearest to what the file says, infinite beyond its range.
  ///
  /// Digits and power of ten are put together in double precision, which is off by two units in the last
  /// place at most. Only where that could tip the rounding to single precision is the text parsed exactly.
  /// - Returns: The number, and whether digits that someone meant were lost: nine digits make up a `Float`,
  ///   so fewer are taken for one in short form.
  func float(_ number: RawNumber) -> (value: Float, isRounded: Bool) {
    if number.digits == 0 { return (number.isNegative ? -0.0 : 0, false) }
    if number.isComplete, -22...22 ~= number.exponent {
      let power = Self.powersOfTen[abs(number.exponent)]
      let nearby = number.exponent < 0 ? Double(number.digits) / power : Double(number.digits) * power
      let dropped = Int(nearby.bitPattern & 0x1fff_ffff)
      let isPlain = nearby >= Double(Float.leastNormalMagnitude) && nearby < 3e38
      if isPlain, abs(dropped - 0x1000_0000) > 4 {
        let isRounded = number.digitCount > 9 && min(dropped, 0x2000_0000 - dropped) > 4
        return (Float(number.isNegative ? -nearby : nearby), isRounded)
      }
    }
    let text = String(decoding: bytes[number.range], as: UTF8.self)
    let value = Float(text) ?? .nan
    return (value, number.digitCount > 9 && Double(text) != Double(value))
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19,
    1e20, 1e21, 1e22,
  ]
}
