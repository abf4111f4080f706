extension Template.Run {
  /// Whether a value passes a test, as in `x is defined`.
  func passes(_ value: Value, _ name: String, with given: Given) throws(Problem) -> Bool {
    try spendOnLetters(of: value, given)
    let what = "the test '\(Self.short(name))'"
    if let comparison = Self.comparisons[name] {
      return try holds(comparison, value, try given.bound("other", required: 1, for: what)[0] ?? .none)
    }
    if let answer = try passesNumberTest(value, name, with: given) { return answer }
    switch name {
    case "sameas": return areSame(value, try given.bound("other", required: 1, for: what)[0] ?? .none)
    case "in": return try contains(try given.bound("seq", required: 1, for: what)[0] ?? .none, value)
    default:
      _ = try given.bound(for: what)
      guard let answer = try passesPlainTest(value, name) else { throw .unsupported(what) }
      return answer
    }
  }

  private static let comparisons: [String: Expression.Comparison] = [
    "eq": .equal, "equalto": .equal, "==": .equal, "ne": .unequal, "!=": .unequal, "lt": .less,
    "lessthan": .less,
    "<": .less, "le": .atMost, "<=": .atMost, "gt": .greater, "greaterthan": .greater, ">": .greater,
    "ge": .atLeast, ">=": .atLeast,
  ]

  private func passesNumberTest(_ value: Value, _ name: String, with given: Given) throws(Problem) -> Bool? {
    switch name {
    case "odd", "even":
      _ = try given.bound(for: "the test '\(name)'")
      let rest = try arithmetic(.modulo, value, .integer(2))
      return try areEqual(rest, .integer(name == "odd" ? 1 : 0))
    case "divisibleby":
      let divisor = try given.bound("num", required: 1, for: "the test 'divisibleby'")[0] ?? .none
      return try areEqual(try arithmetic(.modulo, value, divisor), .integer(0))
    default: return nil
    }
  }

  private func passesPlainTest(_ value: Value, _ name: String) throws(Problem) -> Bool? {
    switch (name, value) {
    case ("defined", _): !value.isUndefined
    case ("undefined", _): value.isUndefined
    case ("none", .none): true
    case ("boolean", .bool): true
    case ("true", .bool(let flag)): flag
    case ("false", .bool(let flag)): !flag
    case ("integer", .integer): true
    case ("float", .number): true
    case ("number", _): value.asNumber != nil
    case ("string", _): value.letters != nil
    case ("mapping", .dictionary): true
    case ("none", _), ("boolean", _), ("true", _), ("false", _), ("integer", _), ("float", _), ("mapping", _):
      false
    case ("lower", _): try isWhole(value, lowercase: true)
    case ("upper", _): try isWhole(value, lowercase: false)
    case ("iterable", _): isIterable(value)
    case ("sequence", _): isSequence(value)
    case ("callable", _): isCallable(value)
    case ("escaped", .markup): true
    case ("escaped", _): false
    default: nil
    }
  }

  private func isWhole(_ value: Value, lowercase: Bool) throws(Problem) -> Bool {
    let text = try text(of: value)
    try spend(8 * text.count)
    return Self.isWhole(text, lowercase: lowercase)
  }

  private func isIterable(_ value: Value) -> Bool {
    switch value {
    case .undefined, .string, .markup, .list, .tuple, .dictionary, .range, .view, .generator, .loop: true
    default: false
    }
  }

  private func isSequence(_ value: Value) -> Bool {
    switch value {
    case .undefined, .string, .markup, .list, .tuple, .dictionary, .range: true
    default: false
    }
  }

  private func isCallable(_ value: Value) -> Bool {
    switch value {
    case .undefined, .macro, .function, .method, .loop: true
    default: false
    }
  }
}
