internal import CKernels
internal import Tensors

/// A learned list of numbers with its gradient and the optimiser's memory of it.
final class LearnedTensor: @unchecked Sendable {
  // Threads write disjoint parts while a step runs; nobody else reads then.
  let name: String
  let count: Int
  /// The layer it belongs to, for messages.
  let layer: Int
  private(set) var values: Scratch
  private(set) var gradient: Scratch
  private(set) var moments: Scratch
  private(set) var squares: Scratch

  init(_ name: String, layer: Int, count: Int) {
    self.name = name
    self.layer = layer
    self.count = count
    values = Scratch(count: count)
    gradient = Scratch(count: count)
    moments = Scratch(count: count)
    squares = Scratch(count: count)
  }

  /// The numbers, copied.
  var list: [Float] { values.values(0..<count) }
  var momentList: [Float] { moments.values(0..<count) }
  var squareList: [Float] { squares.values(0..<count) }
  var gradientList: [Float] { gradient.values(0..<count) }

  func set(_ list: [Float]) { values.write(list, at: 0) }
  func set(moments list: [Float], squares other: [Float]) {
    moments.write(list, at: 0)
    squares.write(other, at: 0)
  }

  var start: UnsafeMutablePointer<Float> { values.pointer }
  var gradientStart: UnsafeMutablePointer<Float> { gradient.pointer }

  /// Pieces of this many numbers are summed, and stepped, by one thread each.
  private static let piece = 1 << 16

  /// The sum of the gradient's squares.
  func gradientSquares() -> Double {
    let pieces = (count + Self.piece - 1) / Self.piece
    var sums = [Double](repeating: 0, count: pieces)
    sums.withUnsafeMutableBufferPointer { sums in
      let sums = SharedPointer(sums)
      Parallel.forEach(pieces) { piece in
        let first = piece * Self.piece
        sums.pointer[piece] = ck_sum_of_squares(gradientStart + first, min(Self.piece, count - first))
      }
    }
    return sums.reduce(0, +)
  }

  /// One step of Adam.
  func step(_ step: ck_adam_step) {
    let pieces = (count + Self.piece - 1) / Self.piece
    Parallel.forEach(pieces) { piece in
      var step = step
      let first = piece * Self.piece
      ck_adam(
        &step, gradientStart + first, moments.pointer + first, squares.pointer + first, start + first,
        min(Self.piece, count - first))
    }
  }
}
