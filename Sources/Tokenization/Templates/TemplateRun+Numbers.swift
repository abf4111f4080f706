internal import Foundation

extension Template.Run {
  func numberFilter(_ name: String, _ value: Value, _ given: Given) throws(Problem) -> Value? {
    let what = "the filter '\(name)'"
    switch name {
    case "int":
      let values = try given.bound("default", "base", for: what)
      return try integer(value, base: values[1]) ?? values[0] ?? .integer(0)
    case "float":
      let values = try given.bound("default", for: what)
      if case .undefined(let missing) = value { throw .failed(missing.text) }
      var found = value.asNumber
      if let letters = value.letters { found = try number(of: letters) }
      return found.map { .number($0) } ?? values[0] ?? .number(0)
    case "abs":
      _ = try given.bound(for: what)
      if case .number(let number) = value { return .number(number.magnitude) }
      guard let number = value.wholeNumber else { throw .failed("\(what) needs a number, not \(value.kind)") }
      return number < 0 ? try negated(value) : .integer(number)
    case "round": return try rounded(value, given)
    default: return nil
    }
  }

  /// A whole number; `nil` if the value stands for none.
  private func integer(_ value: Value, base: Value?) throws(Problem) -> Value? {
    switch value {
    case .undefined(let missing): throw .failed(missing.text)
    case .number(let number): return number.isFinite ? .integer(try whole(number)) : nil
    case .integer, .bool: return value.wholeNumber.map { .integer($0) }
    default:
      guard let text = value.letters else { return nil }
      try spend(10 * text.count)
      if let number = try Self.integer(try stripped(text, of: nil), base: base?.wholeNumber ?? 10) {
        return .integer(number)
      }
      guard let number = try number(of: text), number.isFinite else { return nil }
      return .integer(try whole(number))
    }
  }

  private func whole(_ number: Double) throws(Problem) -> Int {
    guard let whole = Int(exactly: number.rounded(.towardZero)) else {
      throw .failed("a whole number becomes larger than 64 bits")
    }
    return whole
  }

  /// A text of digits, with single underscores between them, as a number; `nil` if it is something else.
  private static func integer(_ text: Scalars, base: Int) throws(Problem) -> Int? {
    guard (2...36).contains(base) else { throw .unsupported("numbers of the base \(base)") }
    var digits = text[...]
    var sign = ""
    if let first = digits.first, first == "-" || first == "+" {
      (sign, digits) = ("\(first)", digits.dropFirst())
    }
    let prefix = [16: "xX", 8: "oO", 2: "bB"][base]
    if let prefix, digits.first == "0", digits.count > 2,
      prefix.unicodeScalars.contains(digits[digits.startIndex + 1])
    {
      digits = digits.dropFirst(2)
    }
    guard let plain = withoutUnderscores(digits), plain.allSatisfy({ $0.isASCII }) else { return nil }
    let all = String(String.UnicodeScalarView(plain))
    guard !all.isEmpty,
      all.allSatisfy({ ($0.hexDigitValue ?? 99) < base || Int(String($0), radix: base) != nil })
    else { return nil }
    guard let number = Int(sign + all, radix: base) else {
      throw .failed("a whole number becomes larger than 64 bits")
    }
    return number
  }

  /// Digits without the underscores between them; `nil` if one stands elsewhere.
  private static func withoutUnderscores(_ text: ArraySlice<Unicode.Scalar>) -> Scalars? {
    var plain: Scalars = []
    var previous: Unicode.Scalar = "_"
    for letter in text {
      if letter == "_", previous == "_" { return nil }
      if letter != "_" { plain.append(letter) }
      previous = letter
    }
    return previous == "_" ? nil : plain
  }

  /// The number that a text is, as Python's `float` reads it.
  private func number(of text: Scalars) throws(Problem) -> Double? {
    let text = try stripped(text, of: nil)
    guard text.count < 1000, let plain = Self.withoutUnderscores(text[...]) else { return nil }
    let string = String(String.UnicodeScalarView(plain)).lowercased()
    let unsigned = string.hasPrefix("-") || string.hasPrefix("+") ? String(string.dropFirst()) : string
    if ["inf", "infinity"].contains(unsigned) { return string.hasPrefix("-") ? -.infinity : .infinity }
    if unsigned == "nan" { return .nan }
    guard unsigned.unicodeScalars.allSatisfy({ $0.isDigit || [".", "e", "-", "+"].contains($0) }) else {
      return nil
    }
    return Double(string) ?? Double(string.replacing(".e", with: "e").trimmingSuffix("."))
      ?? Double("0" + unsigned)
  }

  private func rounded(_ value: Value, _ given: Given) throws(Problem) -> Value {
    let what = "the filter 'round'"
    let values = try given.bound("precision", "method", for: what)
    let method =
      try values[1].map { (value) throws(Problem) in try text(of: value) } ?? Scalars("common".unicodeScalars)
    guard let precision = (values[0] ?? .integer(0)).wholeNumber, let number = value.asNumber else {
      throw .failed("\(what) needs numbers, not \(value.kind)")
    }
    guard (0...15).contains(precision) else { throw .unsupported("\(what) to \(precision) digits") }
    let power = pow(10, Double(precision))
    switch String(String.UnicodeScalarView(method)) {
    case "common":
      guard case .number = value, number.isFinite else {
        if case .number = value { return value }
        return .integer(value.wholeNumber ?? 0)
      }
      return .number(Double(String(format: "%.\(precision)f", number)) ?? number)
    case "ceil": return .number((number * power).rounded(.up) / power)
    case "floor": return .number((number * power).rounded(.down) / power)
    default: throw .failed("\(what) knows the methods 'common', 'ceil' and 'floor'")
    }
  }
}

extension String {
  /// The text without an ending, if it has it.
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
