public import AtlasWorld
public import Clew

/// Replaces the features of a language by those of another in questions for opposites.
///
/// The features of a language are those that its questions activate at the same place whatever word they ask about, and
/// in whatever language that word is spelled. The words that are looked at afterwards are not among them.
public struct LanguageSwap {
  public let atlas: Atlas
  /// Every position but BOS: the questions of all languages have as many words.
  private static let positions = 5
  private var activations: [String: FeatureActivations] = [:]

  public init(_ atlas: Atlas) { self.atlas = atlas }

  /// The swap of one language for another in questions about one pair of opposites.
  public mutating func swap(
    _ old: Language, for new: Language, about row: Opposites
  ) throws -> FeatureSwap {
    FeatureSwap(
      from: try Language.allCases.map { try profile(old, spelled: $0, without: row) },
      to: try Language.allCases.map { try profile(new, spelled: $0, without: row) },
      positions: Self.positions, layers: atlas.swappedLayers)
  }

  private mutating func profile(
    _ language: Language, spelled: Language, without row: Opposites
  ) throws -> FeatureProfile {
    var profile = FeatureProfile()
    for other in Opposites.all where other[.english] != row[.english] {
      for word in other[spelled] {
        let prompt = language.question(about: word)
        let known = try activations[prompt] ?? atlas.model.activations(of: atlas.tokens(prompt))
        activations[prompt] = known
        if known.positionCount == Self.positions + 1 { profile.add(known) }
      }
    }
    return profile
  }

  /// Swaps the language of every question for each other language.
  public mutating func results(progress: (Double) -> Void = { _ in }) throws -> [SwapOutcome] {
    var outcomes: [SwapOutcome] = []
    for (number, row) in Opposites.all.enumerated() {
      for old in Language.allCases {
        for new in Language.allCases where new != old {
          let swap = try swap(old, for: new, about: row)
          for word in 0..<2 {
            let question = Question(
              kind: .opposites, prompt: old.question(about: row[old][word]), answer: " " + row[old][1 - word])
            let wanted = " " + row[new][1 - word]
            // A word that both languages spell alike would prove nothing.
            guard wanted != question.answer else { continue }
            outcomes.append(
              try atlas.outcome(of: swap, on: question, wanted: wanted, group: "\(old) to \(new)"))
          }
        }
      }
      progress(Double(number + 1) / Double(Opposites.all.count))
    }
    return outcomes
  }
}
