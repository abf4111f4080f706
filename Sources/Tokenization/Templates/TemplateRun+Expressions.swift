extension Template.Run {
  /// What an expression is worth.
  func value(of expression: Expression, in scope: Scope) throws(Problem) -> Value {
    try spend(10)
    return try nested { () throws(Problem) in
      do throws(Problem) {
        return try plainValue(of: expression, in: scope)
      } catch {
        var problem = error
        if problem.line == nil { problem.line = expression.line }
        throw problem
      }
    }
  }

  private func plainValue(of expression: Expression, in scope: Scope) throws(Problem) -> Value {
    switch expression.kind {
    case .none: return .none
    case .bool(let flag): return .bool(flag)
    case .integer(let number): return .integer(number)
    case .number(let number): return .number(number)
    case .string(let text): return .string(text)
    case .name(let name): return try value(of: name, in: scope)
    case .list(let items): return try list(try values(of: items, in: scope))
    case .tuple(let items): return try tuple(try values(of: items, in: scope))
    case .dictionary(let entries): return try dictionary(of: entries, in: scope)
    case .negative(let operand): return try negated(try value(of: operand, in: scope))
    case .positive(let operand): return try positive(try value(of: operand, in: scope))
    case .not(let operand): return .bool(try !value(of: operand, in: scope).isTrue)
    case .arithmetic(let operation, let left, let right):
      return try arithmetic(operation, try value(of: left, in: scope), try value(of: right, in: scope))
    case .concatenation(let items): return try concatenation(of: items, in: scope)
    case .comparison(let first, let others): return try comparison(first, others, in: scope)
    case .and(let left, let right):
      let first = try value(of: left, in: scope)
      return first.isTrue ? try value(of: right, in: scope) : first
    case .or(let left, let right):
      let first = try value(of: left, in: scope)
      return first.isTrue ? first : try value(of: right, in: scope)
    case .conditional(let chosen, let test, let otherwise):
      if try value(of: test, in: scope).isTrue { return try value(of: chosen, in: scope) }
      guard let otherwise else { return .missing("an 'if' without 'else' was false") }
      return try value(of: otherwise, in: scope)
    case .attribute(let owner, let name): return try attribute(name, of: try value(of: owner, in: scope))
    case .subscripted(let owner, let key):
      return try element(try value(of: key, in: scope), of: try value(of: owner, in: scope))
    case .slice(let owner, let start, let end, let step):
      return try slice(
        of: try value(of: owner, in: scope), start: try optional(start, in: scope),
        end: try optional(end, in: scope), step: try optional(step, in: scope))
    case .call(let function, let arguments):
      return try call(try value(of: function, in: scope), with: try given(arguments, in: scope), in: scope)
    case .filter(let input, let call):
      return try filtered(
        try value(of: input, in: scope), by: call.name, with: try given(call.arguments, in: scope))
    case .test(let input, let call):
      return .bool(
        try passes(try value(of: input, in: scope), call.name, with: try given(call.arguments, in: scope)))
    }
  }

  private func value(of name: Template.Name, in scope: Scope) throws(Problem) -> Value {
    if let value = scope.value(of: name) { return value }
    if ["varargs", "kwargs", "caller"].contains(name.text), scope.isInMacro {
      throw .unsupported("'\(name.text)' in a macro")
    }
    return .missing("'\(name.text)' is undefined")
  }

  private func values(of expressions: [Expression], in scope: Scope) throws(Problem) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(expressions.count)
    for expression in expressions { values.append(try value(of: expression, in: scope)) }
    return values
  }

  private func optional(_ expression: Expression?, in scope: Scope) throws(Problem) -> Value {
    guard let expression else { return .none }
    return try value(of: expression, in: scope)
  }

  func given(_ arguments: Template.Arguments, in scope: Scope) throws(Problem) -> Given {
    var given = Given(positional: try values(of: arguments.positional, in: scope))
    for (name, expression) in arguments.keywords {
      given.keywords.append((name, try value(of: expression, in: scope)))
    }
    return given
  }

  private func dictionary(
    of entries: [(key: Expression, value: Expression)], in scope: Scope
  ) throws(Problem) -> Value {
    var values: [(Value, Value)] = []
    for entry in entries {
      values.append((try value(of: entry.key, in: scope), try value(of: entry.value, in: scope)))
    }
    return .dictionary(try dictionary(values))
  }

  private func concatenation(of items: [Expression], in scope: Scope) throws(Problem) -> Value {
    var text: Scalars = []
    for item in items { text += try self.text(of: try value(of: item, in: scope)) }
    return try string(text)
  }

  /// A chain such as `1 < x < 5`, of which each part is worked out once, and none after one that does not hold.
  private func comparison(
    _ first: Expression, _ others: [(comparison: Expression.Comparison, operand: Expression)],
    in scope: Scope
  ) throws(Problem) -> Value {
    var left = try value(of: first, in: scope)
    for (comparison, operand) in others {
      let right = try value(of: operand, in: scope)
      guard try holds(comparison, left, right) else { return .bool(false) }
      left = right
    }
    return .bool(true)
  }
}
