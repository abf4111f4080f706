internal import Tokenization

/// One position that is badly reconstructed.
public struct WorstToken: Sendable, Equatable {
  /// The text, counted from 0.
  public let text: Int
  public let position: Int
  /// The mean of `|e| / |y|` over the layers.
  public let errorShare: Double
  /// `|e| / |y|`, `[layer]`.
  public let layers: [Double]
  /// The tokens around it, and where it stands among them.
  public let context: [Int]
  public let place: Int
}

/// The positions with the largest error, of any number of texts.
struct WorstTokens: Sendable {
  let limit: Int
  private(set) var tokens: [WorstToken] = []

  /// Counts a text.
  /// - Parameter shares: `|e| / |y|`, `[layer][position]`.
  mutating func add(text: Int, tokens row: [Int], shares: [[Double]], skipped: Int) {
    guard limit > 0, !shares.isEmpty else { return }
    for position in skipped..<max(skipped, row.count) {
      let layers = shares.map { $0[position] }
      let share = layers.reduce(0, +) / Double(layers.count)
      if tokens.count == limit, let last = tokens.last, share <= last.errorShare { continue }
      let context = max(0, position - 12)..<min(row.count, position + 5)
      let token = WorstToken(
        text: text, position: position, errorShare: share, layers: layers, context: Array(row[context]),
        place: position - context.lowerBound)
      // Of equals the earlier one stands first.
      let place = tokens.firstIndex { $0.errorShare < share } ?? tokens.count
      tokens.insert(token, at: place)
      if tokens.count > limit { tokens.removeLast() }
    }
  }
}
