internal import Checkpoints
public import Foundation
internal import Tensors
public import Tokenization
public import Transformers

/// Text that a model writes itself, kept in the run's folder so that a resumed run reads the same.
public enum SampledCorpus {
  /// Reads what was written before with the same settings, or lets the model write.
  /// - Parameters:
  ///   - tokens: How many tokens at least, position 0 of each row aside.
  ///   - folder: The run's folder; the rows lie in its `checkpoint` folder.
  ///   - progress: Told how much is written, 0 to 1.
  public static func open(
    _ model: Transformer, _ tokenizer: Tokenizer, tokens: Int, temperature: Double, seed: UInt64, folder: URL,
    progress: (Double) -> Void
  ) throws -> TokenCorpus {
    let url = folder.appending(path: "checkpoint/sampled.safetensors")
    let name =
      "sampled-\(tokens)-\(temperature)-\(seed)-\(Fingerprint.of(folder: model.folder))"
    if let file = try? SafetensorsFile(url), file.metadata["sampled"] == name, file.isIntact,
      let flat = try? file.tensor("tokens").integers(), let ends = try? file.tensor("ends").integers(),
      ends.last == flat.count, zip([0] + ends, ends).allSatisfy({ $0 < $1 }),
      flat.allSatisfy({ (0..<model.configuration.vocabularyCount).contains($0) })
    {
      let rows = zip([0] + ends, ends).map { flat[$0..<$1].map { Token($0) } }
      return TokenCorpus(rows: rows, fingerprint: name)
    }
    let rows = try write(
      model, tokenizer, tokens: tokens, temperature: temperature, seed: seed, progress: progress)
    var writer = SafetensorsWriter(metadata: [("sampled", name)])
    let flat = rows.flatMap { $0 }
    var ends: [Int64] = []
    for row in rows { ends.append((ends.last ?? 0) + Int64(row.count)) }
    writer.add("tokens", flat, shape: [flat.count])
    writer.add("ends", ends, shape: [ends.count])
    writer.seal()
    let batch = try FileBatch(folder: folder.appending(path: "checkpoint"))
    try batch.stage("sampled.safetensors", parts: writer.parts())
    try batch.commit()
    return TokenCorpus(rows: rows, fingerprint: name)
  }

  /// Texts that are written side by side.
  private static let batch = 64

  /// Rows that begin with the opening token and end where the model ends them, or with its context.
  static func write(
    _ model: Transformer, _ tokenizer: Tokenizer, tokens: Int, temperature: Double, seed: UInt64,
    progress: (Double) -> Void
  ) throws -> [[Token]] {
    guard let opening = Prompt.opening(of: tokenizer) else {
      throw TrainingError.badSettings(
        reason: "this model has no token that begins a text, so it cannot write text by itself. Use --text.")
    }
    // A text ends where the next one would begin.
    let stops = tokenizer.endsOfText.union([opening])
    var rows: [[Token]] = []
    var count = 0, written = 0
    while count < tokens {
      let samplings = (written..<written + batch).map {
        Sampling(temperature: temperature, seed: seed &+ UInt64($0) &* 0x9E37_79B9_7F4A_7C15)
      }
      written += batch
      let texts = try model.generate(
        from: opening, count: model.configuration.contextLength - 1, samplings: samplings, stops: stops)
      for text in texts where !text.isEmpty && count < tokens {
        rows.append([opening] + text)
        count += text.count
      }
      guard written < 1000 + 2 * rows.count else {
        throw TrainingError.tooFewTokens(count: count, needed: tokens)
      }
      progress(min(1, Double(count) / Double(tokens)))
    }
    return rows
  }
}
