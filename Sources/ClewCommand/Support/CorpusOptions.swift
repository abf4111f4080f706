internal import ArgumentParser
internal import Clew
internal import Foundation

/// Where rows of tokens come from: text files, or token numbers in NumPy files.
struct CorpusOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: "Files of UTF-8 text; a blank line ends a document, and so do 64 KiB and the model's context.",
    completion: .file())
  var text: [String] = []
  @Option(
    help: "A NumPy file of token numbers, all rows one after another, instead of text.", completion: .file())
  var tokens: String?
  @Option(
    help: "The NumPy file that says where each row of --tokens begins, with the end of the last.",
    completion: .file())
  var offsets: String?
  @Option(help: "Which rows of --tokens to read, such as 0:162 for the first 162. (default: all)") var rows:
    String?

  var isGiven: Bool { !text.isEmpty || tokens != nil && promptTokens == nil }

  /// Numbers of tokens in the place of a file, such as `1,2,3`: a prompt, for commands that take one.
  var promptTokens: TokenList? { offsets == nil ? tokens.flatMap { TokenList($0) } : nil }

  func validate() throws {
    guard text.isEmpty || tokens == nil else { throw ValidationError("Give either --text or --tokens.") }
    guard (tokens == nil) == (offsets == nil) || promptTokens != nil else {
      throw ValidationError("--tokens and --offsets belong together.")
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

  func open(_ model: Transformer, _ tokenizer: Tokenizer) throws -> TokenCorpus {
    guard let tokens, let offsets else {
      return try TokenCorpus(
        texts: text.map { URL(filePath: $0) }, tokenizer: tokenizer, configuration: model.configuration)
    }
    return try TokenCorpus(
      tokens: URL(filePath: tokens), offsets: URL(filePath: offsets), rows: range, tokenizer: tokenizer,
      configuration: model.configuration)
  }
}
