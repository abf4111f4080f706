extension Template.Run {
  /// The values that a call is given.
  struct Given {
    var positional: [Value] = []
    var keywords: [(name: String, value: Value)] = []

    /// The values in the order of these parameters, `nil` where there is none.
    func bound(
      _ parameters: String..., required: Int = 0, for what: String
    ) throws(Problem) -> [Value?] {
      guard positional.count <= parameters.count else {
        throw .failed("\(what) takes no more than \(parameters.count) arguments")
      }
      var values: [Value?] = positional + Array(repeating: nil, count: parameters.count - positional.count)
      for (name, value) in keywords {
        guard let place = parameters.firstIndex(of: name) else {
          throw .failed("\(what) takes no argument '\(name)'")
        }
        guard values[place] == nil else { throw .failed("\(what) is given '\(name)' twice") }
        values[place] = value
      }
      for (place, value) in values.prefix(required).enumerated() where value == nil {
        throw .failed("\(what) needs an argument '\(parameters[place])'")
      }
      return values
    }
  }

  /// Takes what is done with strings from the budget, whatever it is: a look at each letter.
  func spendOnLetters(of value: Value, _ given: Given) throws(Problem) {
    try spend(value.letters?.count ?? 0)
    for value in given.positional { try spend(2 * (value.letters?.count ?? 0)) }
    for keyword in given.keywords { try spend(2 * (keyword.value.letters?.count ?? 0)) }
  }

  /// Calls a macro, a method or a function.
  func call(_ function: Value, with given: Given, in scope: Scope) throws(Problem) -> Value {
    switch function {
    case .undefined(let missing): throw .failed(missing.text)
    case .macro(let macro): return try call(macro, with: given)
    case .method(let method): return try call(method, with: given)
    case .function(let name): return try call(function: name, with: given)
    default: throw .failed("\(function.kind) cannot be called")
    }
  }

  /// Functions that every template knows, by name.
  static let functions = [
    "raise_exception", "strftime_now", "namespace", "range", "dict", "cycler", "joiner", "lipsum",
  ]

  private func call(function name: String, with given: Given) throws(Problem) -> Value {
    switch name {
    case "raise_exception":
      let message = try given.bound("message", required: 1, for: "'raise_exception'")[0] ?? .none
      throw Problem(kind: .refused, text: String(String.UnicodeScalarView(try text(of: message))))
    case "strftime_now":
      let format = try given.bound("format", required: 1, for: "'strftime_now'")[0]
      guard let letters = format?.letters else { throw .failed("'strftime_now' needs a string") }
      try spend(50 * letters.count)
      return try string(try Template.DateFormat.text(of: date, format: letters))
    case "namespace":
      let members = try entries(given, for: "'namespace'")
      for key in members.keys where key.letters?.first == "_" {
        throw .failed("a namespace has a name that begins with an underscore")
      }
      return namespace(members)
    case "range": return try range(given)
    case "dict": return .dictionary(try entries(given, for: "'dict'"))
    default: throw .unsupported("the function '\(name)'")
    }
  }

  /// The entries of an object or of pairs, and those that are named.
  private func entries(_ given: Given, for what: String) throws(Problem) -> Template.Dictionary {
    guard given.positional.count <= 1 else { throw .failed("\(what) takes one argument without a name") }
    var entries: [(Value, Value)] = []
    switch given.positional.first {
    case nil: break
    case .dictionary(let dictionary): entries = Array(zip(dictionary.keys, dictionary.values))
    case let value?:
      for element in try elements(of: value) {
        let pair = try elements(of: element)
        guard pair.count == 2 else { throw .failed("\(what) needs pairs of a name and a value") }
        entries.append((pair[0], pair[1]))
      }
    }
    entries += given.keywords.map { (.text($0.name), $0.value) }
    return try dictionary(entries)
  }

  private func range(_ given: Given) throws(Problem) -> Value {
    guard given.keywords.isEmpty, (1...3).contains(given.positional.count) else {
      throw .failed("'range' takes one to three numbers")
    }
    var numbers: [Int] = []
    for value in given.positional {
      guard let number = value.wholeNumber else {
        throw .failed("'range' needs whole numbers, not \(value.kind)")
      }
      numbers.append(number)
    }
    if numbers.count == 1 { numbers.insert(0, at: 0) }
    let step = numbers.count == 3 ? numbers[2] : 1
    guard step != 0 else { throw .failed("'range' has steps of zero") }
    let (distance, overflow) = numbers[1].subtractingReportingOverflow(numbers[0])
    guard !overflow, step != .min else { throw .costly("'range' has more than 100000 numbers") }
    let size = step > 0 ? distance : distance == .min ? .max : -distance
    let count = size <= 0 ? 0 : (size - 1) / abs(step) + 1
    guard count <= 100_000 else { throw .costly("'range' has more than 100000 numbers") }
    return .range(.init(start: numbers[0], step: step, count: count))
  }
}

// MARK: Macros

extension Template.Run {
  private func call(_ macro: Template.Macro, with given: Given) throws(Problem) -> Value {
    let definition = macro.definition
    let name = definition.name.text
    guard given.positional.count <= definition.parameters.count else {
      throw .failed("the macro '\(name)' takes no more than \(definition.parameters.count) arguments")
    }
    let scope = Scope(in: macro.scope, isMacro: true)
    var keywords = given.keywords
    for (place, parameter) in definition.parameters.enumerated() {
      if place < given.positional.count {
        scope.set(parameter.name, to: given.positional[place])
      } else if let index = keywords.firstIndex(where: { $0.name == parameter.name.text }) {
        scope.set(parameter.name, to: keywords.remove(at: index).value)
      } else {
        scope.set(parameter.name, to: .missing("the argument '\(parameter.name.text)' was not given"))
        if let standard = parameter.standard {
          scope.set(parameter.name, to: try value(of: standard, in: scope))
        }
      }
    }
    if let keyword = keywords.first {
      throw .failed("the macro '\(name)' takes no argument '\(keyword.name)'")
    }
    return .string(try captured { () throws(Problem) in try carryOut(definition.body, in: scope) })
  }

  /// What some work writes, instead of writing it.
  func captured(_ work: () throws(Problem) -> Void) throws(Problem) -> Scalars {
    let outer = output
    output = []
    defer { output = outer }
    try work()
    return output
  }
}
