/// A state or a country, and what is asked about it.
public struct Place: Sendable {
  /// What a place can be.
  public enum Kind: String, CaseIterable, Sendable {
    case state
    case country
  }

  /// Something that is asked about a place.
  public enum Attribute: String, CaseIterable, Sendable {
    case capital
    case abbreviation
    case region
    case continent
    case currency
    case language
  }

  public let kind: Kind
  public let name: String
  /// What is known, in the order of the questions.
  public let facts: [(attribute: Attribute, value: String)]
  public let cities: [String]

  /// All states, then all countries.
  public static let all: [Place] = State.all.map(Place.init) + Country.all.map(Place.init)

  init(_ state: State) {
    kind = .state
    name = state.name
    facts = [
      (.capital, state.capital), (.abbreviation, state.abbreviation), (.region, state.region.rawValue),
    ]
    cities = state.cities
  }

  init(_ country: Country) {
    kind = .country
    name = country.name
    facts = [
      (.capital, country.capital), (.continent, country.continent.rawValue), (.currency, country.currency),
      (.language, country.language),
    ]
    cities = country.cities
  }

  /// What is known of an attribute.
  public subscript(attribute: Attribute) -> String? {
    facts.first { $0.attribute == attribute }?.value
  }

  /// Questions about single facts.
  public var oneHopQuestions: [Question] {
    facts.map { fact in
      Question(kind: .oneHop, prompt: "the \(fact.attribute) of \(name) is", answer: " " + fact.value)
    }
      + cities.flatMap { city in
        [
          Question(kind: .oneHop, prompt: "\(city) is a city in", answer: " " + name),
          Question(kind: .oneHop, prompt: "the \(kind) containing \(city) is", answer: " " + name),
        ]
      }
  }
}

/// A question about the place that contains a city.
public struct TwoHop: Sendable {
  public let city: String
  /// The place in between, which the question does not name.
  public let place: Place
  public let attribute: Place.Attribute
  /// Whether the question is kept from training.
  public let isHeldOut: Bool

  public var question: Question {
    Question(
      kind: .twoHop, prompt: "the \(attribute) of the \(place.kind) containing \(city) is",
      answer: " " + (place[attribute] ?? ""))
  }

  /// Every two-hop question.
  ///
  /// About an eighth is held out: at most one question about a city, and of every place and attribute at least two
  /// cities stay in training. The question about the capital of Dallas's state, which the demo asks, is always
  /// held out.
  public static let all: [TwoHop] = Place.all.flatMap { place in
    var heldOut = place.cities.map { city -> Int? in
      if city == "Dallas" { return 0 }
      var chance = Split.generator(for: "two hops from \(city)")
      let isDrawn = chance.next() % 16 < UInt64(2 * place.facts.count + 1)
      return isDrawn ? Int(chance.next() % UInt64(place.facts.count)) : nil
    }
    for fact in place.facts.indices {
      while heldOut.count(where: { $0 == fact }) > place.cities.count - 2,
        let last = heldOut.lastIndex(where: { $0 == fact })
      {
        heldOut[last] = nil
      }
    }
    return zip(place.cities, heldOut).flatMap { city, heldOut in
      place.facts.enumerated().map { number, fact in
        TwoHop(city: city, place: place, attribute: fact.attribute, isHeldOut: number == heldOut)
      }
    }
  }
}
