internal import ReplacementModels
internal import Tensors
public import Tokenization
public import Transcoding
public import Transformers

/// A token and how much a feature of activation 1 adds to its logit.
public struct PromotedToken: Sendable, Equatable {
  public let token: Token
  public let logit: Float

  public init(token: Token, logit: Float) {
    self.token = token
    self.logit = logit
  }
}

/// The tokens that a feature promotes and suppresses if nothing stands between its output and the unembedding.
public struct PromotedTokens: Sendable, Equatable {
  /// The largest first.
  public let promoted: [PromotedToken]
  /// The smallest first.
  public let suppressed: [PromotedToken]
  /// How far the first promoted token stands above the mean of all, in standard deviations.
  public let lead: Float

  /// The promoted tokens of a stretch of a layer's features.
  /// ```
  /// logits[f] = W_U · (g ⊙ Σ_l D[f→l])
  /// ```
  /// with the final norm's gain `g` and without its scale, which differs from position to position; a norm that takes
  /// the mean out does so to the sum first. For cross-layer features the sum runs over all layers they write to. A norm
  /// between the output and the residual stream counts in the same way.
  /// - Parameters:
  ///   - tokens: The tokens that count, ascending.
  ///   - limit: How many are kept of either kind.
  public static func of(
    layer: Int, indices: Range<Int>, transformer: Transformer, transcoder: Transcoder, among tokens: [Token],
    limit: Int = 10
  ) -> [PromotedTokens] {
    let width = transcoder.dModel
    var written = Matrix(rows: indices.count, columns: width)
    for (row, index) in indices.enumerated() {
      let vectors = transcoder.decoderVectors(FeatureID(layer: layer, index: index))
      var sum = [Float](repeating: 0, count: width)
      for (slice, output) in transcoder.outputLayers(of: layer).enumerated() {
        var vector = Matrix(
          rows: 1, columns: width, values: Array(vectors[slice * width..<(slice + 1) * width]))
        if let norm = transformer.blocks[output].outputNorm(transcoder.configuration.outputHook) {
          vector = norm.withoutBias(vector, frozenScales: [1])
        }
        for place in sum.indices { sum[place] += vector.values[place] }
      }
      written[row] =
        transformer.finalNorm.withoutBias(
          Matrix(rows: 1, columns: width, values: sum), frozenScales: [1])[0]
    }
    let logits = written.multiplied(byTransposed: transformer.unembedding)
    let results = ResultList(count: indices.count)
    Parallel.forEach(indices.count) { row in
      results.set(PromotedTokens(logits: logits[row], among: tokens, limit: limit), at: row)
    }
    return results.values
  }

  public init(promoted: [PromotedToken], suppressed: [PromotedToken], lead: Float) {
    self.promoted = promoted
    self.suppressed = suppressed
    self.lead = lead
  }

  init(logits: ArraySlice<Float>, among tokens: [Token], limit: Int) {
    let start = logits.startIndex
    var largest: [PromotedToken] = [], smallest: [PromotedToken] = []
    var sum = 0.0, squares = 0.0
    func insert(_ entry: PromotedToken, into list: inout [PromotedToken], sign: Float) {
      if list.count == limit {
        guard let last = list.last, sign * entry.logit > sign * last.logit else { return }
        list.removeLast()
      }
      let place = list.firstIndex { sign * $0.logit < sign * entry.logit } ?? list.count
      list.insert(entry, at: place)
    }
    for token in tokens {
      let logit = logits[start + Int(token)]
      guard logit.isFinite else { continue }
      sum += Double(logit)
      squares += Double(logit) * Double(logit)
      insert(PromotedToken(token: token, logit: logit), into: &largest, sign: 1)
      insert(PromotedToken(token: token, logit: logit), into: &smallest, sign: -1)
    }
    let count = Double(max(1, tokens.count))
    let deviation = max(0, squares / count - sum / count * (sum / count)).squareRoot()
    let first = largest.first.map { Double($0.logit) } ?? 0
    self.init(
      promoted: largest, suppressed: smallest,
      lead: deviation > 0 ? Float((first - sum / count) / deviation) : 0)
  }
}

/// A list that threads fill, each its own places.
private final class ResultList: @unchecked Sendable {
  // Every place is written by one thread, and read when all are done.
  private let pointer: UnsafeMutablePointer<PromotedTokens>
  private let count: Int

  init(count: Int) {
    self.count = count
    pointer = .allocate(capacity: max(1, count))
    pointer.initialize(
      repeating: PromotedTokens(promoted: [], suppressed: [], lead: 0), count: count)
  }

  deinit {
    pointer.deinitialize(count: count)
    pointer.deallocate()
  }

  func set(_ value: PromotedTokens, at place: Int) { pointer[place] = value }
  var values: [PromotedTokens] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}

extension PromotedTokens {
  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.put(lead)
    for list in [promoted, suppressed] {
      writer.put(list.count)
      for entry in list {
        writer.put(Int(entry.token))
        writer.put(entry.logit)
      }
    }
    return writer.bytes
  }

  init?(bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard let lead = reader.float() else { return nil }
    var lists: [[PromotedToken]] = []
    for _ in 0..<2 {
      guard let length = reader.int(below: 1 << 16) else { return nil }
      var list: [PromotedToken] = []
      for _ in 0..<length {
        guard let token = reader.int(below: 1 << 31), let logit = reader.float() else { return nil }
        list.append(PromotedToken(token: Token(token), logit: logit))
      }
      lists.append(list)
    }
    guard reader.isAtEnd else { return nil }
    self.init(promoted: lists[0], suppressed: lists[1], lead: lead)
  }
}
