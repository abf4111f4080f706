/// Names that are each given once: a name asked for again gets a number.
struct UniqueNames {
  private var taken: Set<String> = []

  mutating func next(_ wanted: String) -> String {
    var name = wanted
    var number = 2
    while !taken.insert(name).inserted {
      name = "\(wanted)-\(number)"
      number += 1
    }
    return name
  }
}
