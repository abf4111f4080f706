public import Attribution
internal import Foundation
internal import Tensors
internal import Transformers
public import Tokenization

/// The texts that a check reads, as tokens; each begins with a special token where the vocabulary has one.
public struct CheckTexts: Sendable {
  /// `[text][position]`.
  public private(set) var rows: [[Token]] = []
  /// Where they come from, for the report.
  public let source: String
  /// Tells later whether the files are the same; empty for texts in memory.
  public private(set) var fingerprint = ""
  /// Whether the rows are traced as they are, with no special token in front where they have none.
  public private(set) var isExact = false
  /// Whether there was more than was to be read.
  public private(set) var isCut = false

  /// Rows of tokens as they are.
  public init(rows: [[Token]], source: String) {
    self.rows = rows
    self.source = source
  }

  /// One prompt.
  public init(prompt: String, tokenizer: Tokenizer) throws(AttributionError) {
    try self.init(PromptInput(prompt), tokenizer: tokenizer)
  }

  /// One prompt, which may be given as tokens.
  public init(_ input: PromptInput, tokenizer: Tokenizer) throws(AttributionError) {
    rows = [try Prompt(input, tokenizer: tokenizer).tokens]
    source = input.tokens == nil ? "one prompt" : "one prompt of given tokens"
    isExact = input.tokens != nil || input.opening != nil
  }

  /// The rows with which a corpus begins.
  /// - Parameter limit: How many positions to measure at most; the row that goes beyond is cut and the last. Position 0 of a
  ///   row does not count.
  public init(_ corpus: TokenCorpus, limit: Int) throws(CorpusError) {
    source = corpus.files.map { URL(filePath: $0).lastPathComponent }.joined(separator: ", ")
    fingerprint = corpus.fingerprint
    var cursor = corpus.cursor()
    var positions = 0
    while let row = try cursor.next() {
      guard positions < limit else {
        isCut = true
        break
      }
      let left = limit - positions
      if row.count - 1 > left { isCut = true }
      rows.append(row.count - 1 > left ? Array(row.prefix(left + 1)) : row)
      positions += max(0, row.count - 1)
    }
    let path = corpus.files.first ?? "the text"
    guard !rows.isEmpty else { throw .empty(path: path) }
    guard positions > 0 else { throw .noPositions(source: path) }
  }

  /// The lines of a file as prompts.
  /// - Parameter context: How many tokens the model reads at most.
  public static func lines(
    of path: String, tokenizer: Tokenizer, context: Int
  ) throws -> [[Token]] {
    guard
      let text = (try? PlainFile.data(of: URL(filePath: path))).flatMap({ String(data: $0, encoding: .utf8) })
    else {
      throw CorpusError.cannotRead(path: path, reason: "it is missing, a pipe, or not UTF-8")
    }
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
    guard !lines.isEmpty else { throw CorpusError.empty(path: path) }
    if let line = lines.first(where: { $0.drop(while: \.isWhitespace).hasPrefix("{") }) {
      throw CorpusError.cannotRead(
        path: path, reason: "'\(line.prefix(40))' looks like JSON, and a line is a prompt as it stands here")
    }
    return try lines.map { line in
      let tokens = try Prompt(String(line), tokenizer: tokenizer).tokens
      guard tokens.count <= context else {
        throw TransformerError.promptTooLong(tokens: tokens.count, context: context)
      }
      return tokens
    }
  }
}
