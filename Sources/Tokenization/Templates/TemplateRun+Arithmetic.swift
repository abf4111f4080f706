internal import Foundation

extension Template.Run {
  func arithmetic(
    _ operation: Expression.Operator, _ left: Value, _ right: Value
  ) throws(Problem) -> Value {
    if case .undefined(let missing) = left { throw .failed(missing.text) }
    if case .undefined(let missing) = right { throw .failed(missing.text) }
    if let first = left.wholeNumber, let second = right.wholeNumber {
      return try whole(operation, first, second)
    }
    if let first = left.asNumber, let second = right.asNumber {
      return .number(try number(operation, first, second))
    }
    switch (operation, left, right) {
    case (.plus, _, _):
      if let sum = try sum(left, right) { return sum }
    case (.times, _, _):
      if let count = right.wholeNumber, let product = try repeated(left, count) { return product }
      if let count = left.wholeNumber, let product = try repeated(right, count) { return product }
    case (.modulo, .string, _), (.modulo, .markup, _): throw .unsupported("the formatting of a string with %")
    default: break
    }
    throw .failed("'\(operation.rawValue)' cannot join \(left.kind) and \(right.kind)")
  }

  /// Strings one behind the other, or lists; `nil` if these are others.
  private func sum(_ left: Value, _ right: Value) throws(Problem) -> Value? {
    switch (left, right) {
    case (.string(let first), .string(let second)): return try string(first + second)
    case (.markup, .string), (.string, .markup), (.markup, .markup):
      let text = try Self.escaped(left) + Self.escaped(right)
      try make(letters: text.count)
      return .markup(text)
    case (.list(let first), .list(let second)): return try list(first.values + second.values)
    case (.tuple(let first), .tuple(let second)): return try tuple(first.values + second.values)
    default: return nil
    }
  }

  private func repeated(_ value: Value, _ count: Int) throws(Problem) -> Value? {
    func repeated<Item>(_ items: [Item]) -> [Item] {
      Array(repeatElement(items, count: max(count, 0)).joined())
    }
    switch value {
    case .string(let text):
      try make(letters: text.count, times: count)
      return .string(repeated(text))
    case .markup(let text):
      try make(letters: text.count, times: count)
      return .markup(repeated(text))
    case .list(let items):
      try make(letters: items.values.count, times: count)
      return try list(repeated(items.values))
    case .tuple(let items):
      try make(letters: items.values.count, times: count)
      return try tuple(repeated(items.values))
    default: return nil
    }
  }

  /// The letters of a value as `escape` writes them.
  static func escaped(_ value: Value) throws(Problem) -> Scalars {
    guard case .string(let text) = value else { return value.letters ?? [] }
    var escaped: Scalars = []
    for letter in text {
      switch letter {
      case "&": escaped += Scalars("&amp;".unicodeScalars)
      case "<": escaped += Scalars("&lt;".unicodeScalars)
      case ">": escaped += Scalars("&gt;".unicodeScalars)
      case "'": escaped += Scalars("&#39;".unicodeScalars)
      case "\"": escaped += Scalars("&#34;".unicodeScalars)
      default: escaped.append(letter)
      }
    }
    return escaped
  }
}

// MARK: Numbers

extension Template.Value {
  /// Any number, as one with a fraction.
  var asNumber: Double? {
    if case .number(let number) = self { return number }
    return wholeNumber.map { Double($0) }
  }
}

extension Template.Run {
  private static let overflow = Problem.failed("a whole number becomes larger than 64 bits")

  private func whole(_ operation: Expression.Operator, _ left: Int, _ right: Int) throws(Problem) -> Value {
    func checked(_ result: (partialValue: Int, overflow: Bool)) throws(Problem) -> Value {
      if result.overflow { throw Self.overflow }
      return .integer(result.partialValue)
    }
    switch operation {
    case .plus: return try checked(left.addingReportingOverflow(right))
    case .minus: return try checked(left.subtractingReportingOverflow(right))
    case .times: return try checked(left.multipliedReportingOverflow(by: right))
    case .over: return .number(try number(.over, Double(left), Double(right)))
    case .power:
      return right < 0 ? .number(try number(.power, Double(left), Double(right))) : try power(left, right)
    case .floor, .modulo:
      guard right != 0 else { throw .failed("a number is divided by zero") }
      if right == -1 {
        return operation == .modulo ? .integer(0) : try checked(0.subtractingReportingOverflow(left))
      }
      var (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
      if remainder != 0, (remainder < 0) != (right < 0) {
        (quotient, remainder) = (quotient - 1, remainder + right)
      }
      return .integer(operation == .floor ? quotient : remainder)
    }
  }

  private func power(_ base: Int, _ exponent: Int) throws(Problem) -> Value {
    if exponent == 0 || base == 1 { return .integer(1) }
    if base == 0 { return .integer(0) }
    if base == -1 { return .integer(exponent % 2 == 0 ? 1 : -1) }
    guard exponent < 64 else { throw Self.overflow }
    var result = 1
    for _ in 0..<exponent {
      let (product, overflow) = result.multipliedReportingOverflow(by: base)
      if overflow { throw Self.overflow }
      result = product
    }
    return .integer(result)
  }

  private func number(_ operation: Expression.Operator, _ left: Double, _ right: Double) throws(Problem)
    -> Double
  {
    switch operation {
    case .plus: return left + right
    case .minus: return left - right
    case .times: return left * right
    case .over, .floor, .modulo:
      guard right != 0 else { throw .failed("a number is divided by zero") }
      if operation == .over { return left / right }
      // Python's rules: the remainder has the divisor's sign, and the quotient goes with it.
      var remainder = left.truncatingRemainder(dividingBy: right)
      var quotient = (left - remainder) / right
      if remainder != 0, (remainder < 0) != (right < 0) {
        (remainder, quotient) = (remainder + right, quotient - 1)
      }
      if operation == .modulo { return remainder == 0 ? Double(signOf: right, magnitudeOf: 0) : remainder }
      let floor = quotient.rounded(.down)
      return quotient - floor > 0.5
        ? floor + 1 : floor == 0 ? Double(signOf: left / right, magnitudeOf: 0) : floor
    case .power:
      if left == 0, right < 0 { throw .failed("zero has a negative power") }
      if left < 0, left.isFinite, right.isFinite, right.rounded() != right {
        throw .unsupported("a complex number")
      }
      let power = pow(left, right)
      if power.isInfinite, left.isFinite, right.isFinite { throw .failed("a power is too large") }
      return power
    }
  }

  func negated(_ value: Value) throws(Problem) -> Value {
    if case .undefined(let missing) = value { throw .failed(missing.text) }
    if case .number(let number) = value { return .number(-number) }
    guard let number = value.wholeNumber else { throw .failed("\(value.kind) has no negative") }
    return try whole(.minus, 0, number)
  }

  func positive(_ value: Value) throws(Problem) -> Value {
    if case .undefined(let missing) = value { throw .failed(missing.text) }
    if case .number = value { return value }
    guard let number = value.wholeNumber else { throw .failed("\(value.kind) is no number") }
    return .integer(number)
  }
}
