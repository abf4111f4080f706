/// What is put around the tokens of a text, such as a BOS before them.
struct PostProcessor: Sendable {
  private enum Item: Sendable {
    case tokens([Token])
    case text

    var isText: Bool { if case .text = self { true } else { false } }
  }

  /// Applied one after another, each to the result of the one before.
  private var templates: [[Item]] = []

  private static let supported = ["TemplateProcessing", "ByteLevel", "Sequence"]

  /// Reads a `post_processor`; none adds nothing.
  ///
  /// - Parameter isToken: Whether the vocabulary has a token of this number.
  init(_ place: JSONPlace?, isToken: (Int) -> Bool) throws(TokenizationError) {
    guard let place else { return }
    let type = try place.type()
    switch type {
    case "ByteLevel": break  // It moves offsets only.
    case "TemplateProcessing": templates = [try Self.template(place, isToken: isToken)]
    case "Sequence":
      for item in try place.required("processors").items() {
        templates += try PostProcessor(item, isToken: isToken).templates
      }
    default: throw place.unsupported(type, supported: Self.supported)
    }
  }

  /// Reads how a single text is dressed; pairs of texts are not used.
  private static func template(
    _ place: JSONPlace, isToken: (Int) -> Bool
  ) throws(TokenizationError) -> [Item] {
    var template: [Item] = []
    for item in try place.required("single").items() {
      if let special = try item["SpecialToken"] {
        let name = try special.required("id").string()
        let entry = try place.required("special_tokens").required(name)
        var tokens: [Token] = []
        for id in try entry.required("ids").items() {
          let number = try id.integer()
          guard isToken(number) else {
            throw id.malformed("is \(number), which the vocabulary does not have")
          }
          tokens.append(Token(number))
        }
        template.append(.tokens(tokens))
      } else {
        let name = try item.required("Sequence").required("id")
        guard try name.string() == "A" else { throw name.malformed("must be 'A', the one text there is") }
        // Templates follow one another, and each would double the text again.
        guard !template.contains(where: \.isText) else {
          throw name.malformed(
            "stands in the template for the second time, and the text may stand there once")
        }
        template.append(.text)
      }
    }
    return template
  }

  /// The token that comes to stand first, if it is none of the text's.
  var opening: Token? {
    for template in templates.reversed() {
      for item in template {
        guard case .tokens(let tokens) = item else { break }
        if let first = tokens.first { return first }
      }
    }
    return nil
  }

  /// The tokens of a text with what belongs around them.
  func dressed(_ tokens: [Token]) -> [Token] {
    templates.reduce(tokens) { tokens, template in
      template.flatMap { item in
        switch item {
        case .tokens(let added): added
        case .text: tokens
        }
      }
    }
  }
}
