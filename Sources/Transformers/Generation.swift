internal import Tensors
public import Tokenization

/// A text for a model to go on with.
public struct GenerationRequest: Sendable {
  /// What stands already; at least one token.
  public var tokens: [Token]
  /// The most tokens to add; the context's end stops earlier.
  public var count: Int
  public var sampling: Sampling
  /// Tokens that end the text; the one met is not handed on.
  public var stops: Set<Token>

  public init(_ tokens: [Token], count: Int, sampling: Sampling = .greedy, stops: Set<Token> = []) {
    (self.tokens, self.count, self.sampling, self.stops) = (tokens, count, sampling, stops)
  }
}

/// A token that a model added to a text.
public struct GeneratedToken: Sendable {
  /// Which of the texts.
  public let text: Int
  public let token: Token
  /// The position that it was chosen after.
  public let position: Int
  /// Of all texts that were open, `[row, vocabulary]`.
  fileprivate let logits: Matrix
  fileprivate let row: Int

  /// What the model expected in its place.
  /// - Throws: ``TransformerError/unusableLogits(position:)``.
  public func distribution() throws(TransformerError) -> Distribution {
    try Distribution(logits: logits[row], position: position)
  }
}

/// Texts that a model goes on with side by side, a token each at a time.
///
/// It is pulled, not called back: whoever takes the tokens streams them, changes what the next ones will have, or stops.
/// Each text is what it would be alone, whatever the others are.
public struct Generation<Change: Intervention> {
  /// What changes the run from the next token on.
  public var change: Change

  private struct Text {
    let request: GenerationRequest
    var generator: SeededGenerator
    /// Tokens that have not been run.
    var pending: [Token]
    var addedCount = 0
  }

  private let model: Transformer
  private var texts: [Text]
  /// The texts that go on, and their caches, `[open text]`.
  private var open: [Int]
  private var caches: [KeyValueCache]
  /// Logits that are known before anything is run, `[open text, vocabulary]`.
  private var known: Matrix?

  /// The most rows of several texts that are run at once.
  private static var mostRows: Int { 1024 }

  /// - Throws: ``TransformerError`` if a text is empty, too long, or has unknown tokens.
  public init(
    _ model: Transformer, _ requests: [GenerationRequest], changing change: Change
  ) throws(TransformerError) {
    for request in requests { try model.check(request.tokens, after: 0) }
    (self.model, self.change) = (model, change)
    texts = requests.map {
      Text(request: $0, generator: SeededGenerator(seed: $0.sampling.seed), pending: $0.tokens)
    }
    open = texts.indices.filter { requests[$0].count > 0 }
    caches = open.map { _ in KeyValueCache(for: model.configuration) }
  }

  /// Goes on with a text that has been run already: what changed that run stands in its cache.
  /// - Parameters:
  ///   - logits: Those of the next token, `[vocabulary]`.
  ///   - cache: Keys and values of the request's tokens.
  public init(
    _ model: Transformer, _ request: GenerationRequest, logits: [Float], cache: KeyValueCache,
    changing change: Change
  ) throws(TransformerError) {
    try self.init(model, [request], changing: change)
    guard !open.isEmpty else { return }
    texts[0].pending = []
    caches = [cache]
    known = Matrix(rows: 1, columns: logits.count, values: logits)
  }

  /// One more token of each text that goes on.
  /// - Returns: `nil` once every text has ended.
  /// - Throws: ``TransformerError/unusableLogits(position:)`` where no token can be chosen.
  public mutating func next() throws(TransformerError) -> [GeneratedToken]? {
    guard !open.isEmpty else { return nil }
    let logits = known ?? run()
    known = nil
    var tokens: [GeneratedToken] = []
    var isOver = Array(repeating: false, count: open.count)
    for (row, text) in open.enumerated() {
      let own = Array(logits[row])
      let position = caches[row].count - 1
      guard Sampling.canChoose(by: own) else { throw .unusableLogits(position: position) }
      let request = texts[text].request
      let token = request.sampling.token(from: own, using: &texts[text].generator)
      if request.stops.contains(token) {
        isOver[row] = true
        continue
      }
      tokens.append(
        GeneratedToken(text: text, token: token, position: position, logits: logits, row: row))
      texts[text].pending = [token]
      texts[text].addedCount += 1
      isOver[row] =
        texts[text].addedCount == request.count || caches[row].count == model.configuration.contextLength
    }
    for row in open.indices.reversed() where isOver[row] {
      open.remove(at: row)
      caches.remove(at: row)
    }
    return tokens.isEmpty ? nil : tokens
  }

  /// Every token that is still to come, by text.
  public mutating func rest() throws(TransformerError) -> [[Token]] {
    var rest = texts.map { _ in [Token]() }
    while let tokens = try next() {
      for token in tokens { rest[token.text].append(token.token) }
    }
    return rest
  }

  /// Runs what is pending of the open texts, as many at once as there are rows for: `[open text, vocabulary]`.
  private mutating func run() -> Matrix {
    // Held once, they grow in place.
    var all: [KeyValueCache] = []
    swap(&all, &caches)
    defer { caches = all }
    let counts = open.map { texts[$0].pending.count }
    guard counts.reduce(0, +) > Self.mostRows, open.count > 1 else { return run(open[...], &all) }
    var values: [Float] = []
    var first = 0
    while first < open.count {
      var (end, rows) = (first + 1, counts[first])
      while end < open.count, rows + counts[end] <= Self.mostRows {
        rows += counts[end]
        end += 1
      }
      // So many rows are of prompts, whose caches are empty as yet.
      var part = Array(all[first..<end])
      values += run(open[first..<end], &part).values
      all.replaceSubrange(first..<end, with: part)
      first = end
    }
    return Matrix(rows: open.count, columns: values.count / open.count, values: values)
  }

  private mutating func run(_ numbers: ArraySlice<Int>, _ caches: inout [KeyValueCache]) -> Matrix {
    let pending = numbers.map { texts[$0].pending }
    let rows = Rows(
      zip(caches, pending).map { cache, tokens in cache.count..<cache.count + tokens.count })
    var nothing: Recording?
    return model.run(
      Array(pending.joined()), rows, caches: &caches, logits: .last, recording: &nothing,
      intervening: &change)
  }
}

extension Generation where Change == NoIntervention {
  /// Texts that nothing is changed in.
  public init(_ model: Transformer, _ requests: [GenerationRequest]) throws(TransformerError) {
    try self.init(model, requests, changing: NoIntervention())
  }
}

extension Transformer {
  /// Continues a text.
  /// - Parameters:
  ///   - prompt: At least one token.
  ///   - count: How many tokens to add at most; the context's end stops earlier.
  ///   - stops: Tokens that end the text; the one met is not returned.
  /// - Returns: The new tokens.
  public func generate(
    after prompt: [Token], count: Int, sampling: Sampling = .greedy, stops: Set<Token> = []
  ) throws(TransformerError) -> [Token] {
    let request = GenerationRequest(prompt, count: count, sampling: sampling, stops: stops)
    var generation = try Generation(self, [request])
    return try generation.rest()[0]
  }
}
