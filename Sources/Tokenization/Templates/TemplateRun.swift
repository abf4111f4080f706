import Foundation

extension Template {
  /// One carrying out of a template.
  ///
  /// A stranger's template is a program. It has a budget of steps, about a second of work, and one of letters that it
  /// may make, so that it neither hangs nor fills the memory; and nothing nests so deep that the stack ends.
  final class Run {
    let names: [String: Int]
    /// The time that `strftime_now` tells.
    let date: Date
    /// What was written so far, in the template or the macro that is carried out.
    var output: Scalars = []
    /// Where what is carried out is written.
    var line = 1

    private var steps: Int
    private var room: Int
    private var nesting = 0
    /// Whether what is written as text lies in a list or the like.
    var nestsText = false
    private var namespaces: [Namespace] = []
    private var macros: [Macro] = []

    private static let greatestNesting = 400
    private static let greatestDepth = 100

    /// - Parameters:
    ///   - names: The numbers of the template's variables.
    ///   - size: How large what it is given is, in letters and values: it may do so much the more.
    init(names: [String: Int], date: Date, size: Int) {
      self.names = names
      self.date = date
      steps = 10_000_000 + 200 * size
      room = 16_000_000 + 64 * size
    }

    /// Takes apart what may hold itself.
    func end() {
      for namespace in namespaces { namespace.members = Dictionary() }
      for macro in macros { macro.scope = nil }
    }
  }
}

// MARK: Limits

extension Template.Run {
  typealias Problem = Template.Problem
  typealias Value = Template.Value
  typealias Scope = Template.Scope
  typealias Expression = Template.Expression

  /// Takes steps from the budget; one is worth some ten nanoseconds.
  func spend(_ count: Int) throws(Problem) {
    steps -= count
    if steps < 0 { throw .costly("it takes too many steps") }
  }

  /// Takes the making of so many letters from the budget.
  func make(letters count: Int) throws(Problem) {
    room -= count
    if room < 0 { throw .costly("it makes too much text") }
    try spend(1 + count / 8)
  }

  /// The same for a number that may be too large to be made at all.
  func make(letters count: Int, times: Int) throws(Problem) {
    let (product, overflow) = count.multipliedReportingOverflow(by: max(times, 0))
    try make(letters: overflow ? .max / 2 : product)
  }

  /// Takes the making of a list from the budget. A value takes the room of some letters.
  func make(items count: Int) throws(Problem) {
    room -= min(count, .max / 16) * 8
    if room < 0 { throw .costly("it makes too many values") }
    try spend(1 + count)
  }

  func nested<Result>(_ work: () throws(Problem) -> Result) throws(Problem) -> Result {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= Self.greatestNesting else { throw .costly("its macros or expressions nest too deep") }
    return try work()
  }

  private func checked(_ value: Value) throws(Problem) -> Value {
    guard value.depth <= Self.greatestDepth else { throw .costly("it nests lists or objects too deep") }
    return value
  }
}

// MARK: New values

extension Template.Run {
  func string(_ text: Scalars) throws(Problem) -> Value {
    try make(letters: text.count)
    return .string(text)
  }

  func list(_ values: [Value]) throws(Problem) -> Value {
    try make(items: values.count)
    return try checked(.list(.init(values)))
  }

  func tuple(_ values: [Value]) throws(Problem) -> Value {
    try make(items: values.count)
    return try checked(.tuple(.init(values)))
  }

  func generator(_ values: [Value]) throws(Problem) -> Value {
    try make(items: values.count)
    return try checked(.generator(.init(values)))
  }

  /// A dictionary of entries; of a key that is there twice, the last value counts.
  func dictionary(
    _ entries: [(Value, Value)], from other: Template.Dictionary? = nil
  ) throws(Problem) -> Template.Dictionary {
    let dictionary = other.map { .init($0) } ?? Template.Dictionary()
    try make(items: 4 * (entries.count + dictionary.count))
    for (key, value) in entries { dictionary.set(key, try hashed(key), to: value) }
    _ = try checked(.dictionary(dictionary))
    return dictionary
  }

  /// What a dictionary finds a value by.
  func hashed(_ key: Value) throws(Problem) -> Template.Key {
    if let letters = key.letters { try spend(letters.count / 8) }
    guard let key = key.key else { throw .failed("\(key.kind) cannot be a key") }
    return key
  }

  func namespace(_ members: Template.Dictionary) -> Value {
    let namespace = Template.Namespace(members)
    namespaces.append(namespace)
    return .namespace(namespace)
  }

  func macro(_ definition: Template.Statement.Macro, in scope: Scope) -> Value {
    let macro = Template.Macro(definition, scope: scope)
    macros.append(macro)
    return .macro(macro)
  }

  /// Checks that a value may be put into a namespace, which hides how deep it is.
  func checkDepth(_ value: Value) throws(Problem) { _ = try checked(value) }
}

// MARK: Going through values

extension Template.Run {
  /// What a loop over a value meets; a generator is empty afterwards.
  func elements(of value: Value) throws(Problem) -> [Value] {
    let elements = try plainElements(of: value)
    try spend(elements.count)
    return elements
  }

  private func plainElements(of value: Value) throws(Problem) -> [Value] {
    switch value {
    case .undefined: return []
    case .string(let text), .markup(let text):
      try make(items: text.count)
      return text.map { .string([$0]) }
    case .list(let items), .tuple(let items): return items.values
    case .dictionary(let dictionary): return dictionary.keys
    case .range(let range): return (0..<range.count).map { .integer(range[$0]) }
    case .view(let view):
      switch view.kind {
      case .keys: return view.dictionary.keys
      case .values: return view.dictionary.values
      case .items:
        try make(items: 3 * view.dictionary.count)
        return zip(view.dictionary.keys, view.dictionary.values).map { .tuple(.init([$0, $1])) }
      }
    case .generator(let generator): return generator.rest()
    default: throw .failed("\(value.kind) cannot be gone through")
    }
  }

  /// How many elements a value has.
  func count(of value: Value) throws(Problem) -> Int {
    switch value {
    case .undefined: return 0
    case .string(let text), .markup(let text): return text.count
    case .list(let items), .tuple(let items): return items.values.count
    case .dictionary(let dictionary): return dictionary.count
    case .range(let range): return range.count
    case .view(let view): return view.dictionary.count
    case .loop(let loop): return try length(of: loop)
    default: throw .failed("\(value.kind) has no length")
    }
  }
}
