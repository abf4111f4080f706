extension Node {
  /// The node's name in graph files, as circuit-tracer writes it since July 2026.
  ///
  /// | node | name |
  /// |---|---|
  /// | feature | `layer_index_position` |
  /// | error | `layer_-1_position` |
  /// | embedding | `E_token_position` |
  /// | logit | `(L + 1)_token_position` |
  ///
  /// - Parameters:
  ///   - layerCount: `L`, the layers of the model.
  ///   - tokens: The prompt's tokens, `[position]`.
  public func fileID(layerCount: Int, tokens: [Int]) -> String {
    switch self {
    case .feature(let layer, let index, let position): "\(layer)_\(index)_\(position)"
    case .error(let layer, let position): "\(layer)_-1_\(position)"
    case .embedding(let position):
      "E_\(tokens.indices.contains(position) ? tokens[position] : 0)_\(position)"
    case .logit(let token, let position): "\(layerCount + 1)_\(token)_\(position)"
    }
  }
}

extension GraphNode {
  /// The label of a logit node, in the words from which viewers read the probability.
  /// ```
  /// Output " Austin" (p=0.439)
  /// ```
  public static func logitLabel(token: String, probability: Double) -> String {
    "Output \"\(token)\" \(probabilityMark(probability))"
  }

  /// The end of a logit's label, `(p=0.439)`; `(p=n/a)` for what has no probability, which viewers take for no number.
  ///
  /// Three decimals as other tools write them; more where three would be those of 0 or 1.
  static func probabilityMark(_ probability: Double?) -> String {
    guard let probability, probability.isFinite else { return "(p=n/a)" }
    let thousandths = (probability.magnitude * 1000).rounded()
    guard thousandths < 1e6, thousandths != 0 || probability == 0, thousandths != 1000 || probability == 1
    else {
      return "(p=\(probability.shortestText))"
    }
    let fraction = String(1000 + Int(thousandths) % 1000).dropFirst()
    return "(p=\(probability < 0 ? "-" : "")\(Int(thousandths) / 1000).\(fraction))"
  }

  /// The probability that a logit's label states last; tokens may themselves look like one.
  static func probability(inLabel label: String) -> Double? {
    let bytes = Array(label.utf8)
    let mark = Array("(p=".utf8)
    var start = bytes.count - mark.count
    while start >= 0, !bytes[start...].starts(with: mark) { start -= 1 }
    guard start >= 0, let end = bytes[start...].firstIndex(of: UInt8(ascii: ")")) else { return nil }
    let text = String(decoding: bytes[start + mark.count..<end], as: UTF8.self)
    return Double(text).flatMap { $0.isFinite ? $0 : nil }
  }

  /// The parts of an id between its underscores.
  static func parts(ofID id: String) -> [Substring] {
    id.split(separator: "_", omittingEmptySubsequences: false)
  }
}
