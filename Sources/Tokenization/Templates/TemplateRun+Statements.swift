extension Template.Run {
  /// How statements end: in order, or with a jump out of a loop's round.
  enum Ending { case normal, leavesLoop, nextRound }

  @discardableResult
  func carryOut(_ statements: [Template.Statement], in scope: Scope) throws(Problem) -> Ending {
    try nested { () throws(Problem) in
      for statement in statements {
        try spend(5)
        do throws(Problem) {
          let ending = try carryOut(statement, in: scope)
          if ending != .normal { return ending }
        } catch {
          var problem = error
          if problem.line == nil { problem.line = statement.line }
          throw problem
        }
      }
      return .normal
    }
  }

  private func carryOut(_ statement: Template.Statement, in scope: Scope) throws(Problem) -> Ending {
    switch statement.kind {
    case .text(let text): try write(text)
    case .output(let expression): try write(try text(of: try value(of: expression, in: scope)))
    case .conditional(let branches, let otherwise):
      for (test, body) in branches where try value(of: test, in: scope).isTrue {
        return try carryOut(body, in: scope)
      }
      return try carryOut(otherwise, in: scope)
    case .loop(let loop): return try carryOut(loop, in: scope)
    case .set(let target, let expression):
      try assign(try value(of: expression, in: scope), to: target, in: scope)
    case .setBlock(let target, let filters, let body):
      try assign(try filteredText(of: body, by: filters, in: scope), to: target, in: scope)
    case .macro(let definition): scope.set(definition.name, to: macro(definition, in: scope))
    case .filterBlock(let filters, let body):
      try write(try text(of: try filteredText(of: body, by: filters, in: scope)))
    case .generation(let body): try carryOut(body, in: Scope(in: scope))
    case .leaveLoop: return .leavesLoop
    case .nextRound: return .nextRound
    }
    return .normal
  }

  private func write(_ text: Scalars) throws(Problem) {
    try make(letters: text.count)
    output += text
  }

  /// What statements write, in a scope of their own, after these filters.
  private func filteredText(
    of body: [Template.Statement], by filters: [Template.Call], in scope: Scope
  ) throws(Problem) -> Value {
    let inner = Scope(in: scope)
    var text = Value.string(try captured { () throws(Problem) in try carryOut(body, in: inner) })
    for filter in filters {
      text = try filtered(text, by: filter.name, with: try given(filter.arguments, in: scope))
    }
    return text
  }

  /// Gives a value a name, a namespace a member, or several names the elements of a value.
  func assign(_ value: Value, to target: Template.Target, in scope: Scope) throws(Problem) {
    switch target {
    case .name(let name): scope.set(name, to: value)
    case .attribute(let name, let member):
      guard case .namespace(let namespace) = scope.value(of: name) else {
        throw .failed("'\(name.text)' is no namespace, so '\(member)' cannot be set")
      }
      guard !member.hasPrefix("_") else {
        throw .failed("a namespace has a name that begins with an underscore")
      }
      try checkDepth(value)
      try spend(namespace.members.count)
      let members =
        isKnownUniquelyReferenced(&namespace.members) ? namespace.members : .init(namespace.members)
      members.set(member, to: value)
      namespace.members = members
    case .tuple(let targets):
      let values = try elements(of: value)
      guard values.count == targets.count else {
        throw .failed("\(targets.count) names cannot take \(values.count) values")
      }
      for (target, value) in zip(targets, values) { try assign(value, to: target, in: scope) }
    }
  }
}
