public import AtlasWorld
public import Clew

/// Replaces the features of the place in between a two-hop question and its answer by those of another place.
///
/// The features of a place are those that questions about its cities activate at the city and behind it. The questions
/// are the ones of training, and none asks for the attribute whose answer is looked at afterwards.
public struct PlaceSwap {
  public let atlas: Atlas
  /// The city and the word behind it.
  private static let positions = 2
  private var profiles: [String: FeatureProfile] = [:]
  private let hops = Dictionary(grouping: TwoHop.all.filter { !$0.isHeldOut }) {
    Self.key($0.place, $0.attribute)
  }

  public init(_ atlas: Atlas) { self.atlas = atlas }

  /// The swap of one place for another in questions for an attribute.
  public mutating func swap(
    _ old: Place, for new: Place, asking attribute: Place.Attribute
  ) throws -> FeatureSwap {
    let others = old.facts.map(\.attribute).filter { $0 != attribute }
    return FeatureSwap(
      from: try others.map { try profile(old, $0) }, to: try others.map { try profile(new, $0) },
      positions: Self.positions, layers: atlas.swappedLayers)
  }

  /// The features that belong to a place, at a city or the word behind it, as questions of training tell it from all
  /// other places of its kind; questions for one attribute are not among them.
  public mutating func ownFeatures(
    of place: Place, asking attribute: Place.Attribute
  ) throws -> Set<FeatureProfile.Place> {
    var own = FeatureProfile(), others = FeatureProfile()
    for other in Place.all where other.kind == place.kind {
      for fact in other.facts where fact.attribute != attribute {
        let profile = try profile(other, fact.attribute)
        if other.name == place.name { own.add(profile) } else { others.add(profile) }
      }
    }
    return own.ownPlaces(against: others).filter { $0.fromEnd <= Self.positions }
  }

  private mutating func profile(_ place: Place, _ attribute: Place.Attribute) throws -> FeatureProfile {
    let key = Self.key(place, attribute)
    if let known = profiles[key] { return known }
    var profile = FeatureProfile()
    for hop in hops[key] ?? [] {
      profile.add(try atlas.model.activations(of: atlas.tokens(hop.question.prompt)))
    }
    profiles[key] = profile
    return profile
  }

  private static func key(_ place: Place, _ attribute: Place.Attribute) -> String {
    "\(attribute) of \(place.kind) \(place.name)"
  }

  /// Swaps the place of every held-out question for another of the same kind, drawn with a seed, which has another
  /// answer.
  /// - Parameter step: Every how many-th question is asked.
  public mutating func results(
    seed: UInt64 = 1, every step: Int = 1, progress: (Double) -> Void = { _ in }
  ) throws -> [SwapOutcome] {
    var generator = SeededGenerator(seed: seed)
    var outcomes: [SwapOutcome] = []
    let all = TwoHop.all.filter(\.isHeldOut)
    let heldOut = stride(from: 0, to: all.count, by: step).map { all[$0] }
    for (number, hop) in heldOut.enumerated() {
      let answer = try atlas.firstToken(of: hop.question.answer)
      let others = try Place.all.filter { other in
        guard other.kind == hop.place.kind, other.name != hop.place.name else { return false }
        return try atlas.firstToken(of: " " + (other[hop.attribute] ?? "")) != answer
      }
      let other = others[Int(generator.next() % UInt64(others.count))]
      let swap = try swap(hop.place, for: other, asking: hop.attribute)
      outcomes.append(
        try atlas.outcome(
          of: swap, on: hop.question, wanted: " " + (other[hop.attribute] ?? ""), group: "\(hop.attribute)"))
      progress(Double(number + 1) / Double(heldOut.count))
    }
    return outcomes
  }
}

/// What a swap did to one question.
public struct SwapOutcome: Sendable {
  public let question: Question
  /// What kind of swap it was.
  public let group: String
  /// The answer that the swap is to give.
  public let wanted: String
  /// Whether the model answered rightly without the swap.
  public let wasRight: Bool
  /// Whether the likeliest token after the swap begins the wanted answer.
  public let succeeded: Bool
  /// Whether the answer stayed as it was.
  public let stayed: Bool
  /// How many features were set.
  public let featureCount: Int
}

extension Atlas {
  func outcome(
    of swap: FeatureSwap, on question: Question, wanted: String, group: String
  ) throws -> SwapOutcome {
    let replacement = try replacement(of: question.prompt)
    let before = Self.likeliest(replacement.recording.lastLogits).token
    let after = try answer(to: replacement, after: swap).token
    return SwapOutcome(
      question: question, group: group, wanted: wanted,
      wasRight: before == (try firstToken(of: question.answer)),
      succeeded: after == (try firstToken(of: wanted)), stayed: after == before,
      featureCount: swap.differences.count)
  }
}
