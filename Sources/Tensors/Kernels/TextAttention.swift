internal import CKernels

/// Causal attention over a batch of texts whose rows follow one another, with its pullback.
public struct TextAttention: Sendable {
  public let headCount: Int
  public let keyValueHeadCount: Int
  public let dHead: Int
  /// What scores are multiplied by.
  public let scale: Float

  public init(headCount: Int, keyValueHeadCount: Int, dHead: Int, scale: Float) {
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.dHead = dHead
    self.scale = scale
  }

  /// Numbers that the patterns of texts take: one square a head and text.
  public func patternCount(_ texts: [Range<Int>]) -> Int {
    headCount * texts.reduce(0) { $0 + $1.count * $1.count }
  }

  /// Each head's output, heads side by side.
  /// ```
  /// A = softmax(scale · q kᵀ) below the diagonal,   mixed = A v
  /// ```
  /// - Parameters:
  ///   - query: `[row, head · dHead]`.
  ///   - key: `[row, keyValueHead · dHead]`; `value` alike.
  ///   - texts: The rows of each text.
  ///   - patterns: Where `A` goes, text after text and head after head, ``patternCount(_:)`` numbers.
  ///   - mixed: `[row, head · dHead]`.
  public func callAsFunction(
    query: Matrix, key: Matrix, value: Matrix, texts: [Range<Int>], patterns: inout [Float],
    into mixed: inout Matrix
  ) {
    check(query, key, value, texts, patterns.count)
    let shared = headCount / keyValueHeadCount
    Kernels.withPointers(query, &mixed) { q, o in
      key.values.withUnsafeBufferPointer { k in
        value.values.withUnsafeBufferPointer { v in
          patterns.withUnsafeMutableBufferPointer { patterns in
            guard let k = k.baseAddress, let v = v.baseAddress, var p = patterns.baseAddress else { return }
            for text in texts {
              for head in 0..<headCount {
                let first = text.lowerBound * query.columns + head * dHead
                let shared = text.lowerBound * key.columns + head / shared * dHead
                ck_attend(
                  q + first, query.columns, k + shared, v + shared, key.columns, text.count, dHead, scale, p,
                  o + first, query.columns)
                p += text.count * text.count
              }
            }
          }
        }
      }
    }
  }

  /// Each head's output, heads side by side, for runs that nothing is differentiated after: no pattern is kept.
  public func forward(
    query: Matrix, key: Matrix, value: Matrix, texts: [Range<Int>], into mixed: inout Matrix
  ) {
    check(query, key, value, texts, patternCount(texts))
    let shared = headCount / keyValueHeadCount
    let work = Scratch(count: ck_attend_work(texts.reduce(0) { max($0, $1.count) }, dHead))
    Kernels.withPointers(query, &mixed) { q, o in
      key.values.withUnsafeBufferPointer { k in
        value.values.withUnsafeBufferPointer { v in
          guard let k = k.baseAddress, let v = v.baseAddress else { return }
          for text in texts {
            for head in 0..<headCount {
              let first = text.lowerBound * query.columns + head * dHead
              let shared = text.lowerBound * key.columns + head / shared * dHead
              ck_attend_forward(
                q + first, query.columns, k + shared, v + shared, key.columns, text.count, dHead, scale,
                o + first, query.columns, work.pointer)
            }
          }
        }
      }
    }
  }

  /// The pullback: gradients of queries are written, those of keys and values added to what is there.
  public func pullback(
    _ mixedGradient: Matrix, query: Matrix, key: Matrix, value: Matrix, texts: [Range<Int>],
    patterns: [Float], queryGradient: inout Matrix, keyGradient: inout Matrix, valueGradient: inout Matrix
  ) {
    check(query, key, value, texts, patterns.count)
    let shared = headCount / keyValueHeadCount
    var work = Scratch(count: texts.reduce(0) { max($0, $1.count) })
    work.withUnsafeMutableBufferPointer { work in
      Kernels.withPointers(mixedGradient, &queryGradient) { go, gq in
        Kernels.withPointers(query, &keyGradient) { q, gk in
          Kernels.withPointers(key, &valueGradient) { k, gv in
            value.values.withUnsafeBufferPointer { v in
              patterns.withUnsafeBufferPointer { patterns in
                guard let v = v.baseAddress, var p = patterns.baseAddress else { return }
                for text in texts {
                  for head in 0..<headCount {
                    let first = text.lowerBound * query.columns + head * dHead
                    let shared = text.lowerBound * key.columns + head / shared * dHead
                    ck_attend_pullback(
                      go + first, query.columns, q + first, query.columns, k + shared, v + shared,
                      key.columns,
                      p, text.count, dHead, scale, gq + first, query.columns, gk + shared, gv + shared,
                      key.columns, work.baseAddress)
                    p += text.count * text.count
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  private func check(
    _ query: Matrix, _ key: Matrix, _ value: Matrix, _ texts: [Range<Int>], _ patternCount: Int
  ) {
    let rows = texts.last?.upperBound ?? 0
    precondition(
      query.columns == headCount * dHead && key.columns == keyValueHeadCount * dHead
        && value.columns == key.columns && rows <= min(query.rows, key.rows, value.rows)
        && patternCount >= self.patternCount(texts),
      "attention over \(rows) rows of \(query.columns) and \(key.columns)")
  }
}

extension Kernels {
  /// What one reader attends to, in the place of its products with the sources: shares that are 0 where it sees nothing, and
  /// whose sum falls short of 1 by the share of a sink.
  /// ```
  /// p[s] = exp(c(scale · p[s])) / (Σ_visible exp(c(scale · p[s])) + exp(sink)),   c(x) = cap · tanh(x / cap)
  /// ```
  package static func attentionShares(
    _ p: UnsafeMutablePointer<Float>, count: Int, of visible: Range<Int>, scale: Float, cap: Float?,
    sink: Float?
  ) {
    ck_attention_shares(
      p, count, visible.lowerBound, visible.upperBound, scale, cap ?? 0, sink == nil ? 0 : 1, sink ?? 0)
  }
}

extension RotaryEmbedding {
  /// Cosines and sines of every angle, `[position, dHead / 2]` each.
  public func tables(positions: Int) -> (cosine: [Float], sine: [Float]) {
    var cosine: [Float] = [], sine: [Float] = []
    for position in 0..<positions {
      for frequency in frequencies {
        let (c, s) = turn(Double(position) * frequency)
        cosine.append(c)
        sine.append(s)
      }
    }
    return (cosine, sine)
  }

  /// Turns every head of the texts' rows by the place in its text, or back where `inverse`: a rotation's
  /// pullback is its inverse.
  public static func rotate(
    _ x: inout Matrix, texts: [Range<Int>], by tables: (cosine: [Float], sine: [Float]), half: Int,
    inverse: Bool = false
  ) {
    let columns = x.columns
    let longest = texts.reduce(0) { max($0, $1.count) }
    precondition(
      longest * half <= tables.cosine.count && (texts.last?.upperBound ?? 0) <= x.rows && half > 0,
      "\(longest) positions to rotate")
    x.values.withUnsafeMutableBufferPointer { x in
      guard let start = x.baseAddress else { return }
      for text in texts {
        ck_rotate(
          start + text.lowerBound * columns, text.count, columns, columns / (2 * half), half, tables.cosine,
          tables.sine, inverse ? 1 : 0)
      }
    }
  }
}
