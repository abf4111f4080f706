internal import Tensors

/// The keys and values of the text so far, so that each further token costs one position.
public struct KeyValueCache: Sendable {
  /// Positions held.
  public private(set) var count = 0
  let width: Int
  /// `[layer]`, each `[count, keyValueHead · dHead]`.
  private(set) var keys: [[Float]]
  private(set) var values: [[Float]]

  /// An empty cache for a model.
  public init(for configuration: TransformerConfiguration) {
    width = configuration.keyValueHeadCount * configuration.dHead
    keys = Array(repeating: [], count: configuration.layerCount)
    values = Array(repeating: [], count: configuration.layerCount)
  }

  mutating func append(keys newKeys: Matrix, values newValues: Matrix, layer: Int) {
    keys[layer] += newKeys.values
    values[layer] += newValues.values
  }

  mutating func advance(by positions: Int) { count += positions }
}
