public import AtlasWorld
public import Clew

/// How many questions a model answers rightly, every token of the answer the likeliest.
public struct QuestionScore {
  private let model: Transformer
  private let tokenizer: Tokenizer

  public init(_ model: Transformer, tokenizer: Tokenizer) {
    self.model = model
    self.tokenizer = tokenizer
  }

  /// The share of questions whose greedy completion is an answer.
  public func accuracy(_ questions: [Question]) throws -> Double {
    guard !questions.isEmpty else { return 1 }
    var right = 0
    for first in stride(from: 0, to: questions.count, by: Self.batch) {
      let part = Array(questions[first..<min(first + Self.batch, questions.count)])
      right += try part.allSatisfy { $0.kind == .years } ? continued(part) : forced(part)
    }
    return Double(right) / Double(questions.count)
  }

  private static let batch = 32

  /// Questions with one answer: the likeliest token after every piece of the right answer is the next piece.
  private func forced(_ questions: [Question]) throws -> Int {
    let texts = try questions.map { question in
      let start = try tokenizer.encode(question.prompt).count
      let whole = try tokenizer.encode(question.document.text)
      return (text: whole, weights: (1..<whole.count).map { Float($0 < start ? 0 : 1) })
    }
    let batch = TextBatch(texts)
    var tape = TransformerTape(for: model, capacity: batch.tokens.count)
    var nothing: TransformerParameters?
    var isWrong = [Bool](repeating: false, count: questions.count)
    _ = tape.run(model, batch, gradient: &nothing) { logits, rows in
      for (place, row) in rows.enumerated() {
        let best = logits[place].indices.max { logits.values[$0] < logits.values[$1] } ?? 0
        guard best - logits[place].startIndex != Int(batch.tokens[row + 1]) else { continue }
        if let text = batch.texts.firstIndex(where: { $0.contains(row) }) { isWrong[text] = true }
      }
      logits = Matrix(rows: logits.rows, columns: logits.columns)  // nothing is to be learnt
      return 0
    }
    return isWrong.count { !$0 }
  }

  /// Questions with several answers: what the model says is judged.
  private func continued(_ questions: [Question]) throws -> Int {
    try questions.count { question in
      let start = try tokenizer.encode(question.prompt)
      let added = try model.generate(after: start, count: 4)
      return question.accepts(tokenizer.decode(added))
    }
  }
}
