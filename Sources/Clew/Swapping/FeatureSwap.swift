public import ReplacementModels
public import Transcoding

/// What tells two groups of prompts apart, as a change of features: how much stronger or weaker each is in one group.
///
/// Each group is a list of profiles, one for each way of asking, in the same order. A feature moves by the difference of
/// its mean activations, the mean over the ways of asking, if it differs the same way in all of them; so a feature of one
/// question's answer does not move, as long as that question is not among the profiles: nothing here looks at the answer
/// that is to come out. Means are taken over all prompts of a profile, those that leave a feature inactive included, so
/// that what many features of single members carry together moves as a whole, as does a feature that all members share.
public struct FeatureSwap: Sendable {
  /// By how much features move, in order.
  public let differences: [(place: FeatureProfile.Place, difference: Float)]

  /// - Parameters:
  ///   - old: The profiles of the group that is replaced.
  ///   - new: Those of the group that takes its place, as many.
  ///   - positions: How many positions from the end are changed.
  ///   - layers: The layers whose features are changed.
  public init(
    from old: [FeatureProfile], to new: [FeatureProfile], positions: Int, layers: Range<Int> = 0..<Int.max
  ) {
    precondition(old.count == new.count, "\(old.count) ways of asking, and \(new.count)")
    let places = Set((old + new).flatMap(\.places)).filter {
      $0.fromEnd <= positions && layers.contains($0.feature.layer)
    }
    var differences: [(FeatureProfile.Place, Float)] = []
    for place in places.sorted() {
      let each = zip(old, new).map { $1.mean(at: place) - $0.mean(at: place) }
      guard each.allSatisfy({ $0 > 0 }) || each.allSatisfy({ $0 < 0 }) else { continue }
      differences.append((place, each.reduce(0, +) / Float(each.count)))
    }
    self.differences = differences
  }

  /// The changes to a prompt: what it activates, moved by the differences.
  /// - Parameter strength: What the differences are multiplied by.
  public func edits(on activations: FeatureActivations, strength: Float = 1) -> [FeatureEdit] {
    var known: [FeatureProfile.Place: Float] = [:]
    for entry in activations.entries {
      let place = FeatureProfile.Place(
        feature: entry.feature, fromEnd: activations.positionCount - entry.position)
      known[place] = entry.activation
    }
    return differences.compactMap { place, difference in
      let position = activations.positionCount - place.fromEnd
      guard position > 0 else { return nil }
      return FeatureEdit(
        feature: place.feature, position: position, value: (known[place] ?? 0) + strength * difference)
    }
  }
}
