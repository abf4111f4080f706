internal import Tensors

/// The tokens of one step: what transcoders read in each layer, and what they are to reconstruct, both normalised.
public final class TrainingBatch: @unchecked Sendable {
  // Filled by one task, then only read.
  public let shape: TranscoderShape
  /// Rows it has room for.
  public let capacity: Int
  /// Rows in use.
  public private(set) var rows = 0
  private(set) var inputs: Scratch  // [layer, capacity, dModel]
  private(set) var targets: Scratch  // [capacity, layer · dModel]

  public init(shape: TranscoderShape, capacity: Int) {
    self.shape = shape
    self.capacity = capacity
    inputs = Scratch(count: shape.layerCount * capacity * shape.dModel)
    targets = Scratch(count: capacity * shape.layerCount * shape.dModel)
  }

  /// Forgets all rows.
  public func clear() { rows = 0 }

  /// Adds one token.
  /// - Parameter values: All layers' inputs, then all layers' targets, `[2, layer, dModel]`.
  public func append(_ values: Span<Float>) {
    let width = shape.layerCount * shape.dModel
    precondition(
      rows < capacity && values.count == 2 * width, "\(values.count) numbers as row \(rows) of \(capacity)")
    values.withUnsafeBufferPointer { values in
      guard let from = values.baseAddress else { return }
      for layer in 0..<shape.layerCount {
        input(layer: layer, row: rows).update(from: from + layer * shape.dModel, count: shape.dModel)
      }
      target(row: rows).update(from: from + width, count: width)
    }
    rows += 1
  }

  func input(layer: Int, row: Int) -> UnsafeMutablePointer<Float> {
    inputs.pointer + (layer * capacity + row) * shape.dModel
  }

  func target(row: Int) -> UnsafeMutablePointer<Float> {
    targets.pointer + row * shape.layerCount * shape.dModel
  }
}
