/// What the files beside tokenizer.json say of special tokens: their names, and tokens that tokenizer.json does not have.
///
/// The rules are those of transformers 5. tokenizer_config.json with an `added_tokens_decoder` speaks for itself; without
/// one, special_tokens_map.json overrides it and added_tokens.json adds to it. Numbers in these files give the order alone: a
/// token that is known keeps its number, and a new one gets the next.
struct DeclaredTokens {
  /// The names that every tokenizer may have, in the order in which new tokens get their numbers.
  private static let usualNames = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// A special token and where it is named.
  private struct Named {
    let declaration: TokenDeclaration
    let place: JSONPlace
  }

  /// By key: `bos_token`, `image_token`.
  private var named: [String: Named] = [:]
  /// Keys beyond the usual ones, in order.
  private var otherNames: [String] = []
  /// Special tokens without a name of their own.
  private var extra: [Named] = []
  /// Other tokens to add, by the numbers that order them.
  private var listed: [Int: Named] = [:]
  /// Whether tokenizer_config.json lists tokens.
  private var hasDecoder = false

  /// - Parameters:
  ///   - configuration: The outermost value of tokenizer_config.json.
  ///   - map: That of special_tokens_map.json.
  ///   - list: That of added_tokens.json.
  init(configuration: JSONPlace?, map: JSONPlace?, list: JSONPlace?) throws(TokenizationError) {
    if let configuration { try take(configuration, isMap: false) }
    if let decoder = try configuration?["added_tokens_decoder"] {
      hasDecoder = true
      for (key, place) in try decoder.entries() {
        guard let number = Int(key) else {
          throw decoder.malformed("has the key '\(key)', which must be the number of a token")
        }
        listed[number] = Named(declaration: try TokenDeclaration(place), place: place)
      }
    } else {
      if let map { try take(map, isMap: true) }
      let special = Set(specialContents.map { Piece(text: $0) })
      for (content, place) in try list?.entries() ?? [] {
        let declaration = TokenDeclaration(content, isSpecial: special.contains(Piece(text: content)))
        let number = try place.integer()
        listed[number] = Named(declaration: declaration, place: place)
      }
    }
  }

  /// Reads the names of a file; later ones override earlier ones.
  private mutating func take(_ file: JSONPlace, isMap: Bool) throws(TokenizationError) {
    for name in Self.usualNames {
      if let place = try file[name] { named[name] = try Self.named(place, isMap: isMap) }
    }
    for (key, place) in try file.entries() where key.hasSuffix("_token") {
      guard !Self.usualNames.contains(key), case .string = place.value else { continue }
      try name(key, place, isMap: isMap)
    }
    let extras = try file["extra_special_tokens"]
    if let extras, case .object = extras.value {
      for (key, place) in try extras.entries() { try name(key, place, isMap: isMap) }
    }
    // Those of the newer name count where there are any, and the file that says so first.
    let additional = try file["additional_special_tokens"]
    for list in [extras, additional] where extra.isEmpty {
      guard let list, case .array = list.value else { continue }
      for item in try list.items() { extra.append(try Self.named(item, isMap: isMap)) }
    }
  }

  private mutating func name(_ key: String, _ place: JSONPlace, isMap: Bool) throws(TokenizationError) {
    if named.updateValue(try Self.named(place, isMap: isMap), forKey: key) == nil { otherNames.append(key) }
  }

  /// A piece, written as a string or as an object with its `content`.
  private static func named(_ place: JSONPlace, isMap: Bool) throws(TokenizationError) -> Named {
    if case .object = place.value {
      return Named(
        declaration: try TokenDeclaration(place, isSpecial: isMap ? true : nil), place: place)
    }
    return Named(declaration: TokenDeclaration(try place.string(), isSpecial: true), place: place)
  }

  private var allNamed: [Named] { (Self.usualNames + otherNames).compactMap { named[$0] } }

  /// How all special tokens are written that these files name.
  var specialContents: [String] { (allNamed + extra).map(\.declaration.content) }

  /// How the token of a name is written: `bos_token`.
  func content(of name: String) -> String? { named[name]?.declaration.content }

  /// How the tokens with a name are written, by name; those of a list without names are not among them.
  var contentsByName: [String: String] { named.mapValues(\.declaration.content) }

  /// Adds what is declared to the tokens of tokenizer.json.
  func add(to tokens: inout AddedTokens) throws(TokenizationError) {
    let names = Set(allNamed.map { Piece(text: $0.declaration.content) })
    func add(_ entry: Named) throws(TokenizationError) {
      var declaration = entry.declaration
      if names.contains(Piece(text: declaration.content)) { declaration.isSpecial = true }
      try tokens.add(declaration, at: entry.place)
    }
    for number in listed.keys.sorted() {
      guard let entry = listed[number] else { continue }
      // Where no decoder speaks for all, tokenizer.json says how its own tokens are looked for.
      if hasDecoder || tokens.token(of: entry.declaration.content) == nil { try add(entry) }
    }
    if !hasDecoder { for entry in allNamed { tokens.markSpecial(entry.declaration.content) } }
    for entry in allNamed + extra where tokens.token(of: entry.declaration.content) == nil { try add(entry) }
  }
}
