internal import ArgumentParser
internal import Clew
internal import Foundation

/// Where rows of tokens come from: text files, token numbers in files, or the model itself.
struct CorpusOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: "Files of UTF-8 text; a blank line ends a document, and so do 64 KiB and the model's context.",
    completion: .file())
  var text: [String] = []
  @Option(
    help: """
      A NumPy file of token numbers, all rows one after another, instead of text; or the folder of a training with \
      --sample-tokens, or its \(SampledCorpus.fileName), which needs no --offsets.
      """, completion: .file())
  var tokens: String?
  @Option(
    help: "The NumPy file that says where each row of --tokens begins, with the end of the last.",
    completion: .file())
  var offsets: String?
  @Option(help: "Which rows of --tokens to read, such as 0:162 for the first 162. (default: all)") var rows:
    String?
  @Option(
    help: """
      Let the model write this many tokens instead. They are kept as they are written, so that what was stopped goes on \
      with the same text.
      """)
  var sampleTokens: Int?
  @Option(help: "The temperature that the model writes with.") var temperature = 1.0
  @Option(help: "Where the random numbers of --sample-tokens start. (default: that of --seed, else 0)")
  var sampleSeed: UInt64?

  var isGiven: Bool { !text.isEmpty || tokens != nil && promptTokens == nil || sampleTokens != nil }

  /// Numbers of tokens in the place of a file, such as `1,2,3`: a prompt, for commands that take one.
  var promptTokens: TokenList? { offsets == nil ? tokens.flatMap { TokenList($0) } : nil }

  /// What a command says where nothing, or too much, is given.
  static let choice = "--text FILE, --tokens FILE with --offsets FILE, or --sample-tokens N"

  func validate() throws {
    guard [!text.isEmpty, tokens != nil, sampleTokens != nil].filter({ $0 }).count < 2 else {
      throw ValidationError("Give one of \(Self.choice).")
    }
    guard (tokens == nil) == (offsets == nil) || promptTokens != nil || offsets == nil && sampled != nil
    else {
      throw ValidationError("--tokens and --offsets belong together.")
    }
    if let sampleTokens { try SizeLimits.check("sample-tokens", sampleTokens, SizeLimits.tokens) }
    guard temperature > 0 && temperature.isFinite else {
      throw ValidationError("--temperature must be more than 0.")
    }
    if rows != nil {
      guard tokens != nil else {
        throw ValidationError("--rows chooses rows of --tokens, which is not given.")
      }
      guard range != nil else { throw ValidationError("--rows must be a range such as 0:162.") }
    }
  }

  /// The range that `--rows` names.
  private var range: Range<Int>? {
    // The second spelling needs quotes in a shell.
    guard let match = rows?.wholeMatch(of: /(\d{1,15})(?::|\.\.<)(\d{1,15})/), let first = Int(match.1),
      let end = Int(match.2), first < end
    else { return nil }
    return first..<end
  }

  /// The text that a model wrote, which `--tokens` names.
  private var sampled: URL? { tokens.flatMap { SampledCorpus.find(URL(filePath: $0)) } }

  /// - Parameters:
  ///   - file: Where text is kept that the model writes.
  ///   - seed: Where its random numbers start if nobody says.
  ///   - replaces: Whether another text there may be thrown away.
  func open(
    _ model: Transformer, _ tokenizer: Tokenizer, keepingTextIn file: URL, seed: UInt64 = 0,
    replaces: Bool, _ bar: ProgressBar
  ) throws -> TokenCorpus {
    if let sampleTokens {
      let kept = Interruption.whatIsKept
      Interruption.whatIsKept =
        "the text written so far is kept in \(file.relativePath), and gone on with next time"
      defer { Interruption.whatIsKept = kept }
      return try SampledCorpus.open(
        model, tokenizer,
        SampledCorpus.Settings(tokens: sampleTokens, temperature: temperature, seed: sampleSeed ?? seed),
        file: file, replaces: replaces
      ) { bar.show("the model writes text", fraction: $0) }
    }
    if offsets == nil, let sampled {
      return try SampledCorpus.read(
        sampled, rows: range, tokenizer: tokenizer, configuration: model.configuration)
    }
    guard let tokens, let offsets else {
      return try TokenCorpus(
        texts: text.map { URL(filePath: $0) }, tokenizer: tokenizer, configuration: model.configuration)
    }
    return try TokenCorpus(
      tokens: URL(filePath: tokens), offsets: URL(filePath: offsets), rows: range, tokenizer: tokenizer,
      configuration: model.configuration)
  }
}
