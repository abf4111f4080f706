public import ReplacementModels

/// Features by which two groups of prompts differ, found by contrast: what one has, replaced by what the other has.
///
/// Each group is a list of profiles, one for each way of asking. A feature belongs to a group if in every profile at
/// least half of the prompts activate it at the same place from the end. So a feature of one question's answer does not
/// belong, as long as that question is not among the profiles: nothing here looks at the answer that is to come out.
public struct FeatureSwap: Sendable {
  /// What features are set to, in order.
  public let values: [(place: FeatureProfile.Place, value: Float)]
  /// The places of the features of the group that is replaced.
  public let replaced: Set<FeatureProfile.Place>
  /// The places of the features that are put in.
  public let inserted: Set<FeatureProfile.Place>

  /// - Parameters:
  ///   - old: The profiles of the group that is replaced.
  ///   - new: Those of the group that takes its place.
  ///   - positions: How many positions from the end are changed.
  ///   - leastShare: The part of a profile's prompts that must activate a feature for it to belong.
  public init(from old: [FeatureProfile], to new: [FeatureProfile], positions: Int, leastShare: Double = 0.5)
  {
    func members(_ profiles: [FeatureProfile]) -> Set<FeatureProfile.Place> {
      guard let first = profiles.first else { return [] }
      return first.places.filter { place in
        place.fromEnd <= positions && profiles.allSatisfy { $0.share(at: place) >= leastShare }
      }
    }
    func activation(_ profiles: [FeatureProfile], _ place: FeatureProfile.Place) -> Float {
      profiles.reduce(0) { $0 + $1.activation(at: place) } / Float(max(1, profiles.count))
    }
    let (olds, news) = (members(old), members(new))
    var values: [(FeatureProfile.Place, Float)] = []
    for place in olds.union(news).sorted() {
      if olds.contains(place), news.contains(place) {
        // A feature of both is no difference unless it is much stronger in one.
        let (before, after) = (activation(old, place), activation(new, place))
        guard abs(after - before) > 0.5 * max(abs(after), abs(before)) else { continue }
        values.append((place, after))
      } else {
        values.append((place, news.contains(place) ? activation(new, place) : 0))
      }
    }
    self.values = values
    replaced = olds.subtracting(news)
    inserted = news.subtracting(olds)
  }

  /// The changes to a prompt.
  public func edits(positionCount: Int) -> [FeatureEdit] {
    values.compactMap { place, value in
      let position = positionCount - place.fromEnd
      return position > 0 ? FeatureEdit(feature: place.feature, position: position, value: value) : nil
    }
  }
}
