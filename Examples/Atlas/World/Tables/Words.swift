/// Who gives what to whom, and where.
enum Givers {
  static let names = [
    "Mary", "John", "Tom", "Anna", "Kate", "Paul", "Emma", "Jack", "Lucy", "Mark", "Sara", "Adam", "Nina",
    "Luke", "Rosa", "Evan", "Alice", "Bob", "Clara", "David", "Ella", "Frank", "Grace", "Henry",
  ]
  static let places = [
    "store", "park", "school", "beach", "station", "office", "library", "garden", "market", "museum",
  ]
  static let things = ["drink", "book", "ball", "letter", "ticket", "key", "flower", "map", "coin", "pen"]
}

/// What lasts from one year to a later one.
enum Years {
  static let events = [
    "war", "siege", "voyage", "reign", "famine", "drought", "rebellion", "expedition", "plague", "dynasty",
    "project", "alliance",
  ]
  static let centuries = 11...19
}
