internal import Tensors

/// The heads of one layer: what they attend to, and what they bring together from there.
struct AttentionHeads {
  let headCount: Int
  let keyValueHeadCount: Int
  let dHead: Int
  let rule: AttentionRule
  /// `[head]`, see ``AttentionLayer/sinks``.
  let sinks: [Float]?

  init(_ c: TransformerConfiguration, layer: Int, sinks: [Float]?) {
    (headCount, keyValueHeadCount, dHead) = (c.headCount, c.keyValueHeadCount, c.dHead)
    (rule, self.sinks) = (c.attention[layer], sinks)
  }

  /// Readers whose patterns are worked on together.
  private static let chunk = 64
  /// So few readers take the keys as they lie.
  private static let few = 8

  /// One head of one text, in memory that no other writes.
  private struct Piece {
    let head: Int
    let text: Rows.Text
    let queries: UnsafePointer<Float>
    let keys: UnsafePointer<Float>
    let values: UnsafePointer<Float>
    let mixed: UnsafeMutablePointer<Float>
    /// The head's patterns, `[reader, source]`, where they are kept.
    let patterns: UnsafeMutablePointer<Float>?
  }

  /// Lets every head read.
  /// - Parameters:
  ///   - queries: `[row, head · dHead]`.
  ///   - caches: Keys and values of the texts, those of their rows included, `[text]`.
  ///   - keepsPatterns: Whether the patterns are wanted; of a single text.
  /// - Returns: The heads' outputs side by side, `[row, head · dHead]`, and the patterns `[head · reader, source]`.
  func callAsFunction(
    _ queries: Matrix, _ rows: Rows, _ caches: [KeyValueCache], layer: Int, keepsPatterns: Bool
  ) -> (mixed: Matrix, patterns: Matrix) {
    precondition(!keepsPatterns || rows.texts.count == 1, "patterns of \(rows.texts.count) texts")
    let sources = keepsPatterns ? rows.texts[0].positions.upperBound : 0
    var patterns = Matrix(rows: keepsPatterns ? headCount * rows.count : 0, columns: sources)
    var mixed = Matrix(rows: rows.count, columns: headCount * dHead)
    patterns.values.withUnsafeMutableBufferPointer { patterns in
      mixed.values.withUnsafeMutableBufferPointer { mixed in
        queries.values.withUnsafeBufferPointer { queries in
          guard let q = queries.baseAddress, let o = mixed.baseAddress else { return }
          let memory = SharedPointer((queries: q, mixed: o, patterns: patterns.baseAddress))
          Parallel.forEach(rows.texts.count * headCount) { number in
            let (text, head) = (number / headCount, number % headCount)
            caches[text].keys[layer].withUnsafeBufferPointer { keys in
              caches[text].values[layer].withUnsafeBufferPointer { values in
                guard let k = keys.baseAddress, let v = values.baseAddress else { return }
                let own = memory.pointer.patterns.map { $0 + head * rows.count * sources }
                run(
                  Piece(
                    head: head, text: rows.texts[text], queries: memory.pointer.queries, keys: k, values: v,
                    mixed: memory.pointer.mixed, patterns: keepsPatterns ? own : nil))
              }
            }
          }
        }
      }
    }
    return (mixed, patterns)
  }

  private func run(_ piece: Piece) {
    let (text, sources) = (piece.text, piece.text.positions.upperBound)
    let isFew = text.rows.count <= Self.few
    let offset = piece.head / (headCount / keyValueHeadCount) * dHead
    let (width, keyWidth) = (headCount * dHead, keyValueHeadCount * dHead)
    // [dHead, source], so that a product takes all sources at once.
    let turned = Scratch(count: isFew ? 0 : dHead * sources)
    if !isFew {
      for source in 0..<sources {
        let key = piece.keys + source * keyWidth + offset
        for i in 0..<dHead { turned.pointer[i * sources + source] = key[i] }
      }
    }
    let work = Scratch(count: piece.patterns == nil ? min(Self.chunk, text.rows.count) * sources : 0)
    for first in stride(from: 0, to: text.rows.count, by: Self.chunk) {
      let readers = first..<min(first + Self.chunk, text.rows.count)
      // Behind the last reader nothing is seen.
      let end = text.first + readers.upperBound
      let queries = piece.queries + (text.rows.lowerBound + first) * width + piece.head * dHead
      let p = piece.patterns.map { $0 + first * sources } ?? work.pointer
      if isFew {
        for reader in 0..<readers.count {
          let query = UnsafeBufferPointer(start: queries + reader * width, count: dHead).span
          for source in rule.visible(from: text.first + first + reader) {
            let key = UnsafeBufferPointer(start: piece.keys + source * keyWidth + offset, count: dHead).span
            p[reader * sources + source] = Kernels.dot(query, key)
          }
        }
      } else {
        Kernels.multiply(
          queries, rowStride: width, turned.pointer, rowStride: sources, into: p, rowStride: sources,
          m: readers.count, k: dHead, n: end, accumulating: false)
      }
      for reader in readers {
        Kernels.attentionShares(
          p + (reader - first) * sources, count: sources, of: rule.visible(from: text.first + reader),
          scale: rule.scale, cap: rule.softCap, sink: sinks?[piece.head])
      }
      Kernels.multiply(
        p, rowStride: sources, piece.values + offset, rowStride: keyWidth,
        into: piece.mixed + (text.rows.lowerBound + first) * width + piece.head * dHead, rowStride: width,
        m: readers.count, k: end, n: dHead, accumulating: false)
    }
  }

  /// The heads' outputs where patterns are held, `[row, head · dHead]`.
  func mix(_ values: [Float], by patterns: Matrix) -> Matrix {
    let readers = patterns.rows / headCount
    let (width, keyWidth) = (headCount * dHead, keyValueHeadCount * dHead)
    var mixed = Matrix(rows: readers, columns: width)
    mixed.values.withUnsafeMutableBufferPointer { mixed in
      values.withUnsafeBufferPointer { values in
        patterns.values.withUnsafeBufferPointer { shares in
          guard let o = mixed.baseAddress, let v = values.baseAddress, let p = shares.baseAddress else {
            return
          }
          for head in 0..<headCount {
            Kernels.multiply(
              p + head * readers * patterns.columns, rowStride: patterns.columns,
              v + head / (headCount / keyValueHeadCount) * dHead, rowStride: keyWidth, into: o + head * dHead,
              rowStride: width, m: readers, k: patterns.columns, n: dHead, accumulating: false)
          }
        }
      }
    }
    return mixed
  }
}
