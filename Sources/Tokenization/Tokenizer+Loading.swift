public import Foundation

extension Tokenizer {
  /// Reads the tokenizer in a model's folder.
  ///
  /// - Parameter folder: A folder with `tokenizer.json`. The files `tokenizer_config.json`,
  ///   `special_tokens_map.json`, `added_tokens.json`, `generation_config.json` and `config.json` beside it, where they
  ///   exist, may add tokens, and say which ones begin and end a text.
  /// - Throws: ``TokenizationError`` if a file cannot be read, is damaged, or asks for what is not supported.
  public init(folder: URL) throws(TokenizationError) {
    func data(_ name: String) throws(TokenizationError) -> Data? { try Self.data(name, in: folder) }
    guard let json = try data("tokenizer.json") else {
      // What slow tokenizers are kept in.
      let others = ["tokenizer.model", "spiece.model", "vocab.json", "vocab.txt", "tekken.json"]
      let other = others.first { FileManager.default.fileExists(atPath: folder.appending(path: $0).path) }
      throw .unreadable(
        path: folder.appending(path: "tokenizer.json").path,
        reason: "there is no such file"
          + (other.map {
            ", and \($0) is not read (in Python, AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER) makes one of it)"
          } ?? ""))
    }
    try self.init(
      json: json, configuration: data("tokenizer_config.json"),
      specialTokensMap: data("special_tokens_map.json"), addedTokens: data("added_tokens.json"),
      generationConfiguration: data("generation_config.json"), modelConfiguration: data("config.json"))
  }

  /// Reads a tokenizer from the contents of its files.
  ///
  /// - Parameters:
  ///   - json: `tokenizer.json`.
  ///   - configuration: `tokenizer_config.json`, which names special tokens and may add tokens.
  ///   - specialTokensMap: `special_tokens_map.json`, which counts before the configuration, unless that lists added tokens.
  ///   - addedTokens: `added_tokens.json`, which counts unless the configuration lists added tokens.
  ///   - generationConfiguration: `generation_config.json`, which numbers tokens and counts after all names.
  ///   - modelConfiguration: `config.json`, which counts last.
  /// - Throws: ``TokenizationError`` if a file is damaged or asks for what is not supported.
  public init(
    json: Data, configuration: Data? = nil, specialTokensMap: Data? = nil, addedTokens list: Data? = nil,
    generationConfiguration: Data? = nil, modelConfiguration: Data? = nil
  ) throws(TokenizationError) {
    let file = try JSONPlace(json, file: "tokenizer.json")
    let model = try Model(file.required("model"))
    var addedTokens = try AddedTokens(file["added_tokens"], vocabulary: model.vocabulary)
    let declared = try DeclaredTokens(
      configuration: configuration.map { (data) throws(TokenizationError) in
        try JSONPlace(data, file: "tokenizer_config.json")
      },
      map: specialTokensMap.map { (data) throws(TokenizationError) in
        try JSONPlace(data, file: "special_tokens_map.json")
      },
      list: list.map { (data) throws(TokenizationError) in try JSONPlace(data, file: "added_tokens.json") })
    try declared.add(to: &addedTokens)
    let normalizer = try Normalizer(file["normalizer"])
    func isToken(_ number: Int) -> Bool {
      guard let token = Token(exactly: number) else { return false }
      return addedTokens.content(of: token) != nil || model.vocabulary.piece(of: token) != nil
    }
    func token(_ content: String) -> Token? {
      addedTokens.token(of: content) ?? model.vocabulary.token(of: content)
    }

    self.model = model
    self.addedTokens = addedTokens
    self.normalizer = normalizer
    literalFinder = try AddedTokenFinder(addedTokens.all.filter { !$0.declaration.isNormalized }) {
      Scalars($0.content.unicodeScalars)
    }
    normalizedFinder = try AddedTokenFinder(addedTokens.all.filter(\.declaration.isNormalized)) {
      (added) throws(TokenizationError) in
      let content = Scalars(added.content.unicodeScalars)
      return try normalizer.normalized(content, limit: Self.lengthLimit(of: content.count))
    }
    preTokenizer = try PreTokenizer(file["pre_tokenizer"])
    postProcessor = try PostProcessor(file["post_processor"], isToken: isToken)
    decoder = try Decoder(file["decoder"])
    displayDecoder = decoder.keepingEnds
    vocabularyCount = addedTokens.count
    specialTokens = Set(addedTokens.all.filter(\.declaration.isSpecial).map(\.token))
    roles = try SpecialTokens(
      named: { declared.content(of: $0).flatMap(token) }, opening: postProcessor.opening,
      numbers: Self.places([
        (generationConfiguration, "generation_config.json"), (modelConfiguration, "config.json"),
      ]), isToken: isToken)
    let named = Set(declared.specialContents.compactMap(token))
    openingTokens = (named.isEmpty ? specialTokens : named).union([roles.beginningOfText].compactMap(\.self))
  }

  /// The contents of a file in a model's folder, or `nil` if there is none.
  static func data(_ name: String, in folder: URL) throws(TokenizationError) -> Data? {
    let url = folder.appending(path: name)
    if !FileManager.default.fileExists(atPath: url.path) { return nil }
    // To open a pipe would be to wait for somebody who writes.
    if (try? FileManager.default.attributesOfItem(atPath: url.path))?[.type] as? FileAttributeType
      == .typeUnknown
    {
      throw .unreadable(path: url.path, reason: "it is not a plain file")
    }
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw .unreadable(path: url.path, reason: error.localizedDescription)
    }
    guard !data.starts(with: "version https://git-lfs.github.com/spec/".utf8) else {
      throw .unreadable(
        path: url.path,
        reason: "it is a Git LFS pointer, and not the file itself (run git lfs pull in its folder)")
    }
    return data
  }

  /// The outermost values of those files that there are.
  private static func places(_ files: [(Data?, String)]) throws(TokenizationError) -> [JSONPlace] {
    var places: [JSONPlace] = []
    for case (let data?, let name) in files { places.append(try JSONPlace(data, file: name)) }
    return places
  }
}
