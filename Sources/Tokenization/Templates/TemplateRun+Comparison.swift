extension Template.Run {
  /// Whether Python takes two values for equal.
  func areEqual(_ left: Value, _ right: Value) throws(Problem) -> Bool {
    try spend(2)
    if let first = left.letters, let second = right.letters {
      try spend(min(first.count, second.count) / 8)
      return first == second
    }
    if let order = Self.order(ofNumbers: left, right) { return order == .equal }
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)):
      guard first !== second else { return true }
      guard first.values.count == second.values.count else { return false }
      for (one, other) in zip(first.values, second.values) {
        guard try nested({ () throws(Problem) in try areEqual(one, other) }) else { return false }
      }
      return true
    case (.dictionary(let first), .dictionary(let second)): return try areEqual(first, second)
    case (.range(let first), .range(let second)):
      return first.count == second.count
        && (first.count == 0
          || first.start == second.start && (first.count == 1 || first.step == second.step))
    case (.view, .view): throw .unsupported("a comparison of the keys or values of objects")
    case (.function(let first), .function(let second)): return first == second
    case (.method, .method): throw .unsupported("a comparison of methods")
    default: return areSame(left, right)
    }
  }

  private func areEqual(
    _ first: Template.Dictionary, _ second: Template.Dictionary
  ) throws(Problem) -> Bool {
    guard first !== second else { return true }
    guard first.count == second.count else { return false }
    for (key, value) in zip(first.keys, first.values) {
      guard let other = second[try hashed(key)] else { return false }
      guard try nested({ () throws(Problem) in try areEqual(value, other) }) else { return false }
    }
    return true
  }

  /// Whether two values are one, as far as it can be told: equal strings and numbers of one kind count as one.
  func areSame(_ left: Value, _ right: Value) -> Bool {
    switch (left, right) {
    case (.none, .none): true
    case (.bool(let first), .bool(let second)): first == second
    case (.integer(let first), .integer(let second)): first == second
    case (.string(let first), .string(let second)): first == second
    case (.undefined(let first), .undefined(let second)): first === second
    case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)): first === second
    case (.dictionary(let first), .dictionary(let second)): first === second
    case (.namespace(let first), .namespace(let second)): first === second
    case (.macro(let first), .macro(let second)): first === second
    case (.generator(let first), .generator(let second)): first === second
    case (.loop(let first), .loop(let second)): first === second
    case (.function(let first), .function(let second)): first == second
    default: false
    }
  }

  enum Order { case less, equal, greater, none }

  /// How two numbers compare, exactly; `nil` if one is none.
  private static func order(ofNumbers left: Value, _ right: Value) -> Order? {
    func order<Number: Comparable>(_ left: Number, _ right: Number) -> Order {
      left < right ? .less : left == right ? .equal : left > right ? .greater : .none
    }
    /// A whole number and one with a fraction, which may be beyond all whole numbers.
    func order(_ whole: Int, _ number: Double) -> Order {
      if number.isNaN { return .none }
      if number >= 0x1p63 { return .less }
      if number < -0x1p63 { return .greater }
      let floor = Int(number.rounded(.down))
      return whole != floor ? order(whole, floor) : Double(floor) == number ? .equal : .less
    }
    switch (left, right) {
    case (.number(let first), .number(let second)): return order(first, second)
    case (.number(let first), _):
      switch right.wholeNumber.map({ order($0, first) }) {
      case .less: return .greater
      case .greater: return .less
      case let other: return other
      }
    case (_, .number(let second)): return left.wholeNumber.map { order($0, second) }
    default:
      guard let first = left.wholeNumber, let second = right.wholeNumber else { return nil }
      return order(first, second)
    }
  }

  /// How two values compare that Python can order: numbers, strings, lists and tuples.
  func order(_ left: Value, _ right: Value) throws(Problem) -> Order {
    try spend(2)
    if let order = Self.order(ofNumbers: left, right) { return order }
    if let first = left.letters, let second = right.letters {
      try spend(min(first.count, second.count) / 8)
      if first == second { return .equal }
      return first.lexicographicallyPrecedes(second) ? .less : .greater
    }
    switch (left, right) {
    case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)):
      for (one, other) in zip(first.values, second.values) where try !areEqual(one, other) {
        return try nested { () throws(Problem) in try order(one, other) }
      }
      let (count, other) = (first.values.count, second.values.count)
      return count == other ? .equal : count < other ? .less : .greater
    default: throw .failed("\(left.kind) and \(right.kind) have no order")
    }
  }

  /// Whether a value is in another: a part of a string, an item of a list, a key of an object.
  func contains(_ container: Value, _ value: Value) throws(Problem) -> Bool {
    switch container {
    case .string(let text), .markup(let text):
      guard let letters = value.letters else { throw .failed("\(value.kind) cannot be in a string") }
      return try place(of: letters, in: text[...]) != nil
    case .dictionary(let dictionary): return dictionary[try hashed(value)] != nil
    case .view(let view) where view.kind == .keys: return view.dictionary[try hashed(value)] != nil
    case .generator(let generator):
      while let item = generator.next() { if try isItem(value, item) { return true } }
      return false
    case .undefined, .list, .tuple, .range, .view:
      for item in try elements(of: container) where try isItem(value, item) { return true }
      return false
    default: throw .failed("\(container.kind) holds nothing")
    }
  }

  private func isItem(_ value: Value, _ item: Value) throws(Problem) -> Bool {
    if areSame(value, item) { return true }
    return try areEqual(item, value)
  }

  func holds(
    _ comparison: Expression.Comparison, _ left: Value, _ right: Value
  ) throws(Problem) -> Bool {
    switch comparison {
    case .equal: try areEqual(left, right)
    case .unequal: try !areEqual(left, right)
    case .isIn: try contains(right, left)
    case .isNotIn: try !contains(right, left)
    case .less: try order(left, right) == .less
    case .greater: try order(left, right) == .greater
    case .atMost: [.less, .equal].contains(try order(left, right))
    case .atLeast: [.greater, .equal].contains(try order(left, right))
    }
  }
}

// MARK: Order of many

extension Template.Run {
  /// Values in the order of their keys; those with equal keys stay as they are, backwards too.
  func sorted(_ values: [Value], by keys: [Value], isReversed: Bool) throws(Problem) -> [Value] {
    var places = Array(values.indices)
    var width = 1
    while width < places.count {
      var merged: [Int] = []
      merged.reserveCapacity(places.count)
      for start in stride(from: 0, to: places.count, by: 2 * width) {
        let middle = min(start + width, places.count)
        let end = min(start + 2 * width, places.count)
        var (left, right) = (start, middle)
        while left < middle, right < end {
          let (first, second) = (keys[places[left]], keys[places[right]])
          let order = isReversed ? try order(first, second) : try order(second, first)
          let takesRight = order == .less
          merged.append(places[takesRight ? right : left])
          if takesRight { right += 1 } else { left += 1 }
        }
        merged += places[left..<middle] + places[right..<end]
      }
      places = merged
      width *= 2
    }
    return places.map { values[$0] }
  }
}
