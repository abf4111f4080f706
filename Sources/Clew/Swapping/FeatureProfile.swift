internal import ReplacementModels
public import Tokenization
public import Transcoding
internal import Transformers

/// Which features a group of prompts activates, and how often, by place from the prompts' ends.
public struct FeatureProfile: Sendable {
  /// A feature at a position counted from the end: the last token is 1.
  public struct Place: Hashable, Comparable, Sendable {
    public let feature: FeatureID
    public let fromEnd: Int

    public init(feature: FeatureID, fromEnd: Int) {
      self.feature = feature
      self.fromEnd = fromEnd
    }

    public static func < (a: Place, b: Place) -> Bool {
      (a.feature.layer, -a.fromEnd, a.feature.index) < (b.feature.layer, -b.fromEnd, b.feature.index)
    }
  }

  private var sums: [Place: (count: Int, sum: Double)] = [:]
  /// How many prompts there are.
  public private(set) var promptCount = 0

  /// A profile of no prompts.
  public init() {}

  /// Adds a prompt.
  /// - Parameter activations: What it activates.
  public mutating func add(_ activations: FeatureActivations) {
    promptCount += 1
    for entry in activations.entries {
      let place = Place(feature: entry.feature, fromEnd: activations.positionCount - entry.position)
      let known = sums[place] ?? (0, 0)
      sums[place] = (known.count + 1, known.sum + Double(entry.activation))
    }
  }

  /// Adds the prompts of another profile.
  public mutating func add(_ other: FeatureProfile) {
    promptCount += other.promptCount
    sums.merge(other.sums) { ($0.count + $1.count, $0.sum + $1.sum) }
  }

  /// Places whose features belong to these prompts: at least half of the prompts activate them, at ten times the mean
  /// over other prompts, or more.
  public func ownPlaces(against others: FeatureProfile) -> Set<Place> {
    places.filter { share(at: $0) >= 0.5 && mean(at: $0) >= 10 * others.mean(at: $0) }
  }

  /// Every place at which some prompt activates a feature.
  public var places: Set<Place> { Set(sums.keys) }

  /// The part of the prompts that activates a feature at a place.
  public func share(at place: Place) -> Double {
    promptCount > 0 ? Double(sums[place]?.count ?? 0) / Double(promptCount) : 0
  }

  /// The mean activation of a feature at a place over all prompts.
  public func mean(at place: Place) -> Float {
    promptCount > 0 ? Float((sums[place]?.sum ?? 0) / Double(promptCount)) : 0
  }
}

extension TracingModel {
  /// The features that a prompt activates.
  public func activations(of tokens: [Token]) throws -> FeatureActivations {
    try LocalReplacementModel(
      of: transformer, transcoder: transcoder, recording: transformer.record(tokens)
    ).activations
  }
}
