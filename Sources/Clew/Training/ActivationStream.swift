internal import Foundation
internal import ReplacementModels
internal import Tensors
internal import Tokenization
public import Transcoding
public import Transformers

/// The activations of a corpus in shuffled chunks: the model runs once over each chunk, which is then used several
/// times in different orders.
///
/// Position 0 is left out, and so are tokens whose norms are far over the usual. Behind the corpus's end it begins
/// again. The order depends on the seed and the place alone, so a stream can be put back to where it was.
public final class ActivationStream {
  /// Where a stream stands.
  public struct State: Codable, Hashable, Sendable {
    /// Where the corpus stood before the chunk in use.
    public var chunkStart: TokenCorpus.Place
    /// How many chunks there were before it.
    public var chunk = 0
    /// How often the chunk has been used up.
    public var use = 0
    /// Tokens of this use that are behind.
    public var offset = 0
    /// How often the corpus has been begun.
    public var passes = 1

    /// Whether a stream with such chunks can stand there: what is read from a file may be anything.
    func isSound(chunkTokens: Int, uses: Int) -> Bool {
      (0..<1 << 40).contains(chunk) && (0..<uses).contains(use) && (0...chunkTokens).contains(offset)
        && (1..<1 << 40).contains(passes)
    }
  }

  /// What is streamed, and how.
  public struct Settings: Codable, Hashable, Sendable {
    public var hook: FeatureInputHook
    /// Tokens of a chunk.
    public var chunkTokens: Int
    /// How often a chunk is used.
    public var uses: Int
    public var seed: UInt64
  }

  private let corpus: TokenCorpus
  private let settings: Settings
  private let normalizer: ActivationNormalizer
  private let reader: ActivationReader
  /// Where training begins within the corpus: behind what is held out.
  private let begin: TokenCorpus.Place
  public private(set) var state: State
  private var cursor: TokenCorpus.Cursor
  private let chunk: RowTable
  private var order: [Int32] = []
  private var isFilled = false

  /// - Parameters:
  ///   - begin: Where training begins within the corpus.
  ///   - state: Where to go on; `nil` to begin.
  ///   - cache: Where activations are kept on disk; `nil` to compute them each time.
  public init(
    _ model: Transformer, corpus: TokenCorpus, settings: Settings, scaling: ActivationScaling,
    begin: TokenCorpus.Place, state: State?, cache: ActivationCache? = nil
  ) {
    self.corpus = corpus
    self.settings = settings
    self.begin = begin
    normalizer = scaling.normalizer()
    reader = ActivationReader(model, hook: settings.hook, rowLength: corpus.rowLength, cache: cache)
    self.state = state ?? State(chunkStart: begin)
    cursor = corpus.cursor(from: self.state.chunkStart)
    chunk = RowTable(rows: settings.chunkTokens, width: reader.width)
  }

  /// Fills a batch with the next tokens; a chunk's last, incomplete batch is left out.
  /// - Throws: ``CorpusError``, ``TransformerError``, or ``TrainingError/tooFewTokens(count:needed:)`` if a whole pass
  ///   over the corpus gives no token.
  public func fill(_ batch: TrainingBatch) throws {
    if !isFilled { try fillChunk() }
    if state.offset + batch.capacity > settings.chunkTokens {
      state.use += 1
      state.offset = 0
      if state.use == settings.uses {
        state.use = 0
        state.chunk += 1
        state.chunkStart = cursor.place
        try fillChunk()
      } else {
        shuffle()
      }
    }
    batch.clear()
    for place in state.offset..<state.offset + batch.capacity {
      chunk.withRow(Int(order[place])) { batch.append($0) }
    }
    state.offset += batch.capacity
  }

  private func fillChunk() throws {
    var count = 0, passGaveTokens = true
    while count < settings.chunkTokens {
      let rows = try reader.next(&cursor)
      guard rows > 0 else {
        guard passGaveTokens else { throw TrainingError.tooFewTokens(count: 0, needed: 1) }
        passGaveTokens = false
        cursor = corpus.cursor(from: begin)
        state.passes += 1
        continue
      }
      for row in 0..<rows {
        guard count < settings.chunkTokens else { break }
        chunk.copy(row: count, from: reader.values, row: row)
        if chunk.withMutableRow(count, { normalizer.apply(&$0) }) {
          count += 1
          passGaveTokens = true
        }
      }
    }
    isFilled = true
    shuffle()
  }

  /// A new order for each use of each chunk (Fisher and Yates).
  private func shuffle() {
    var generator = SeededGenerator(
      seed: settings.seed &+ UInt64(state.chunk * settings.uses + state.use + 1) &* 0x9E37_79B9)
    order = (0..<Int32(settings.chunkTokens)).map { $0 }
    for i in stride(from: order.count - 1, to: 0, by: -1) {
      order.swapAt(i, Int(generator.next() % UInt64(i + 1)))
    }
  }
}

/// Runs a model over rows of a corpus and holds what transcoders read and reconstruct.
final class ActivationReader {
  private let model: Transformer
  private let hook: FeatureInputHook
  private let cache: ActivationCache?
  private var capture: ActivationCapture
  /// Tokens that one call takes at most, unless one row is longer.
  let capacity: Int
  /// Numbers of one token, `[2, layer, dModel]`.
  let width: Int
  /// The tokens of the last call.
  let values: RowTable

  init(_ model: Transformer, hook: FeatureInputHook, rowLength: Int, cache: ActivationCache? = nil) {
    self.model = model
    self.hook = hook
    self.cache = cache
    capacity = max(2048, rowLength)
    width = Self.width(model)
    capture = ActivationCapture(model, capacity: capacity, longest: rowLength)
    values = RowTable(rows: capacity, width: width)
  }

  /// Numbers of one token.
  static func width(_ model: Transformer) -> Int {
    2 * model.configuration.layerCount * model.configuration.dModel
  }

  /// Runs over the next rows of a corpus.
  /// - Returns: How many tokens there are now, those at position 0 left out; 0 behind the end.
  func next(_ cursor: inout TokenCorpus.Cursor) throws -> Int {
    let begin = cursor.place
    if let kept = try cache?.read(at: begin, into: values) {
      cursor = cursor.corpus.cursor(from: kept.end)
      return kept.count
    }
    let count = try compute(&cursor)
    if count > 0 { cache?.keep(values, count: count, from: begin, to: cursor.place) }
    return count
  }

  private func compute(_ cursor: inout TokenCorpus.Cursor) throws -> Int {
    while true {
      var texts: [[Token]] = []
      var count = 0
      while true {
        let place = cursor
        guard let row = try cursor.next() else { break }
        if count + row.count > capacity {
          cursor = place
          break
        }
        count += row.count
        texts.append(row)
      }
      guard !texts.isEmpty else { return 0 }
      let rows = try run(texts)
      if rows > 0 { return rows }
    }
  }

  private func run(_ texts: [[Token]]) throws -> Int {
    let vocabulary = model.configuration.vocabularyCount
    for text in texts {
      for token in text where token < 0 || Int(token) >= vocabulary {
        throw TransformerError.unknownToken(id: Int(token), vocabulary: vocabulary)
      }
    }
    let batch = TextBatch(texts)
    let d = model.configuration.dModel, layers = model.configuration.layerCount
    let rows = batch.texts.flatMap { $0.dropFirst() }
    capture.run(batch) { [hook, model, values] number, layer in
      let input =
        switch hook {
        case .residualMid: layer.residualMid
        case .mlpInput: layer.mlpInput
        case .normalized:
          model.blocks[number].featureInput(hook, residualMid: layer.residualMid, scales: layer.scales)
        }
      for (place, row) in rows.enumerated() {
        let range = row * d..<(row + 1) * d
        values.write(input.values.span.extracting(range), row: place, column: number * d)
        values.write(
          layer.mlpOutput.values.span.extracting(range), row: place, column: (layers + number) * d)
      }
    }
    return rows.count
  }

  /// A token's numbers, `[2, layer, dModel]`.
  func row(_ row: Int) -> [Float] {
    values.withRow(row) { span in span.withUnsafeBufferPointer { Array($0) } }
  }
}
