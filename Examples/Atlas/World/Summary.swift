extension World {
  /// What there is, as the lines of a Markdown table.
  public static func summary() -> [String] {
    let (states, countries) = (State.all, Country.all)
    return [
      "| | |",
      "|---|---:|",
      "| states | \(states.count) |",
      "| their cities | \(states.reduce(0) { $0 + $1.cities.count }) |",
      "| countries | \(countries.count) |",
      "| their cities | \(countries.reduce(0) { $0 + $1.cities.count }) |",
      "| pairs of opposites, in three languages | \(Opposites.all.count) |",
      "| one-hop questions | \(questions(.oneHop, heldOut: false).count) |",
      "| two-hop questions, trained | \(questions(.twoHop, heldOut: false).count) |",
      "| two-hop questions, held out | \(questions(.twoHop, heldOut: true).count) |",
      "| opposites asked in one language | \(questions(.opposites, heldOut: false).count) |",
      "| opposites of words of another language, trained | \(questions(.mixedOpposites, heldOut: false).count) |",
      "| opposites of words of another language, held out | \(questions(.mixedOpposites, heldOut: true).count) |",
    ]
  }
}
