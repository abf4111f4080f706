extension Template.Parser {
  /// Statements of Jinja that chat templates do without.
  private static let unsupported: Set = [
    "block", "extends", "print", "include", "import", "from", "with", "autoescape", "call", "do", "trans",
    "debug",
  ]

  /// Text, output and statements up to a tag that begins with one of these names, which becomes the current word.
  mutating func statements(until ends: Set<String>) throws(Template.Problem) -> [Template.Statement] {
    var statements: [Template.Statement] = []
    while true {
      let line = line
      switch current.kind {
      case .end:
        guard ends.isEmpty else {
          throw .unusable("the template ends where \(Self.list(ends)) was expected", line: line)
        }
        return statements
      case .text(let text):
        statements.append(.init(kind: .text(text), line: line))
        advance()
      case .beginsOutput:
        advance()
        statements.append(.init(kind: .output(try tuple()), line: line))
        try expect(.endsOutput, "'}}'")
      default:
        try expect(.beginsBlock, "a tag")
        if case .name(let name) = current.kind, ends.contains(name) { return statements }
        let kind = try nested { (parser) throws(Template.Problem) in try parser.statement() }
        statements.append(.init(kind: kind, line: line))
        try expect(.endsBlock, "'%}'")
      }
    }
  }

  private static func list(_ names: Set<String>) -> String {
    names.sorted().map { "'\($0)'" }.joined(separator: " or ")
  }

  /// What a statement encloses; its last tag's name is read over if it is the only one possible.
  private mutating func body(until ends: Set<String>) throws(Template.Problem) -> [Template.Statement] {
    _ = skip(symbol: ":")
    try expect(.endsBlock, "'%}'")
    let body = try statements(until: ends)
    if ends.count == 1 { advance() }
    return body
  }

  private mutating func statement() throws(Template.Problem) -> Template.Statement.Kind {
    let line = line
    let name = try name()
    switch name {
    case "if": return try conditional()
    case "for": return try loop()
    case "set": return try assignment()
    case "macro": return try macro()
    case "filter": return .filterBlock(try filters(startsInside: true), body: try body(until: ["endfilter"]))
    case "generation":
      // It is a call in Python, which a loop around it cannot be left from.
      return .generation(
        try outsideLoops { (parser) throws(Template.Problem) in
          try parser.body(until: ["endgeneration"])
        })
    case "break", "continue":
      guard openLoops > 0 else { throw .unusable("'\(name)' stands outside of loops", line: line) }
      return name == "break" ? .leaveLoop : .nextRound
    default:
      if Self.unsupported.contains(name) { throw .unsupported("the statement '\(name)'", line: line) }
      throw .unusable("there is no statement '\(name)', or it has no beginning", line: line)
    }
  }

  private mutating func outsideLoops<Part>(
    _ read: (inout Self) throws(Template.Problem) -> Part
  ) throws(Template.Problem) -> Part {
    let outer = openLoops
    openLoops = 0
    defer { openLoops = outer }
    return try read(&self)
  }

  private mutating func conditional() throws(Template.Problem) -> Template.Statement.Kind {
    var branches: [(test: Template.Expression, body: [Template.Statement])] = []
    while true {
      let test = try tuple(allowsConditional: false)
      branches.append((test, try body(until: ["elif", "else", "endif"])))
      if skip(name: "elif") { continue }
      if skip(name: "endif") { return .conditional(branches, otherwise: []) }
      try expect(name: "else")
      return .conditional(branches, otherwise: try body(until: ["endif"]))
    }
  }

  private mutating func loop() throws(Template.Problem) -> Template.Statement.Kind {
    openLoops += 1
    let target = try target(until: ["in"], allowsAttribute: false)
    openLoops -= 1
    try expect(name: "in")
    let sequence = try tuple(allowsConditional: false, until: ["recursive"])
    let test = skip(name: "if") ? try expression() : nil
    if isName("recursive") { throw .unsupported("'recursive' in a loop", line: line) }
    openLoops += 1
    let body = try body(until: ["endfor", "else"])
    openLoops -= 1
    var otherwise: [Template.Statement] = []
    if skip(name: "else") { otherwise = try self.body(until: ["endfor"]) } else { advance() }
    return .loop(
      .init(target: target, sequence: sequence, test: test, body: body, otherwise: otherwise))
  }

  private mutating func assignment() throws(Template.Problem) -> Template.Statement.Kind {
    let target = try target(until: [], allowsAttribute: true)
    if skip(symbol: "=") { return .set(target, try tuple()) }
    let filters = try filters()
    let body = try outsideLoops { (parser) throws(Template.Problem) in try parser.body(until: ["endset"]) }
    return .setBlock(target, filters: filters, body: body)
  }

  private mutating func macro() throws(Template.Problem) -> Template.Statement.Kind {
    let name = variable(try name())
    var parameters: [(name: Template.Name, standard: Template.Expression?)] = []
    try expect(symbol: "(")
    while !isSymbol(")") {
      if !parameters.isEmpty { try expect(symbol: ",") }
      let parameter = variable(try self.name())
      if skip(symbol: "=") {
        parameters.append((parameter, try expression()))
      } else if parameters.last?.standard != nil {
        throw .unusable("a parameter without a default follows one with a default", line: line)
      } else {
        parameters.append((parameter, nil))
      }
    }
    advance()
    let body = try outsideLoops { (parser) throws(Template.Problem) in try parser.body(until: ["endmacro"]) }
    return .macro(.init(name: name, parameters: parameters, body: body))
  }
}

// MARK: Targets of assignments

extension Template.Parser {
  private static let constants: Set = ["true", "false", "none", "True", "False", "None"]

  /// What is assigned to, up to one of these names.
  private mutating func target(
    until ends: Set<String>, allowsAttribute: Bool
  ) throws(Template.Problem) -> Template.Target {
    var targets: [Template.Target] = []
    while true {
      targets.append(try oneTarget(allowsAttribute: allowsAttribute))
      guard skip(symbol: ",") else { return targets.count == 1 ? targets[0] : .tuple(targets) }
      if case .name(let name) = current.kind, ends.contains(name) { return .tuple(targets) }
      if isSymbol(")") || isSymbol("=") { return .tuple(targets) }
    }
  }

  private mutating func oneTarget(allowsAttribute: Bool) throws(Template.Problem) -> Template.Target {
    if skip(symbol: "(") {
      let inner = try nested { (parser) throws(Template.Problem) in
        try parser.target(until: [], allowsAttribute: false)
      }
      try expect(symbol: ")")
      return inner
    }
    let line = line
    let text = try name()
    if Self.constants.contains(text) { throw .unusable("'\(text)' cannot be assigned to", line: line) }
    if text == "loop", openLoops > 0 { throw .unusable("'loop' cannot be assigned to", line: line) }
    let name = variable(text)
    guard allowsAttribute, skip(symbol: ".") else { return .name(name) }
    return .attribute(name, try self.name())
  }
}
