extension Template.Parser {
  /// Attributes, subscripts and calls behind a value.
  mutating func postfix(_ value: Template.Expression) throws(Template.Problem) -> Template.Expression {
    var value = value
    while true {
      let line = line
      switch current.kind {
      case .symbol("."):
        advance()
        value = try attribute(of: value, line: line)
      case .symbol("["): value = try subscripted(value)
      case .symbol("("): value = try expression(.call(value, try arguments()), line: line)
      default: return value
      }
    }
  }

  /// Filters, tests and calls behind a value.
  mutating func filtered(_ value: Template.Expression) throws(Template.Problem) -> Template.Expression {
    var value = value
    while true {
      let line = line
      switch current.kind {
      case .symbol("|"):
        advance()
        value = try expression(.filter(value, try filter()), line: line)
      case .name("is"):
        advance()
        value = try test(of: value, line: line)
      case .symbol("("): value = try expression(.call(value, try arguments()), line: line)
      default: return value
      }
    }
  }

  /// Filters without a value before them, as in `{% filter upper %}`.
  /// - Parameter startsInside: Whether the first has no bar before it.
  mutating func filters(startsInside: Bool = false) throws(Template.Problem) -> [Template.Call] {
    var filters = startsInside ? [try filter()] : []
    while skip(symbol: "|") { filters.append(try filter()) }
    return filters
  }

  private mutating func filter() throws(Template.Problem) -> Template.Call {
    let line = line
    var name = try name()
    while skip(symbol: ".") { name += "." + (try self.name()) }
    return Template.Call(name: name, arguments: isSymbol("(") ? try arguments() : .init(), line: line)
  }

  private mutating func test(of value: Template.Expression, line: Int) throws(Template.Problem)
    -> Template.Expression
  {
    let isNegated = skip(name: "not")
    var name = try name()
    while skip(symbol: ".") { name += "." + (try self.name()) }
    let call = Template.Call(name: name, arguments: try testArguments(), line: line)
    let test = try expression(.test(value, call), line: line)
    return isNegated ? try expression(.not(test), line: line) : test
  }

  /// Arguments in parentheses, or one without them, as in `x is divisibleby 3`.
  private mutating func testArguments() throws(Template.Problem) -> Template.Arguments {
    switch current.kind {
    case .symbol("("): return try arguments()
    case .name("else"), .name("or"), .name("and"): return .init()
    case .name("is"): throw .unusable("tests follow each other; join them with 'and'", line: line)
    case .name, .string, .integer, .number, .symbol("["), .symbol("{"):
      return .init(positional: [
        try nested { (parser) throws(Template.Problem) in try parser.postfix(try parser.primary()) }
      ])
    default: return .init()
    }
  }

  private mutating func attribute(
    of value: Template.Expression, line: Int
  ) throws(Template.Problem) -> Template.Expression {
    switch current.kind {
    case .name(let name):
      advance()
      return try expression(.attribute(value, name), line: line)
    case .integer(let number):
      advance()
      let index = try expression(.integer(number), line: line)
      return try expression(.subscripted(value, index), line: line)
    default: throw expected("a name or a number")
    }
  }
}

// MARK: Brackets

extension Template.Parser {
  private mutating func subscripted(
    _ value: Template.Expression
  ) throws(Template.Problem) -> Template.Expression {
    let line = line
    try expect(symbol: "[")
    var keys: [Template.Expression] = []
    while !isSymbol("]") {
      if !keys.isEmpty { try expect(symbol: ",") }
      if isSymbol(":") || !keys.isEmpty && isSymbol("]") {
        return try slice(of: value, from: nil, line: line)
      }
      let key = try expression()
      if isSymbol(":"), keys.isEmpty { return try slice(of: value, from: key, line: line) }
      keys.append(key)
    }
    advance()
    let key = keys.count == 1 ? keys[0] : try expression(.tuple(keys), line: line)
    return try expression(.subscripted(value, key), line: line)
  }

  /// The rest of `[start:end:step]`, from the first colon.
  private mutating func slice(
    of value: Template.Expression, from start: Template.Expression?, line: Int
  ) throws(Template.Problem) -> Template.Expression {
    try expect(symbol: ":")
    let end = isSymbol(":") || isSymbol("]") ? nil : try expression()
    var step: Template.Expression?
    if skip(symbol: ":"), !isSymbol("]") { step = try expression() }
    try expect(symbol: "]")
    return try expression(.slice(value, start: start, end: end, step: step), line: line)
  }

  /// The arguments of a call, in parentheses.
  mutating func arguments() throws(Template.Problem) -> Template.Arguments {
    try expect(symbol: "(")
    var arguments = Template.Arguments()
    while !isSymbol(")") {
      if !arguments.positional.isEmpty || !arguments.keywords.isEmpty {
        try expect(symbol: ",")
        if isSymbol(")") { break }
      }
      if isSymbol("*") || isSymbol("**") { throw .unsupported("a call with * or **", line: line) }
      if case .name(let name) = current.kind, next.kind == .symbol("=") {
        if arguments.keywords.contains(where: { $0.name == name }) {
          throw .unusable("the argument '\(name)' is given twice", line: line)
        }
        advance()
        advance()
        arguments.keywords.append((name, try expression()))
      } else if arguments.keywords.isEmpty {
        arguments.positional.append(try expression())
      } else {
        throw .unusable("an argument without a name follows one with a name", line: line)
      }
    }
    advance()
    return arguments
  }
}
