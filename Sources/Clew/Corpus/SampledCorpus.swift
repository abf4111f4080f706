internal import Checkpoints
public import Foundation
internal import Tensors
public import Tokenization
public import Transformers

/// Text that a model writes itself, kept in a file as it is written: what was ended by anything goes on to the same text.
public enum SampledCorpus {
  /// How a model writes.
  public struct Settings: Hashable, Sendable {
    /// How many tokens at least, position 0 of each row aside.
    public var tokens: Int
    public var temperature: Double
    /// Where the random numbers start.
    public var seed: UInt64

    public init(tokens: Int, temperature: Double = 1, seed: UInt64 = 0) {
      self.tokens = tokens
      self.temperature = temperature
      self.seed = seed
    }

    /// What the text depends on but its length: a longer one begins with a shorter one.
    func name(of model: Transformer) throws(CheckpointError) -> String {
      "temperature \(temperature) seed \(seed) model \(try Fingerprint.whole(folder: model.folder))"
    }
  }

  /// What the file is called in the folder of what it was written for.
  public static let fileName = "sampled-tokens.txt"

  /// Where a training keeps the text.
  public static func file(ofTrainingIn folder: URL) -> URL {
    folder.appending(path: "checkpoint/\(fileName)")
  }

  /// The text that a file is, or that a folder of a training or a check holds; `nil` if there is none.
  public static func find(_ url: URL) -> URL? {
    [url, file(ofTrainingIn: url), url.appending(path: fileName)].first(where: TextLog.begins)
  }

  /// Reads what was written before with the same settings, and lets the model write the rest.
  /// - Parameters:
  ///   - file: Where the text is kept.
  ///   - replaces: Whether a text that was written with other settings may be thrown away.
  ///   - progress: Told how much is written, 0 to 1.
  /// - Throws: ``CorpusError``, and what the model throws.
  public static func open(
    _ model: Transformer, _ tokenizer: Tokenizer, _ settings: Settings, file: URL, replaces: Bool = false,
    progress: (Double) -> Void
  ) throws -> TokenCorpus {
    guard let opening = Prompt.opening(of: tokenizer) else { throw CorpusError.cannotBegin }
    let log = try TextLog(
      file, name: try settings.name(of: model), replaces: replaces, isSound: fits(model, opening))
    // A text ends where the next one would begin.
    let stops = tokenizer.endsOfText.union([opening])
    var count = log.rows.reduce(0) { $0 + $1.count - 1 }
    while count < settings.tokens {
      progress(Double(count) / Double(settings.tokens))
      let numbers = log.begun..<log.begun + batch
      var generation = try Generation(
        model,
        numbers.map {
          GenerationRequest(
            [opening], count: model.configuration.contextLength - 1,
            sampling: Sampling(
              temperature: settings.temperature, seed: settings.seed &+ UInt64($0) &* 0x9E37_79B9_7F4A_7C15),
            stops: stops)
        })
      let texts = try generation.rest().filter { !$0.isEmpty }
      try log.append(texts.map { [opening] + $0 }, begun: numbers.upperBound)
      count += texts.reduce(0) { $0 + $1.count }
      guard count >= settings.tokens || log.begun < 1000 + 2 * log.rows.count else {
        throw CorpusError.writesNothing(count: count, texts: log.begun, needed: settings.tokens)
      }
    }
    progress(1)
    var rows: [[Token]] = []
    count = 0
    for row in log.rows where count < settings.tokens {
      rows.append(row)
      count += row.count - 1
    }
    return corpus(rows, file: file)
  }

  /// Texts that are written side by side.
  private static let batch = 64

  /// Reads a text that a model wrote, as it is.
  /// - Parameter rows: Which texts count; `nil` for all.
  /// - Throws: ``CorpusError`` if it is damaged or unfinished, or does not fit the model.
  public static func read(
    _ url: URL, rows: Range<Int>? = nil, tokenizer: Tokenizer, configuration: TransformerConfiguration
  ) throws(CorpusError) -> TokenCorpus {
    let stored = try TextLog.read(url)
    let chosen = rows ?? 0..<stored.count
    guard chosen.upperBound <= stored.count else {
      throw .noSuchRows(asked: chosen, count: stored.count, path: url.path)
    }
    guard !stored.isEmpty else { throw .empty(path: url.path) }
    for index in chosen {
      let row = stored[index]
      func bad(_ reason: String) -> CorpusError { .badRow(path: url.path, row: index, reason: reason) }
      guard row.count <= configuration.contextLength else {
        throw bad("it has \(row.count) tokens, but the model reads at most \(configuration.contextLength)")
      }
      for token in row where Int(token) >= configuration.vocabularyCount {
        throw bad("it holds the token \(token), but the model has \(configuration.vocabularyCount)")
      }
      if let opening = tokenizer.beginningOfText, row[0] != opening {
        throw bad("it begins with the token \(row[0]), not with \(opening), which begins a text")
      }
    }
    return corpus(Array(stored[chosen]), file: url)
  }

  /// Whether a model could have written a row.
  private static func fits(_ model: Transformer, _ opening: Token) -> ([Token]) -> Bool {
    let configuration = model.configuration
    return { row in
      row.count > 1 && row.count <= configuration.contextLength && row[0] == opening
        && row.allSatisfy { Int($0) < configuration.vocabularyCount }
    }
  }

  /// Rows whose fingerprint is that of their tokens, whatever the file holds beside them.
  private static func corpus(_ rows: [[Token]], file: URL) -> TokenCorpus {
    var checksum = Checksum()
    for row in rows {
      ([Token(row.count)] + row).withUnsafeBytes { checksum.take($0) }
    }
    return TokenCorpus(rows: rows, fingerprint: checksum.digits, files: [file.path])
  }
}
