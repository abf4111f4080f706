extension Template.Parser {
  /// One expression, or a tuple where commas follow.
  /// - Parameters:
  ///   - allowsConditional: Whether an `if` may follow a value; in the head of a loop it has another meaning.
  ///   - ends: Names before which the tuple ends.
  ///   - isBracketed: Whether it stands in parentheses, where it may be empty.
  mutating func tuple(
    allowsConditional: Bool = true, until ends: Set<String> = [], isBracketed: Bool = false
  ) throws(Template.Problem) -> Template.Expression {
    let line = line
    var items: [Template.Expression] = []
    var isTuple = false
    while !endsTuple(ends) {
      items.append(try expression(allowsConditional: allowsConditional))
      guard skip(symbol: ",") else { break }
      isTuple = true
    }
    if !isTuple, let only = items.first { return only }
    guard isTuple || isBracketed else { throw expected("an expression") }
    return try expression(.tuple(items), line: line)
  }

  private func endsTuple(_ ends: Set<String>) -> Bool {
    switch current.kind {
    case .endsOutput, .endsBlock, .symbol(")"): true
    case .name(let name): ends.contains(name)
    default: false
    }
  }

  mutating func expression(allowsConditional: Bool = true) throws(Template.Problem) -> Template.Expression {
    try nested { (parser) throws(Template.Problem) in
      allowsConditional ? try parser.conditionalExpression() : try parser.disjunction()
    }
  }

  private mutating func conditionalExpression() throws(Template.Problem) -> Template.Expression {
    var value = try disjunction()
    while isName("if") {
      let line = line
      advance()
      let test = try disjunction()
      let otherwise = skip(name: "else") ? try expression() : nil
      value = try expression(.conditional(value, test: test, otherwise: otherwise), line: line)
    }
    return value
  }

  private mutating func disjunction() throws(Template.Problem) -> Template.Expression {
    var left = try conjunction()
    while isName("or") {
      let line = line
      advance()
      left = try expression(.or(left, try conjunction()), line: line)
    }
    return left
  }

  private mutating func conjunction() throws(Template.Problem) -> Template.Expression {
    var left = try negation()
    while isName("and") {
      let line = line
      advance()
      left = try expression(.and(left, try negation()), line: line)
    }
    return left
  }

  private mutating func negation() throws(Template.Problem) -> Template.Expression {
    let line = line
    guard skip(name: "not") else { return try comparison() }
    let inner = try nested { (parser) throws(Template.Problem) in try parser.negation() }
    return try expression(.not(inner), line: line)
  }

  private mutating func comparison() throws(Template.Problem) -> Template.Expression {
    let line = line
    let first = try sum()
    var others: [(comparison: Template.Expression.Comparison, operand: Template.Expression)] = []
    while let comparison = takeComparison() { others.append((comparison, try sum())) }
    return others.isEmpty ? first : try expression(.comparison(first, others), line: line)
  }

  private mutating func takeComparison() -> Template.Expression.Comparison? {
    let symbols: [String: Template.Expression.Comparison] = [
      "==": .equal, "!=": .unequal, "<": .less, "<=": .atMost, ">": .greater, ">=": .atLeast,
    ]
    switch current.kind {
    case .symbol(let symbol):
      guard let comparison = symbols[symbol] else { return nil }
      advance()
      return comparison
    case .name("in"):
      advance()
      return .isIn
    case .name("not") where next.kind == .name("in"):
      advance()
      advance()
      return .isNotIn
    default: return nil
    }
  }

  /// An operator that is the current word and one of these.
  private mutating func take(_ operators: [Template.Expression.Operator]) -> Template.Expression.Operator? {
    guard case .symbol(let symbol) = current.kind, let found = Template.Expression.Operator(rawValue: symbol),
      operators.contains(found)
    else { return nil }
    advance()
    return found
  }

  private mutating func sum() throws(Template.Problem) -> Template.Expression {
    var left = try concatenation()
    let line = line
    while let sign = take([.plus, .minus]) {
      left = try expression(.arithmetic(sign, left, try concatenation()), line: line)
    }
    return left
  }

  private mutating func concatenation() throws(Template.Problem) -> Template.Expression {
    let line = line
    var items = [try product()]
    while skip(symbol: "~") { items.append(try product()) }
    return items.count == 1 ? items[0] : try expression(.concatenation(items), line: line)
  }

  private mutating func product() throws(Template.Problem) -> Template.Expression {
    var left = try power()
    let line = line
    while let sign = take([.times, .over, .floor, .modulo]) {
      left = try expression(.arithmetic(sign, left, try power()), line: line)
    }
    return left
  }

  private mutating func power() throws(Template.Problem) -> Template.Expression {
    var left = try unary()
    let line = line
    while take([.power]) != nil {
      left = try expression(.arithmetic(.power, left, try unary()), line: line)
    }
    return left
  }

  private mutating func unary(allowsFilter: Bool = true) throws(Template.Problem) -> Template.Expression {
    let line = line
    var value: Template.Expression
    if isSymbol("-") || isSymbol("+") {
      let isNegative = isSymbol("-")
      advance()
      let inner = try nested { (parser) throws(Template.Problem) in try parser.unary(allowsFilter: false) }
      value = try expression(isNegative ? .negative(inner) : .positive(inner), line: line)
    } else {
      value = try primary()
    }
    value = try postfix(value)
    return allowsFilter ? try filtered(value) : value
  }
}

// MARK: Literals

extension Template.Parser {
  /// A literal, a variable, or something in brackets.
  mutating func primary() throws(Template.Problem) -> Template.Expression {
    let line = line
    switch current.kind {
    case .name(let name):
      advance()
      return try expression(named(name), line: line)
    case .string(var text):
      advance()
      while case .string(let more) = current.kind {
        text += more
        advance()
      }
      return try expression(.string(text), line: line)
    case .integer(let number):
      advance()
      return try expression(.integer(number), line: line)
    case .number(let number):
      advance()
      return try expression(.number(number), line: line)
    case .symbol("("):
      advance()
      let inner = try tuple(isBracketed: true)
      try expect(symbol: ")")
      return inner
    case .symbol("["): return try expression(.list(try items()), line: line)
    case .symbol("{"): return try expression(.dictionary(try entries()), line: line)
    default: throw expected("an expression")
    }
  }

  private mutating func named(_ name: String) -> Template.Expression.Kind {
    switch name {
    case "true", "True": .bool(true)
    case "false", "False": .bool(false)
    case "none", "None": .none
    default: .name(variable(name))
    }
  }

  private mutating func items() throws(Template.Problem) -> [Template.Expression] {
    try expect(symbol: "[")
    var items: [Template.Expression] = []
    while !isSymbol("]") {
      if !items.isEmpty { try expect(symbol: ",") }
      if isSymbol("]") { break }
      items.append(try expression())
    }
    advance()
    return items
  }

  private mutating func entries() throws(Template.Problem) -> [(
    key: Template.Expression, value: Template.Expression
  )] {
    try expect(symbol: "{")
    var entries: [(key: Template.Expression, value: Template.Expression)] = []
    while !isSymbol("}") {
      if !entries.isEmpty { try expect(symbol: ",") }
      if isSymbol("}") { break }
      let key = try expression()
      try expect(symbol: ":")
      entries.append((key, try expression()))
    }
    advance()
    return entries
  }
}
