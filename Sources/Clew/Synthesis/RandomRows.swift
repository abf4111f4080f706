internal import Tensors

/// Uniform numbers from a seed, two from each 64 random bits: thousands of millions are wanted.
final class RandomRows {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  func values(_ count: Int, deviation: Float, mean: Float) -> [Float] {
    // A uniform number in −1 ..< 1 has the standard deviation 1 / √3.
    let scale = deviation * Float(3).squareRoot() * 0x1p-23
    return [Float](unsafeUninitializedCapacity: count) { values, made in
      for i in stride(from: 0, to: count, by: 2) {
        let bits = generator.next()
        values[i] = mean + scale * Float(Int32(bits >> 40) - (1 << 23))
        if i + 1 < count { values[i + 1] = mean + scale * Float(Int32(bits >> 8 & 0xFF_FFFF) - (1 << 23)) }
      }
      made = count
    }
  }

  /// Rows of so many numbers, each made when it is asked for.
  func rows(_ count: Int, deviation: Float, mean: Float = 0) -> (Int) -> [Float] {
    { _ in self.values(count, deviation: deviation, mean: mean) }
  }
}
