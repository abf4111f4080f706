/// Reads a ``NodeQuery`` from its text.
struct QueryScanner {
  private let scalars: [Unicode.Scalar]
  private var place = 0

  init(_ text: String) throws(GraphError) {
    scalars = Array(text.unicodeScalars)
    guard scalars.count <= NodeQuery.maximumLength else {
      throw .badQuery(
        place: NodeQuery.maximumLength + 1,
        reason: "a search has at most \(NodeQuery.maximumLength) characters")
    }
  }

  mutating func terms() throws(GraphError) -> [NodeQuery.Term] {
    var terms: [NodeQuery.Term] = []
    skipSpaces()
    while place < scalars.count {
      let isNegated = take("-")
      if isNegated, isAtEnd { throw bad("there is nothing behind '-'; put '-' into quotes to look for it") }
      terms.append(NodeQuery.Term(try condition(), isNegated: isNegated))
      skipSpaces()
    }
    return terms
  }

  // MARK: Terms

  private mutating func condition() throws(GraphError) -> NodeQuery.Condition {
    let start = place
    while place < scalars.count, scalars[place].isASCIILetter { place += 1 }
    guard place > start, place < scalars.count, [":", "<", ">"].contains(scalars[place]) else {
      place = start
      return .text(try text(after: "the search"))
    }
    let key = lowercased(scalars[start..<place])
    if let quantity = NodeQuery.Quantity(rawValue: key) { return try comparison(of: quantity) }
    guard ["label", "token", "id", "kind"].contains(key) else {
      place = start
      throw bad(
        "'\(key)' is nothing that nodes have; they have label, token, id, kind, layer, pos, index, influence and "
          + "activation, and text with a ':', '<' or '>' in it goes into quotes")
    }
    guard take(":") else { throw bad("behind '\(key)' comes ':'") }
    let valuePlace = place
    let value = try text(after: "'\(key):'")
    switch key {
    case "label": return .label(value)
    case "token": return .token(value)
    case "id": return .id(value)
    default:
      guard let kind = NodeQuery.Kind(rawValue: value) else {
        place = valuePlace
        throw bad("a kind is one of feature, error, embedding and logit")
      }
      return .kind(kind)
    }
  }

  private mutating func comparison(of quantity: NodeQuery.Quantity) throws(GraphError) -> NodeQuery.Condition
  {
    let comparison: NodeQuery.Comparison
    if take(":") {
      guard quantity.isWhole else {
        place -= 1
        throw bad("\(quantity.rawValue) is compared with '<', '>', '<=' or '>='")
      }
      comparison = .equal
    } else if take("<") {
      comparison = take("=") ? .atMost : .less
    } else {
      place += 1
      comparison = take("=") ? .atLeast : .greater
    }
    return .number(quantity, comparison, try number(for: quantity))
  }

  private mutating func number(for quantity: NodeQuery.Quantity) throws(GraphError) -> Double {
    let start = place
    let isNegative = take("-")
    let digits = takeDigits()
    guard digits > 0 else {
      place = start
      throw bad("\(quantity.rawValue) is compared with a number, such as 3")
    }
    guard quantity.isSigned || !isNegative else {
      place = start
      throw bad("\(quantity.rawValue) is never below 0")
    }
    var decimals = 0
    if place < scalars.count, scalars[place] == "." {
      guard !quantity.isWhole else { throw bad("\(quantity.rawValue) is a whole number") }
      place += 1
      decimals = takeDigits()
      guard decimals > 0 else { throw bad("behind '.' comes a digit") }
    }
    guard isAtEnd else { throw bad("behind a number comes a space") }
    guard digits + decimals <= 15, let value = Double(string(scalars[start..<place])) else {
      place = start
      throw bad("a number has at most 15 digits")
    }
    return value
  }

  private mutating func text(after what: String) throws(GraphError) -> String {
    guard !isAtEnd else { throw bad("behind \(what) comes a text") }
    guard scalars[place] == "\"" else {
      let start = place
      while !isAtEnd { place += 1 }
      return string(scalars[start..<place])
    }
    let start = place
    var text: [Unicode.Scalar] = []
    place += 1
    while place < scalars.count, scalars[place] != "\"" {
      if scalars[place] == "\\", place + 1 < scalars.count, ["\"", "\\"].contains(scalars[place + 1]) {
        place += 1
      }
      text.append(scalars[place])
      place += 1
    }
    guard place < scalars.count else {
      place = start
      throw bad("this quote is not closed")
    }
    guard !text.isEmpty else {
      place = start
      throw bad("there is nothing between the quotes")
    }
    place += 1
    guard isAtEnd else { throw bad("behind a closing quote comes a space") }
    return string(text[...])
  }

  // MARK: Characters

  /// Whether a term ends here.
  private var isAtEnd: Bool { place >= scalars.count || scalars[place].isQuerySpace }

  private mutating func skipSpaces() {
    while place < scalars.count, scalars[place].isQuerySpace { place += 1 }
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard place < scalars.count, scalars[place] == scalar else { return false }
    place += 1
    return true
  }

  /// Passes digits, and says how many.
  private mutating func takeDigits() -> Int {
    let start = place
    while place < scalars.count, ("0"..."9").contains(scalars[place]) { place += 1 }
    return place - start
  }

  private func bad(_ reason: String) -> GraphError { .badQuery(place: place + 1, reason: reason) }

  private func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  private func lowercased(_ scalars: ArraySlice<Unicode.Scalar>) -> String { string(scalars).lowercased() }
}

extension Unicode.Scalar {
  fileprivate var isASCIILetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
  fileprivate var isQuerySpace: Bool { [" ", "\t", "\n", "\r"].contains(self) }
}
