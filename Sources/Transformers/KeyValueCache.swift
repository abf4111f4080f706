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

  /// Adds some rows of keys and values to a layer's.
  mutating func append(keys newKeys: Matrix, values newValues: Matrix, rows: Range<Int>, layer: Int) {
    let range = rows.lowerBound * width..<rows.upperBound * width
    keys[layer] += newKeys.values[range]
    values[layer] += newValues.values[range]
  }

  mutating func advance(by positions: Int) { count += positions }

  /// Forgets all but the first positions, so that the text can go on otherwise from there.
  public mutating func cut(to positions: Int) {
    precondition(0...count ~= positions, "\(positions) of \(count) positions")
    for layer in keys.indices {
      keys[layer].removeLast((count - positions) * width)
      values[layer].removeLast((count - positions) * width)
    }
    count = positions
  }
}
