internal import ReplacementModels
internal import Transcoding

extension [FeatureChange] {
  /// The most features that are changed at a time.
  private static let mostFeatures = 10_000

  /// The values that the changes set on a prompt, in the order of layers, positions and features.
  /// - Throws: ``ExploringError`` for a feature that is changed twice, or not to a number, or has no place here.
  func edits(on model: LocalReplacementModel) throws(ExploringError) -> [FeatureEdit] {
    let count = reduce(0) { $0 + $1.featureCount }
    guard count <= Self.mostFeatures else {
      throw .outOfRange(name: "the number of changed features", value: count, range: 0...Self.mostFeatures)
    }
    var values: [FeaturePlace: Float] = [:]
    for change in self {
      for (place, value) in try change.values(on: model.activations) {
        guard !model.zeroedPositions.contains(place.position) else { throw .noFeatures(place) }
        guard value.isFinite else { throw .notFinite(place) }
        guard values.updateValue(value, forKey: place) == nil else { throw .changedTwice(place) }
      }
    }
    return values.sorted { $0.key < $1.key }.map { place, value in
      FeatureEdit(feature: place.feature, position: place.position, value: value)
    }
  }
}

extension LocalReplacementModel {
  /// The model of the prompt as a run with changed features has it.
  /// - Throws: ``ExploringError`` for changes that cannot be made, ``ReplacementError`` for features that do not exist.
  func changed(by changes: [FeatureChange], mode: InterventionMode) throws -> LocalReplacementModel {
    let edits = try changes.edits(on: self)
    return try LocalReplacementModel(of: self, setting: edits, as: run(setting: edits, mode: mode))
  }
}

extension FeatureChange {
  /// How many features the change names.
  fileprivate var featureCount: Int {
    switch self {
    case .set(let places, _), .scale(let places, _), .remove(let places): places.count
    case .swap(let old, let new, _): old.count + new.count
    }
  }

  /// Where the change sets what.
  fileprivate func values(
    on activations: FeatureActivations
  ) throws(ExploringError) -> [(FeaturePlace, Float)] {
    switch self {
    case .set(let places, let value): return places.map { ($0, value) }
    case .scale(let places, let factor):
      return places.map { ($0, factor * (activations.activation(at: $0) ?? 0)) }
    case .remove(let places): return places.map { ($0, 0) }
    case .swap(let old, let new, let values):
      if let values {
        guard values.count == new.count else {
          throw .unevenSwap(replacements: new.count, values: values.count)
        }
        return old.map { ($0, 0) } + zip(new, values)
      }
      let active = old.compactMap { place in activations.activation(at: place).map { (place, $0) } }
      return old.map { ($0, 0) }
        + new.map { place in
          let here = active.filter { $0.0.position == place.position }
          let taken = here.isEmpty ? active : here
          return (place, taken.isEmpty ? 0 : taken.reduce(0) { $0 + $1.1 } / Float(taken.count))
        }
    }
  }
}

extension FeatureActivations {
  /// The recorded activation at a place, `nil` if the feature is not active there.
  func activation(at place: FeaturePlace) -> Float? {
    self.place(of: place.feature, position: place.position).map { entries[$0].activation }
  }
}
