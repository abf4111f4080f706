/// What a logit node is that stands for one answer against another: it has no probability of its own.
public struct LogitDifference: Sendable, Equatable {
  /// The token whose logit counts, and the one whose logit is taken from it.
  public var tokens: [Int]
  /// What the two show.
  public var texts: [String]
  /// `z[A] − z[B]`, before a model that caps its logits has capped them: what is traced.
  public var logits: Double
  /// `ln p[A] − ln p[B]`, the same number where the model caps nothing.
  public var logProbabilities: Double

  public init(tokens: [Int], texts: [String], logits: Double, logProbabilities: Double) {
    self.tokens = tokens
    self.texts = texts
    self.logits = logits
    self.logProbabilities = logProbabilities
  }

  /// Both texts, `Austin − Dallas`, without the spaces around them.
  public var text: String {
    texts.map { text in
      // Scalar by scalar: characters are found from the end of a text in time with the square of its length.
      let scalars = Array(text.unicodeScalars)
      guard let first = scalars.firstIndex(where: { $0 != " " }),
        let last = scalars.lastIndex(where: { $0 != " " })
      else { return text }
      return String(String.UnicodeScalarView(scalars[first...last]))
    }.joined(separator: " − ")
  }

  /// The label of the node in files.
  /// ```
  /// Output " Austin" − " Dallas" (p=n/a, logits +3.214)
  /// ```
  /// Viewers look for `(p=` and crash where there is none; what they find there is not a number, as it must be.
  public var label: String {
    let names = texts.map { "\"\($0)\"" }.joined(separator: " − ")
    return "Output \(names) (p=n/a, logits \(NumberText.signed(logits)))"
  }

  // MARK: In files

  /// The member of a node that holds it.
  static let key = "difference"

  init?(_ json: JSON?) {
    guard let object = json?.object, let logits = object["logits"]?.double, logits.isFinite,
      let logProbabilities = object["log_probabilities"]?.double, logProbabilities.isFinite,
      let tokens = object["tokens"]?.array?.compactMap(\.int), tokens.count == 2,
      let texts = object["texts"]?.array?.compactMap(\.string), texts.count == 2
    else { return nil }
    self.init(tokens: tokens, texts: texts, logits: logits, logProbabilities: logProbabilities)
  }

  /// The difference as a file states it.
  public var json: JSON {
    [
      "tokens": .array(tokens.map { JSON($0) }), "texts": JSON(texts), "logits": JSON(logits),
      "log_probabilities": JSON(logProbabilities),
    ]
  }
}

extension GraphNode {
  /// The two answers that a logit node compares; `nil` for a single answer and for every other node.
  public var difference: LogitDifference? {
    get { if case .logit = node { LogitDifference(extra[LogitDifference.key]) } else { nil } }
    set { extra[LogitDifference.key] = newValue?.json }
  }

  /// The words of an answer: a token as it stands in `Output " Austin" (p=0.41)`, `output: "Austin" (p=0.98)` or
  /// `[a group] Output " Austin" (p=0.41)`, both tokens of a difference, or the whole label if it is of no such form.
  public var answerText: String {
    if let difference { return difference.text }
    // Tokens may have quotes, and even look like a probability: the last mark counts.
    let mark = label.range(ofLast: "\" (p=")?.lowerBound
    guard
      let end = mark
        ?? (label.utf8.last == UInt8(ascii: "\"") ? label.utf8.index(before: label.endIndex) : nil)
    else { return label }
    let words: [StaticString] = [
      "Output \"", "output: \"", "Output: \"", "output \"", "Logit \"", "logit: \"",
    ]
    let start = words.compactMap { label.range(ofLast: $0, before: end)?.upperBound }.max()
    return start.map { String(decoding: label.utf8[$0..<end], as: UTF8.self) } ?? label
  }
}
