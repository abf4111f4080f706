internal import Checkpoints
internal import Foundation
internal import Tokenization

/// Rows of tokens in two NumPy files: all tokens one row after another, and where each row begins.
struct StoredRows: Sendable {
  private let tokens: NumpyFile
  private let offsets: [Int]  // of the chosen rows, with the end of the last

  var count: Int { offsets.count - 1 }
  func row(_ index: Int) -> [Token] {
    tokens.values(offsets[index]..<offsets[index + 1]).map { Token($0) }
  }

  /// Maps the files and checks every row against the model.
  /// - Parameters:
  ///   - rows: Which rows count; `nil` for all.
  ///   - opening: What each row has to begin with, if anything.
  init(
    tokens url: URL, offsets offsetsURL: URL, rows: Range<Int>?, vocabularyCount: Int, contextLength: Int,
    opening: Token?
  ) throws(CorpusError) {
    let places: NumpyFile
    do throws(CheckpointError) {
      tokens = try NumpyFile(integers: url)
      places = try NumpyFile(integers: offsetsURL)
    } catch { throw .badTokens(error) }
    let all = places.values(0..<places.count)
    guard tokens.shape.count == 1, places.shape.count == 1, all.count >= 2 else {
      throw .badRow(
        path: offsetsURL.path, row: 0,
        reason:
          "the files have shapes \(tokens.shape) and \(places.shape), not two lists with at least one row")
    }
    let chosen = rows ?? 0..<all.count - 1
    guard !chosen.isEmpty, chosen.lowerBound >= 0, chosen.upperBound < all.count else {
      throw .noSuchRows(asked: chosen, count: all.count - 1, path: offsetsURL.path)
    }
    offsets = Array(all[chosen.lowerBound...chosen.upperBound])
    for index in 0..<offsets.count - 1 {
      func bad(_ reason: String) -> CorpusError {
        .badRow(path: url.path, row: chosen.lowerBound + index, reason: reason)
      }
      let (begin, end) = (offsets[index], offsets[index + 1])
      guard begin >= 0, begin < end, end <= tokens.count else {
        throw bad("it would reach from \(begin) to \(end) of \(tokens.count) tokens")
      }
      guard end - begin <= contextLength else {
        throw bad("it has \(end - begin) tokens, but the model reads at most \(contextLength)")
      }
      let row = tokens.values(begin..<end)
      for token in row where token < 0 || token >= vocabularyCount {
        throw bad("it holds the token \(token), but the model has \(vocabularyCount)")
      }
      if let opening, row[0] != Int(opening) {
        throw bad("it begins with the token \(row[0]), not with \(opening), which begins a text")
      }
    }
  }
}
