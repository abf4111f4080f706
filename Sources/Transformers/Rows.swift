/// The rows of a run: texts side by side, each with the rows that follow those in its cache.
///
/// Every matrix of a run has a row for each of them, so that a weight that is read serves all texts.
public struct Rows: Hashable, Sendable {
  /// One text's part of a run.
  public struct Text: Hashable, Sendable {
    /// Its rows of every matrix.
    public let rows: Range<Int>
    /// The position in the text that its first row is of.
    public let first: Int

    /// The positions that its rows are of.
    public var positions: Range<Int> { first..<first + rows.count }
  }

  /// In the order of their rows.
  public let texts: [Text]
  /// The position in its text that a row is of, `[row]`.
  public let positions: [Int]

  /// How many rows there are.
  public var count: Int { positions.count }

  /// Texts one behind the other.
  /// - Parameter positions: The positions of each text that are run.
  public init(_ positions: some Sequence<Range<Int>>) {
    var texts: [Text] = []
    var all: [Int] = []
    for range in positions {
      texts.append(Text(rows: all.count..<all.count + range.count, first: range.lowerBound))
      all += range
    }
    self.texts = texts
    self.positions = all
  }

  /// One text.
  public init(positions: Range<Int>) { self.init(CollectionOfOne(positions)) }

  /// The last row of each text.
  var last: Rows { Rows(texts.map { $0.positions.upperBound - 1..<$0.positions.upperBound }) }
}
