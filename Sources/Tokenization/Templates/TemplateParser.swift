extension Template {
  /// Makes statements of words.
  struct Parser {
    private let lexemes: [Lexeme]
    private var index = 0
    /// The variables met so far.
    private(set) var names: [String: Int] = [:]
    /// How deep what is read lies in expressions and statements.
    private var nesting = 0
    /// How many loops of the same macro are open around what is read.
    var openLoops = 0

    /// The most that expressions and statements may nest while they are read, so that no file can exhaust the stack.
    private static let greatestNesting = 80
    /// The same for expressions that nest by being long, as in `a + b + c`.
    private static let greatestDepth = 250

    init(_ lexemes: [Lexeme]) { self.lexemes = lexemes }

    /// All statements up to the end.
    mutating func template() throws(Problem) -> [Statement] { try statements(until: []) }
  }
}

// MARK: Words

extension Template.Parser {
  var current: Template.Lexeme { lexemes[index] }
  var line: Int { current.line }

  /// The word after the current one.
  var next: Template.Lexeme { lexemes[min(index + 1, lexemes.count - 1)] }

  mutating func advance() { index = min(index + 1, lexemes.count - 1) }

  func isSymbol(_ symbol: String) -> Bool { current.kind == .symbol(symbol) }
  func isName(_ name: String) -> Bool { current.kind == .name(name) }

  mutating func skip(symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func skip(name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func expect(symbol: String) throws(Template.Problem) {
    guard skip(symbol: symbol) else { throw expected("'\(symbol)'") }
  }

  mutating func expect(name: String) throws(Template.Problem) {
    guard skip(name: name) else { throw expected("'\(name)'") }
  }

  mutating func expect(_ kind: Template.Lexeme.Kind, _ what: String) throws(Template.Problem) {
    guard current.kind == kind else { throw expected(what) }
    advance()
  }

  /// A name, whatever it is.
  mutating func name() throws(Template.Problem) -> String {
    guard case .name(let name) = current.kind else { throw expected("a name") }
    advance()
    return name
  }

  func expected(_ what: String) -> Template.Problem {
    .unusable("\(what) was expected, but \(current.description) stands there", line: line)
  }

  /// A variable of this name.
  mutating func variable(_ text: String) -> Template.Name {
    if let number = names[text] { return Template.Name(text: text, number: number) }
    names[text] = names.count
    return Template.Name(text: text, number: names.count - 1)
  }

  mutating func expression(
    _ kind: Template.Expression.Kind, line: Int
  ) throws(Template.Problem) -> Template.Expression {
    let expression = Template.Expression(kind, line: line)
    guard expression.depth <= Self.greatestDepth else {
      throw .unusable("an expression has more than \(Self.greatestDepth) steps in a row", line: line)
    }
    return expression
  }

  /// Reads what lies one level deeper.
  mutating func nested<Part>(
    _ read: (inout Template.Parser) throws(Template.Problem) -> Part
  ) throws(Template.Problem) -> Part {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= Self.greatestNesting else {
      throw .unusable("expressions or statements nest more than \(Self.greatestNesting) deep", line: line)
    }
    return try read(&self)
  }
}
