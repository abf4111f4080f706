/// A string of the vocabulary, compared by its UTF-8 bytes.
///
/// `String` takes a composed and a decomposed "é" for equal; vocabularies hold both, as different tokens.
struct Piece: Hashable, Sendable {
  let text: String

  static func == (left: Piece, right: Piece) -> Bool {
    let (left, right) = (left.text.utf8Span.span, right.text.utf8Span.span)
    guard left.count == right.count else { return false }
    for index in left.indices where left[index] != right[index] { return false }
    return true
  }

  func hash(into hasher: inout Hasher) {
    // Eight bytes at a time: feeding the hasher one byte costs as much as feeding it eight.
    let bytes = text.utf8Span.span
    var word = 0 as UInt64
    for index in bytes.indices {
      word = word << 8 | UInt64(bytes[index])
      if index % 8 == 7 {
        hasher.combine(word)
        word = 0
      }
    }
    hasher.combine(word ^ UInt64(bytes.count) << 56)
  }
}

/// The pieces of a model and their tokens.
struct Vocabulary: Sendable {
  /// No token may be this large: four million is far above any vocabulary.
  static let tokenLimit = 1 << 22

  private var tokens: [Piece: Token] = [:]
  private var pieces: [String?] = []

  /// One past the largest token.
  var count: Int { pieces.count }

  /// The token of a piece.
  func token(of piece: String) -> Token? { tokens[Piece(text: piece)] }

  /// The piece of a token.
  func piece(of token: Token) -> String? {
    pieces.indices.contains(Int(token)) ? pieces[Int(token)] : nil
  }

  /// The tokens of all pieces that are one scalar.
  var letters: [Unicode.Scalar: Token] {
    var letters: [Unicode.Scalar: Token] = [:]
    for (token, piece) in pieces.enumerated() {
      guard let piece, piece.utf8.count <= 4, let scalar = piece.unicodeScalars.first,
        piece.unicodeScalars.count == 1
      else { continue }
      letters[scalar] = Token(token)
    }
    return letters
  }

  /// Reads the `vocab` of a model: an object of pieces and tokens.
  init(_ place: JSONPlace) throws(TokenizationError) {
    let members = try place.members()
    // A short file must not make a long list: tokens of real vocabularies have few gaps.
    let limit = min(Self.tokenLimit, 65_536 + 16 * members.count)
    tokens.reserveCapacity(members.count)
    pieces.reserveCapacity(min(members.count, limit))
    for member in members {
      guard case .integer(let number) = member.value else {
        throw place.malformed("gives the piece '\(member.key)' \(member.value.kind) instead of a token")
      }
      guard (0..<limit).contains(number) else {
        throw place.malformed(
          "gives the piece '\(member.key)' the token \(number), outside 0 to \(limit - 1), of \(members.count) pieces"
        )
      }
      guard tokens.updateValue(Token(number), forKey: Piece(text: member.key)) == nil else {
        throw place.malformed("holds the piece '\(member.key)' twice")
      }
      while pieces.count <= number { pieces.append(nil) }
      if let other = pieces[number] {
        throw place.malformed("gives the token \(number) to both '\(other)' and '\(member.key)'")
      }
      pieces[number] = member.key
    }
  }
}
