extension RegularExpression {
  /// A part of an expression as it is written.
  indirect enum Part {
    case scalar(Unicode.Scalar)
    /// A letter in any case.
    case letter(Unicode.Scalar)
    /// A class, as Swift writes it.
    case one(String)
    case any(takesLineFeed: Bool)
    case sequence([Part])
    case alternatives([Part])
    /// So many times, at most without end where `most` is `nil`.
    case repeated(Part, least: Int, most: Int?, isLazy: Bool)
    case anchor(Anchor)
    case look(Part, isNegated: Bool, isBehind: Bool)
    case atomic(Part)
  }

  /// What is wrong with an expression; `reason` continues "which".
  struct Problem: Error { let reason: String }

  /// The most instructions; real expressions have about a hundred.
  private static let mostInstructions = 5000

  /// Reads an expression as Oniguruma does.
  init(_ text: String) throws(Problem) {
    var parser = Parser(text)
    var program = Program(limit: Self.mostInstructions)
    try program.append(try parser.whole())
    try program.emit(.end)
    instructions = program.instructions
    tests = program.tests
  }
}

extension RegularExpression.Part {
  /// Whether it may take no scalar at all.
  var canBeEmpty: Bool {
    switch self {
    case .scalar, .letter, .one, .any: false
    case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
    case .alternatives(let parts): parts.contains(where: \.canBeEmpty)
    case .repeated(let part, let least, _, _): least == 0 || part.canBeEmpty
    case .anchor, .look: true
    case .atomic(let part): part.canBeEmpty
    }
  }

  /// How many scalars it takes, if always the same number.
  var width: Int? {
    switch self {
    case .scalar, .letter, .one, .any: return 1
    case .sequence(let parts):
      var sum = 0
      for part in parts {
        guard let width = part.width else { return nil }
        sum += width
      }
      return sum
    case .alternatives(let parts):
      let widths = Set(parts.map(\.width))
      return widths.count == 1 ? widths.first ?? nil : nil
    case .repeated(let part, let least, let most, _):
      guard least == most, let width = part.width else { return nil }
      return width.multipliedReportingOverflow(by: least).overflow ? nil : width * least
    case .anchor, .look: return 0
    case .atomic(let part): return part.width
    }
  }
}

// MARK: Instructions

private struct Program {
  var instructions: [RegularExpression.Instruction] = []
  var tests: [ScalarTest] = []
  private var known: [String: Int] = [:]
  private let limit: Int
  /// Whether what is written stands in lookaround or an atomic group.
  private var isInside = false

  init(limit: Int) { self.limit = limit }

  mutating func emit(_ instruction: RegularExpression.Instruction) throws(RegularExpression.Problem) {
    guard instructions.count < limit else {
      throw RegularExpression.Problem(reason: "is longer than \(limit) steps")
    }
    instructions.append(instruction)
  }

  mutating func append(_ part: RegularExpression.Part) throws(RegularExpression.Problem) {
    switch part {
    case .scalar(let scalar): try emit(.scalar(scalar))
    case .one(let source): try emit(.one(try test(source)))
    case .letter(let letter): try emit(.letter(letter))
    case .any(let takesLineFeed): try emit(.any(takesLineFeed: takesLineFeed))
    case .sequence(let parts): for part in parts { try append(part) }
    case .alternatives(let parts): try append(alternatives: parts)
    case .repeated(let part, let least, let most, let isLazy):
      try append(part, least: least, most: most, isLazy: isLazy)
    case .anchor(let anchor): try emit(.anchor(anchor))
    case .look(let part, let isNegated, let isBehind):
      try append(look: part, isNegated: isNegated, isBehind: isBehind)
    case .atomic(let part):
      let place = instructions.count
      try emit(.end)
      try appendInside(part)
      instructions[place] = .atomic(start: place + 1, next: instructions.count)
    }
  }

  private mutating func appendInside(
    _ part: RegularExpression.Part
  ) throws(RegularExpression.Problem) {
    let outer = isInside
    isInside = true
    try append(part)
    try emit(.end)
    isInside = outer
  }

  private mutating func test(_ source: String) throws(RegularExpression.Problem) -> Int {
    if let place = known[source] { return place }
    do { tests.append(try ScalarTest(source)) } catch {
      throw RegularExpression.Problem(reason: "has the class '\(source)', which is none that Swift knows")
    }
    known[source] = tests.count - 1
    return tests.count - 1
  }

  private mutating func append(
    alternatives parts: [RegularExpression.Part]
  ) throws(RegularExpression.Problem) {
    var jumps: [Int] = []
    for (number, part) in parts.enumerated() {
      guard number + 1 < parts.count else {
        try append(part)
        break
      }
      let fork = instructions.count
      try emit(.end)
      try append(part)
      jumps.append(instructions.count)
      try emit(.end)
      instructions[fork] = .fork(fork + 1, instructions.count)
    }
    for jump in jumps { instructions[jump] = .jump(instructions.count) }
  }

  private mutating func append(
    _ part: RegularExpression.Part, least: Int, most: Int?, isLazy: Bool
  ) throws(RegularExpression.Problem) {
    let before = instructions.count
    for _ in 0..<least {
      try append(part)
      // Nothing, however often, is nothing.
      if instructions.count == before { return }
    }
    func fork(_ body: Int, _ after: Int) -> RegularExpression.Instruction {
      isLazy ? .fork(after, body) : .fork(body, after)
    }
    if let most {
      var forks: [Int] = []
      for _ in least..<max(least, most) {
        forks.append(instructions.count)
        try emit(.end)
        try append(part)
      }
      for place in forks { instructions[place] = fork(place + 1, instructions.count) }
      return
    }
    guard !isInside || !part.canBeEmpty else {
      throw RegularExpression.Problem(
        reason: "repeats what can be empty without end, within lookaround or an atomic group")
    }
    let place = instructions.count
    try emit(.end)
    try append(part)
    try emit(.jump(place))
    instructions[place] = fork(place + 1, instructions.count)
  }

  private mutating func append(
    look part: RegularExpression.Part, isNegated: Bool, isBehind: Bool
  ) throws(RegularExpression.Problem) {
    if isBehind, case .alternatives(let parts) = part, part.width == nil {
      // Each of its own width: one of them must stand here, or none.
      let looks = parts.map { RegularExpression.Part.look($0, isNegated: isNegated, isBehind: true) }
      return try append(isNegated ? .sequence(looks) : .alternatives(looks))
    }
    var behind = 0
    if isBehind {
      guard let width = part.width else {
        throw RegularExpression.Problem(reason: "looks behind over no fixed number of letters")
      }
      behind = width
    }
    let place = instructions.count
    try emit(.end)
    try appendInside(part)
    instructions[place] = .look(
      start: place + 1, isNegated: isNegated, behind: behind, next: instructions.count)
  }
}

// MARK: Reading

private struct Parser {
  private typealias Problem = RegularExpression.Problem

  private let text: [Unicode.Scalar]
  private var place = 0
  private var depth = 0
  private var ignoresCase = false
  /// Whether a dot takes line feeds.
  private var spansLines = false

  /// Groups may stand in each other so deep, and repeat so often.
  private static let greatestDepth = 64
  private static let mostRepeats = 1000
  /// So many quantifiers may follow each other.
  private static let mostQuantifiers = 8
  /// The longest class in brackets.
  private static let longestClass = 4096

  init(_ text: String) { self.text = Array(text.unicodeScalars) }

  mutating func whole() throws(RegularExpression.Problem) -> RegularExpression.Part {
    let part = try alternatives()
    guard place == text.count else { throw Problem(reason: "closes a group that it does not open") }
    return part
  }

  private var next: Unicode.Scalar? { place < text.count ? text[place] : nil }

  private mutating func skip(_ word: String) -> Bool {
    let word = Array(word.unicodeScalars)
    guard text[place...].starts(with: word) else { return false }
    place += word.count
    return true
  }

  private mutating func alternatives() throws(RegularExpression.Problem) -> RegularExpression.Part {
    let outer = (ignoresCase, spansLines)
    defer { (ignoresCase, spansLines) = outer }
    var parts = [try sequence()]
    while skip("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .alternatives(parts)
  }

  private mutating func sequence() throws(RegularExpression.Problem) -> RegularExpression.Part {
    var parts: [RegularExpression.Part] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      guard var part = try item() else { continue }
      var count = 0
      while let (least, most, isInterval, hasComma) = try quantifier() {
        count += 1
        guard count <= Self.mostQuantifiers else { throw Problem(reason: "repeats repeats too deeply") }
        // After a number alone, a question mark says that all of it may be missing.
        let isLazy = (!isInterval || hasComma) && skip("?")
        part = .repeated(part, least: least, most: most, isLazy: isLazy)
        // A plus after an interval repeats it.
        if !isLazy, !isInterval, skip("+") { part = .atomic(part) }
      }
      parts.append(part)
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  /// How often what comes before it stands, if that is said here.
  private mutating func quantifier() throws(RegularExpression.Problem) -> (
    least: Int, most: Int?, isInterval: Bool, hasComma: Bool
  )? {
    if skip("*") { return (0, nil, false, false) }
    if skip("+") { return (1, nil, false, false) }
    if skip("?") { return (0, 1, false, false) }
    let start = place
    guard skip("{") else { return nil }
    let least = number()
    let hasComma = skip(",")
    let most = hasComma ? number() : least
    guard least != nil || most != nil, skip("}") else {
      place = start
      return nil
    }
    guard max(least ?? 0, most ?? 0) <= Self.mostRepeats else {
      throw Problem(reason: "repeats a part more than \(Self.mostRepeats) times")
    }
    guard most ?? .max >= least ?? 0 else { throw Problem(reason: "repeats a part fewer times than it must") }
    return (least ?? 0, most, true, hasComma)
  }

  private mutating func number() -> Int? {
    let start = place
    while let scalar = next, ("0"..."9").contains(scalar) { place += 1 }
    // Too long a number is above every limit.
    return start == place ? nil : Int(String(text[start..<place])) ?? .max
  }

  /// One letter, class, group or anchor; `nil` for what stands for nothing.
  private mutating func item() throws(RegularExpression.Problem) -> RegularExpression.Part? {
    guard let scalar = next else { return nil }
    switch scalar {
    case "(": return try group()
    case "[": return .one(withCase(try bracket()))
    case "\\": return try escape()
    case "*", "+", "?", "{":
      guard try quantifier() == nil else { throw Problem(reason: "has a '\(scalar)' after nothing") }
      place += 1
    default: place += 1
    }
    switch scalar {
    case ".": return .any(takesLineFeed: spansLines)
    case "^": return .anchor(.lineStart)
    case "$": return .anchor(.lineEnd)
    default: return letter(scalar)
    }
  }

  private func withCase(_ source: String) -> String { ignoresCase ? "(?i:\(source))" : source }

  private func letter(_ scalar: Unicode.Scalar) -> RegularExpression.Part {
    ignoresCase ? .letter(RegularExpression.folded(scalar)) : .scalar(scalar)
  }

  private mutating func group() throws(RegularExpression.Problem) -> RegularExpression.Part? {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.greatestDepth else { throw Problem(reason: "nests groups too deeply") }
    if skip("(?#") {
      while let scalar = next, scalar != ")" { place += scalar == "\\" ? 2 : 1 }
      place = min(place, text.count)
      return try closed(.sequence([]))
    }
    for (sign, isNegated, isBehind) in [
      ("(?=", false, false), ("(?!", true, false), ("(?<=", false, true), ("(?<!", true, true),
    ] where skip(sign) {
      return try closed(.look(try alternatives(), isNegated: isNegated, isBehind: isBehind))
    }
    if skip("(?>") { return try closed(.atomic(try alternatives())) }
    if skip("(?:") { return try closed(try alternatives()) }
    if skip("(?<") {
      while let scalar = next, scalar != ">", scalar != ")" { place += 1 }
      guard skip(">") else { throw Problem(reason: "has a group whose name does not end") }
      return try closed(try alternatives())
    }
    if skip("(?") { return try options() }
    place += 1
    return try closed(try alternatives())
  }

  /// `(?i)` and `(?i:…)`, and the same with `m`, which lets a dot take line feeds.
  private mutating func options() throws(RegularExpression.Problem) -> RegularExpression.Part? {
    let outer = (ignoresCase, spansLines)
    var isOn = true
    while let scalar = next {
      place += 1
      switch scalar {
      case "-": isOn = false
      case "i": ignoresCase = isOn
      case "m": spansLines = isOn
      case ":":
        let part = try alternatives()
        (ignoresCase, spansLines) = outer
        return try closed(part)
      // For the rest of the group around it.
      case ")":
        let rest = try alternatives()
        return rest
      default: throw Problem(reason: "asks for the option '\(scalar)', which is not supported")
      }
    }
    throw Problem(reason: "has a group that is not closed")
  }

  private mutating func closed(
    _ part: RegularExpression.Part
  ) throws(RegularExpression.Problem) -> RegularExpression.Part {
    guard skip(")") else { throw Problem(reason: "has a group that is not closed") }
    return part
  }

  private mutating func escape() throws(RegularExpression.Problem) -> RegularExpression.Part {
    place += 1
    guard let scalar = next else { throw Problem(reason: "ends in a backslash") }
    switch scalar {
    case "p", "P": return .one(withCase(try property()))
    case "x", "u": return letter(try codePoint())
    default: place += 1
    }
    switch scalar {
    case "A": return .anchor(.textStart)
    case "z": return .anchor(.textEnd)
    case "Z": return .anchor(.textEndOrLastNewline)
    case "b": return .anchor(.wordBoundary)
    case "B": return .anchor(.noWordBoundary)
    default: break
    }
    if let source = Self.classes[scalar] { return .one(source) }
    if let control = Self.controls[scalar] { return .scalar(control) }
    // Oniguruma gives other letters and all digits a meaning: lines of any kind, clusters, what a group found.
    if scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) {
      throw Problem(reason: "holds '\\\(scalar)', which is not supported")
    }
    return letter(scalar)
  }

  /// The standard's word letters. Outside of brackets, Oniguruma takes the superscripts and fractions of Latin-1 for more.
  private static let wordLetters = #"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}"#

  /// Classes as Swift writes them, whose `\d` takes in fractions and Roman numerals.
  private static let classes: [Unicode.Scalar: String] = [
    "d": #"\p{Nd}"#, "D": #"\P{Nd}"#, "w": "[\(wordLetters)²³¹¼-¾]", "W": "[^\(wordLetters)²³¹¼-¾]",
    "s": #"\s"#,
    "S": #"\S"#, "h": "[0-9a-fA-F]", "H": "[^0-9a-fA-F]",
  ]
  private static let controls: [Unicode.Scalar: Unicode.Scalar] = [
    "n": "\n", "r": "\r", "t": "\t", "f": "\u{C}", "v": "\u{B}", "a": "\u{7}", "e": "\u{1B}",
  ]

  /// `\p{…}`, `\P{…}` or `\p{^…}`.
  private mutating func property() throws(RegularExpression.Problem) -> String {
    var sign = next == "P" ? "P" : "p"
    place += 1
    guard skip("{") else { throw Problem(reason: "has a \\\(sign) without a name in braces") }
    if skip("^") { sign = sign == "p" ? "P" : "p" }
    let start = place
    while let scalar = next, scalar != "}" { place += 1 }
    let name = String(text[start..<place])
    guard skip("}") else { throw Problem(reason: "has a \\\(sign) whose name does not end") }
    // The name of a script alone takes in for Swift what it shares with others.
    let isScript = (try? Regex("\\p{Script=\(name)}")) != nil
    return "\\\(sign){\(isScript ? "Script=" : "")\(name)}"
  }

  /// The scalar of `\xHH`, `\x{H…}` or `\uHHHH`.
  private mutating func codePoint() throws(RegularExpression.Problem) -> Unicode.Scalar {
    let count = next == "u" ? 4 : 2
    place += 1
    let inBraces = count == 2 && skip("{")
    let start = place
    while let scalar = next, scalar.properties.isASCIIHexDigit, inBraces || place - start < count {
      place += 1
    }
    let digits = String(text[start..<place])
    guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value),
      inBraces ? skip("}") : digits.utf8.count == count || count == 2
    else { throw Problem(reason: "has a code point that is none") }
    return scalar
  }

  /// A class in brackets, to its closing one, as Swift writes it.
  private mutating func bracket(isInside: Bool = false) throws(RegularExpression.Problem) -> String {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.greatestDepth else { throw Problem(reason: "nests classes too deeply") }
    if isInside, let name = namedClass() { return name }
    place += 1
    var source = skip("^") ? "[^" : "["
    // A closing bracket that comes first stands for itself.
    var last = Member.none
    if skip("]") { (source, last) = (source + "\\]", .letter) }
    let start = place
    while let scalar = next {
      guard place - start < Self.longestClass else { throw Problem(reason: "has a class that is too long") }
      switch scalar {
      case "]":
        place += 1
        return source + "]"
      case "[":
        source += try bracket(isInside: true)
        last = .none
      case "\\":
        let (text, isLetter) = try escapeInBracket()
        source += text
        last = isLetter && last != .range ? .letter : .none
      case "&" where skip("&&"):
        source += "&&"
        last = .none
      case "-" where last == .letter && place + 1 < text.count && text[place + 1] != "]":
        place += 1
        source += "-"
        last = .range
      default:
        place += 1
        // As a number: what is a sign for Swift is none for Oniguruma.
        source += "\\u{\(String(scalar.value, radix: 16))}"
        last = last == .range ? .none : .letter
      }
    }
    throw Problem(reason: "has a class that is not closed")
  }

  /// What stands last in a class: a letter that may begin a range, the sign of a range that it has begun, or neither.
  private enum Member { case none, letter, range }

  /// `[:alpha:]`, which stands in brackets only; `nil` if there is no such thing here.
  private mutating func namedClass() -> String? {
    var end = place
    guard text[place...].starts(with: "[:".unicodeScalars) else { return nil }
    end += 2
    while end < text.count, text[end] == "^" || text[end].properties.isAlphabetic { end += 1 }
    guard text[end...].starts(with: ":]".unicodeScalars) else { return nil }
    let name = String(text[place..<end])
    place = end + 2
    return name + ":]"
  }

  /// - Returns: What Swift writes for it, and whether it is one letter.
  private mutating func escapeInBracket() throws(RegularExpression.Problem) -> (String, isLetter: Bool) {
    place += 1
    guard let scalar = next else { throw Problem(reason: "ends in a backslash") }
    switch scalar {
    case "p", "P": return (try property(), false)
    case "x", "u": return ("\\u{\(String(try codePoint().value, radix: 16))}", true)
    default: place += 1
    }
    if scalar == "w" || scalar == "W" {
      return (scalar == "w" ? "[\(Self.wordLetters)]" : "[^\(Self.wordLetters)]", false)
    }
    if let source = Self.classes[scalar] { return (source, false) }
    if let control = Self.controls[scalar] ?? (scalar == "b" ? "\u{8}" : nil) {
      return ("\\u{\(String(control.value, radix: 16))}", true)
    }
    if scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) {
      throw Problem(reason: "holds '\\\(scalar)' in a class, which is not supported")
    }
    return ("\\u{\(String(scalar.value, radix: 16))}", true)
  }
}
