public import Attribution
internal import Tensors
internal import Tokenization
public import Transformers

/// A prompt token by token: how well the model expected each, and what it expects behind it.
public struct PromptAnswers: Codable, Equatable, Sendable {
  /// One token of the prompt.
  public struct Position: Codable, Equatable, Sendable {
    public let token: Int
    public let text: String
    /// The natural logarithm of the token's probability after those before it; `nil` for the first.
    public let logProbability: Double?
    /// The token's place among all, the likeliest being 1; `nil` for the first.
    public let rank: Int?
    /// What the model expects behind this token. The alternatives to a token are the candidates one position before.
    public let next: NextToken
  }

  /// `[position]`.
  public let positions: [Position]

  /// The logits of a few positions at a time are in memory.
  private static let chunk = 16

  /// Reads the answers of a recorded prompt, whichever positions' logits were recorded with it.
  /// - Parameters:
  ///   - prompt: The prompt that was recorded.
  ///   - candidateCount: How many tokens are named behind each position.
  public init(
    _ recording: Recording, of prompt: Prompt, by model: TracingModel, candidateCount: Int = 5
  ) throws(TransformerError) {
    let tokens = recording.tokens.map { Int($0) }
    precondition(tokens.count == prompt.texts.count, "\(tokens.count) tokens, \(prompt.texts.count) texts")
    var positions: [Position] = []
    var before: Distribution?
    for start in stride(from: 0, to: tokens.count, by: Self.chunk) {
      let range = start..<min(start + Self.chunk, tokens.count)
      let logits = model.transformer.logits(of: recording, positions: range)  // [position, vocabulary]
      for (row, position) in range.enumerated() {
        let expected = try Distribution(logits: logits[row], position: position)
        positions.append(
          Position(
            token: tokens[position], text: prompt.texts[position],
            logProbability: before?.logProbability(of: tokens[position]),
            rank: before?.rank(of: tokens[position]),
            next: NextToken(expected, tokenizer: model.tokenizer, candidateCount: max(0, candidateCount))))
        before = expected
      }
    }
    self.positions = positions
  }
}

extension TracingModel {
  /// What the model expects after every token of a prompt.
  public func answers(to prompt: String, candidateCount: Int = 5) throws -> PromptAnswers {
    try answers(to: PromptInput(prompt), candidateCount: candidateCount)
  }

  /// What the model expects after every token of a prompt that may be given as tokens.
  public func answers(to input: PromptInput, candidateCount: Int = 5) throws -> PromptAnswers {
    let prompt = try Prompt(input, tokenizer: tokenizer)
    return try PromptAnswers(
      transformer.record(prompt.tokens), of: prompt, by: self, candidateCount: candidateCount)
  }
}
