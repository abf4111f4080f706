extension Template {
  /// A loop that is carried out, as the variable `loop` in it shows it.
  final class Loop {
    /// What it goes over, before its `if`.
    let source: [Value]
    let depth: Int
    /// Which rounds come, for loops with an `if`; asked as late as Python does, since the answer may change.
    let test: Test?
    /// The round, from 0.
    fileprivate(set) var index = -1
    /// The elements that have passed: those of the rounds so far, and those that were asked for ahead.
    fileprivate var passed: [Value] = []
    fileprivate var nextInSource = 0

    /// An `if` with the names that it can see.
    struct Test {
      let expression: Expression
      let target: Target
      let scope: Scope
    }

    init(over source: [Value], test: Test?) {
      self.source = source
      self.test = test
      depth = 1 + (source.lazy.map(\.depth).max() ?? 0)
    }
  }
}

extension Template.Run {
  func carryOut(_ statement: Template.Statement.Loop, in scope: Scope) throws(Problem) -> Ending {
    let source = try elements(of: try value(of: statement.sequence, in: scope))
    let loop = Template.Loop(
      over: source, test: statement.test.map { .init(expression: $0, target: statement.target, scope: scope) }
    )
    let variable = names["loop"].map { Template.Name(text: "loop", number: $0) }
    while let element = try element(loop.index + 1, of: loop) {
      loop.index += 1
      try spend(20)
      let round = Scope(in: scope)
      if let variable { round.set(variable, to: .loop(loop)) }
      try assign(element, to: statement.target, in: round)
      if try carryOut(statement.body, in: round) == .leavesLoop { break }
    }
    guard loop.index < 0 else { return .normal }
    return try carryOut(statement.otherwise, in: Scope(in: scope))
  }

  /// The element of a round, asked for ahead if need be; `nil` beyond the last.
  private func element(_ index: Int, of loop: Template.Loop) throws(Problem) -> Value? {
    guard let test = loop.test else { return index < loop.source.count ? loop.source[index] : nil }
    while loop.passed.count <= index {
      guard loop.nextInSource < loop.source.count else { return nil }
      let element = loop.source[loop.nextInSource]
      loop.nextInSource += 1
      let scope = Scope(in: test.scope)
      try assign(element, to: test.target, in: scope)
      if try value(of: test.expression, in: scope).isTrue { loop.passed.append(element) }
    }
    return loop.passed[index]
  }

  /// How many rounds a loop has.
  func length(of loop: Template.Loop) throws(Problem) -> Int {
    guard loop.test != nil else { return loop.source.count }
    _ = try element(.max - 1, of: loop)
    return loop.passed.count
  }

  /// `loop.index` and the like.
  func attribute(_ name: String, of loop: Template.Loop) throws(Problem) -> Value? {
    switch name {
    case "index": return .integer(loop.index + 1)
    case "index0": return .integer(loop.index)
    case "first": return .bool(loop.index == 0)
    case "last": return .bool(try element(loop.index + 1, of: loop) == nil)
    case "length": return .integer(try length(of: loop))
    case "revindex": return .integer(try length(of: loop) - loop.index)
    case "revindex0": return .integer(try length(of: loop) - loop.index - 1)
    case "previtem":
      guard loop.index > 0 else { return .missing("the first round has no previous item") }
      return try element(loop.index - 1, of: loop)
    case "nextitem":
      return try element(loop.index + 1, of: loop) ?? .missing("the last round has no next item")
    case "depth": return .integer(1)
    case "depth0": return .integer(0)
    case "cycle", "changed": return .method(.init(name, of: .loop(loop)))
    default: return nil
    }
  }

  func call(_ name: String, of loop: Template.Loop, with given: Given) throws(Problem) -> Value {
    guard name == "cycle" else { throw .unsupported("'loop.\(name)'") }
    guard given.keywords.isEmpty else { throw .failed("'cycle' takes no arguments by name") }
    guard !given.positional.isEmpty else { throw .failed("'cycle' needs values to go through") }
    return given.positional[max(loop.index, 0) % given.positional.count]
  }
}
