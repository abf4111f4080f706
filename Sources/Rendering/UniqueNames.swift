/// Names that are each given once: a name asked for again gets a number.
struct UniqueNames {
  private var taken: Set<String> = []
  /// The number that a name had last.
  private var lastNumber: [String: Int] = [:]

  mutating func next(_ wanted: String) -> String {
    var name = wanted
    while !taken.insert(name).inserted {
      let number = lastNumber[wanted, default: 1] + 1
      lastNumber[wanted] = number
      name = "\(wanted)-\(number)"
    }
    return name
  }
}
