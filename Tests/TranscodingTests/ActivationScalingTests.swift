import Clew
import Tensors
import Testing
import Transcoding

struct ActivationScalingTests {
  /// Tokens of one layer and two dimensions: input and target of given lengths.
  private func token(input: Float, target: Float, number: Int) -> [Float] {
    let sign: Float = number % 2 == 0 ? 1 : -1
    return [0.6 * input * sign, 0.8 * input, 0.8 * target * sign, 0.6 * target]
  }

  @Test func `few tokens with huge norms are left out, those at which an idle layer works are not`() throws {
    // Most targets are tiny, a twentieth is 30 times as long; three inputs are 30 times as long as the others.
    let rows = (0..<400).map {
      token(input: $0 < 3 ? 30 : 1, target: $0 % 20 == 10 ? 3 : 0.1, number: $0)
    }
    let scaling = try ActivationScaling(rows: rows, layerCount: 1, dModel: 2)
    let normalizer = scaling.normalizer()
    var kept: [[Float]] = []
    for (number, row) in rows.enumerated() {
      var row = row
      var span = row.mutableSpan
      let isKept = normalizer.apply(&span)
      #expect(isKept == (number >= 3), "token \(number)")
      if isKept { kept.append(row) }
    }
    // What is kept has mean 0, inputs of mean square d, targets of mean square 1.
    for column in 0..<4 { #expect(abs(kept.reduce(0) { $0 + $1[column] }) / 400 < 1e-4) }
    func meanSquare(_ columns: Range<Int>) -> Float {
      kept.reduce(0) { sum, row in sum + columns.reduce(0) { $0 + row[$1] * row[$1] } } / Float(kept.count)
    }
    #expect(abs(meanSquare(0..<2) - 2) < 1e-3 && abs(meanSquare(2..<4) - 1) < 1e-3)
    // So is one with a huge target.
    var far = token(input: 1, target: 31, number: 0)
    var span = far.mutableSpan
    let isKept = normalizer.apply(&span)
    #expect(!isKept)
  }
}
