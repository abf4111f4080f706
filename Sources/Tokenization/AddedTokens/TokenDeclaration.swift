/// How a token that is found in the text itself is written, and how it is looked for.
struct TokenDeclaration: Sendable {
  /// How the token is written.
  let content: String
  /// Whether decoding may leave it out.
  var isSpecial: Bool
  /// Whether it is looked for in the normalized text, itself normalized, instead of the text as given.
  let isNormalized: Bool
  /// Whether it takes the whitespace before it along.
  var stripsLeft = false
  /// Whether it takes the whitespace after it along.
  var stripsRight = false
  /// Whether it counts only where no letter touches it.
  var isSingleWord = false

  /// A token of which nothing else is said.
  init(_ content: String, isSpecial: Bool) {
    self.content = content
    self.isSpecial = isSpecial
    isNormalized = !isSpecial
  }

  /// Reads an object with a `content`.
  /// - Parameter isSpecial: What counts as `special`, whatever the object says; `nil` for what it says.
  init(_ place: JSONPlace, isSpecial: Bool? = nil) throws(TokenizationError) {
    content = try place.required("content").string()
    self.isSpecial = if let isSpecial { isSpecial } else { try place.flag("special", default: false) }
    isNormalized = try place.flag("normalized", default: !self.isSpecial)
    stripsLeft = try place.flag("lstrip", default: false)
    stripsRight = try place.flag("rstrip", default: false)
    isSingleWord = try place.flag("single_word", default: false)
  }
}
