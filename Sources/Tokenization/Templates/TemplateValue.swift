extension Template {
  /// What an expression is worth, with Python's rules for it.
  enum Value {
    /// What a template names and nobody has defined; the text says so for messages.
    case undefined(Missing)
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(Scalars)
    /// What `safe` and `escape` give: a string that escapes what is added to it.
    case markup(Scalars)
    case list(Items)
    case tuple(Items)
    case dictionary(Dictionary)
    case range(Interval)
    /// The keys, values or pairs of a dictionary.
    case view(View)
    /// What filters such as `map` give: it can be gone through once.
    case generator(Generator)
    case namespace(Namespace)
    case macro(Macro)
    case loop(Loop)
    case function(String)
    case method(Method)
  }

  /// Why a value is undefined: `'tool' is undefined`.
  final class Missing: Sendable {
    let text: String
    init(_ text: String) { self.text = text }
  }

  /// The items of a list or a tuple, which nothing changes.
  final class Items {
    let values: [Value]
    let depth: Int

    init(_ values: [Value]) {
      self.values = values
      depth = 1 + (values.lazy.map(\.depth).max() ?? 0)
    }
  }

  /// What `range` gives.
  final class Interval {
    let (start, step, count): (Int, Int, Int)

    init(start: Int, step: Int, count: Int) { (self.start, self.step, self.count) = (start, step, count) }

    subscript(index: Int) -> Int { start + index * step }
  }

  final class View {
    enum Kind { case keys, values, items }
    let kind: Kind
    let dictionary: Dictionary

    init(_ kind: Kind, of dictionary: Dictionary) { (self.kind, self.dictionary) = (kind, dictionary) }
  }

  final class Generator {
    private var values: ArraySlice<Value>
    let depth: Int

    init(_ values: [Value]) {
      self.values = values[...]
      depth = 1 + (values.lazy.map(\.depth).max() ?? 0)
    }

    func next() -> Value? { values.popFirst() }

    /// All that nobody has taken yet.
    func rest() -> [Value] {
      defer { values = [] }
      return Array(values)
    }
  }

  /// What `namespace()` gives: the one thing that statements can change.
  final class Namespace {
    var members: Dictionary
    init(_ members: Dictionary) { self.members = members }
  }

  /// A macro with the variables that its text can see.
  final class Macro {
    let definition: Statement.Macro
    var scope: Scope?
    init(_ definition: Statement.Macro, scope: Scope) { (self.definition, self.scope) = (definition, scope) }
  }

  /// A method that is named but not yet called, such as `text.strip`.
  final class Method {
    let receiver: Value
    let name: String
    init(_ name: String, of receiver: Value) { (self.name, self.receiver) = (name, receiver) }
  }

  /// Variables of a template, a macro's call, a round of a loop.
  final class Scope {
    private var values: [Int: Value] = [:]
    let parent: Scope?
    /// Whether it belongs to a macro's call.
    let isMacro: Bool

    init(in parent: Scope?, isMacro: Bool = false) { (self.parent, self.isMacro) = (parent, isMacro) }

    func set(_ name: Name, to value: Value) { values[name.number] = value }

    func value(of name: Name) -> Value? {
      var scope: Scope? = self
      while let one = scope {
        if let value = one.values[name.number] { return value }
        scope = one.parent
      }
      return nil
    }

    /// Whether a macro is being carried out.
    var isInMacro: Bool { isMacro || parent?.isInMacro == true }
  }
}

extension Template.Value {
  /// How many containers lie in each other, 0 for none. A namespace or a macro counts as one: the run takes it apart.
  var depth: Int {
    switch self {
    case .undefined, .none, .bool, .integer, .number, .string, .markup, .range, .function: 0
    case .list(let items), .tuple(let items): items.depth
    case .dictionary(let dictionary): dictionary.depth
    case .view(let view): view.dictionary.depth + 1
    case .generator(let generator): generator.depth
    case .loop(let loop): loop.depth
    case .method(let method): method.receiver.depth + 1
    case .namespace, .macro: 1
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  /// The letters of a string, whether marked safe or not.
  var letters: Scalars? {
    switch self {
    case .string(let text), .markup(let text): text
    default: nil
    }
  }

  /// A whole number, as which Python takes true and false too.
  var wholeNumber: Int? {
    switch self {
    case .integer(let number): number
    case .bool(let flag): flag ? 1 : 0
    default: nil
    }
  }

  /// Whether an `if` takes it for true.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let flag): flag
    case .integer(let number): number != 0
    case .number(let number): number != 0
    case .string(let text), .markup(let text): !text.isEmpty
    case .list(let items), .tuple(let items): !items.values.isEmpty
    case .dictionary(let dictionary): dictionary.count > 0
    case .range(let range): range.count > 0
    case .view(let view): view.dictionary.count > 0
    case .generator, .namespace, .macro, .function, .method: true
    case .loop(let loop): loop.source.count > 0
    }
  }

  /// What it is, for messages.
  var kind: String {
    switch self {
    case .undefined(let missing): "an undefined value (\(missing.text))"
    case .none: "none"
    case .bool: "true or false"
    case .integer: "a whole number"
    case .number: "a number"
    case .string, .markup: "a string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dictionary: "an object"
    case .range: "a range"
    case .view: "a view of an object"
    case .generator: "what a filter gives"
    case .namespace: "a namespace"
    case .macro: "a macro"
    case .loop: "a loop"
    case .function: "a function"
    case .method: "a method"
    }
  }

  static func text(_ text: String) -> Self { .string(Scalars(text.unicodeScalars)) }

  static func missing(_ text: String) -> Self { .undefined(Template.Missing(text)) }
}
