extension Template {
  /// An expression and where it begins.
  final class Expression: Sendable {
    let kind: Kind
    let line: Int
    /// How many expressions lie in each other, this one counted.
    let depth: Int

    init(_ kind: Kind, line: Int) {
      self.kind = kind
      self.line = line
      depth = 1 + (kind.parts.lazy.map(\.depth).max() ?? 0)
    }

    enum Kind {
      case none
      case bool(Bool)
      case integer(Int)
      case number(Double)
      case string(Scalars)
      case name(Name)
      case list([Expression])
      case tuple([Expression])
      case dictionary([(key: Expression, value: Expression)])
      case negative(Expression)
      case positive(Expression)
      case not(Expression)
      case arithmetic(Operator, Expression, Expression)
      case concatenation([Expression])
      case comparison(Expression, [(comparison: Comparison, operand: Expression)])
      case and(Expression, Expression)
      case or(Expression, Expression)
      case conditional(Expression, test: Expression, otherwise: Expression?)
      case attribute(Expression, String)
      case subscripted(Expression, Expression)
      case slice(Expression, start: Expression?, end: Expression?, step: Expression?)
      case call(Expression, Arguments)
      case filter(Expression, Call)
      case test(Expression, Call)
    }

    enum Operator: String {
      case plus = "+", minus = "-", times = "*", over = "/", floor = "//", modulo = "%", power = "**"
    }

    enum Comparison { case equal, unequal, less, atMost, greater, atLeast, isIn, isNotIn }
  }

  /// A variable, and the number that stands for it in this template.
  struct Name {
    let text: String
    let number: Int
  }

  /// What a call is given.
  struct Arguments {
    var positional: [Expression] = []
    var keywords: [(name: String, value: Expression)] = []

    var parts: [Expression] { positional + keywords.map(\.value) }
  }

  /// A filter or a test with its arguments.
  struct Call {
    let name: String
    let arguments: Arguments
    let line: Int
  }

  /// What a value is assigned to.
  indirect enum Target {
    case name(Name)
    case attribute(Name, String)
    case tuple([Target])
  }
}

extension Template.Expression.Kind: Sendable {
  /// The expressions directly in this one.
  var parts: [Template.Expression] {
    switch self {
    case .none, .bool, .integer, .number, .string, .name: []
    case .list(let items), .tuple(let items), .concatenation(let items): items
    case .dictionary(let entries): entries.flatMap { [$0.key, $0.value] }
    case .negative(let one), .positive(let one), .not(let one), .attribute(let one, _): [one]
    case .arithmetic(_, let left, let right), .and(let left, let right), .or(let left, let right),
      .subscripted(let left, let right):
      [left, right]
    case .comparison(let first, let others): [first] + others.map(\.operand)
    case .conditional(let value, let test, let otherwise): [value, test] + [otherwise].compactMap(\.self)
    case .slice(let value, let start, let end, let step): [value] + [start, end, step].compactMap(\.self)
    case .call(let function, let arguments): [function] + arguments.parts
    case .filter(let value, let call), .test(let value, let call): [value] + call.arguments.parts
    }
  }
}

extension Template.Name: Sendable {}
extension Template.Arguments: Sendable {}
extension Template.Call: Sendable {}
extension Template.Target: Sendable {}

extension Template {
  /// Something to do, and where it is written.
  struct Statement: Sendable {
    let kind: Kind
    let line: Int

    enum Kind: Sendable {
      case text(Scalars)
      case output(Expression)
      case conditional([(test: Expression, body: [Statement])], otherwise: [Statement])
      case loop(Loop)
      case set(Target, Expression)
      case setBlock(Target, filters: [Call], body: [Statement])
      case macro(Macro)
      case filterBlock([Call], body: [Statement])
      case generation([Statement])
      case leaveLoop
      case nextRound
    }

    struct Loop: Sendable {
      let target: Target
      let sequence: Expression
      let test: Expression?
      let body: [Statement]
      let otherwise: [Statement]
    }

    final class Macro: Sendable {
      let name: Name
      let parameters: [(name: Name, standard: Expression?)]
      let body: [Statement]

      init(name: Name, parameters: [(name: Name, standard: Expression?)], body: [Statement]) {
        (self.name, self.parameters, self.body) = (name, parameters, body)
      }
    }
  }
}
