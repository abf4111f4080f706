/// A model that starts from single letters and joins pairs of pieces, the most frequent first.
///
/// Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units". The letters are
/// ``ByteLetters`` in byte-level tokenizers and scalars in SentencePiece-style ones, where a scalar without a
/// piece falls back to its bytes or to the unknown token. A model without merges is a vocabulary of letters.
struct BytePairModel: Sendable {
  let vocabulary: Vocabulary
  /// The tokens that words start from.
  let letters: [Unicode.Scalar: Token]
  /// What becomes of a pair of neighbours.
  let merges: [Pair: Merge]
  /// The token of letters that are in no piece.
  let unknown: Token?
  /// Whether neighbouring unknown letters share one token.
  let fusesUnknown: Bool
  /// Whether a word that is a piece is taken whole, whatever the merges say.
  let takesWholeWords: Bool
  /// The tokens of `<0x00>` to `<0xFF>`, or none where the model does not fall back to bytes.
  let byteTokens: [Token?]

  /// Two tokens that stand side by side.
  struct Pair: Hashable, Sendable {
    private let key: UInt64

    init(left: Token, right: Token) {
      key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
  }

  /// The token that a pair becomes, and when: lower ranks go first.
  struct Merge: Sendable {
    let rank: UInt32
    let token: Token
  }

  /// Reads a `model`. Dropout, which some files keep from training, is not applied.
  init(_ place: JSONPlace) throws(TokenizationError) {
    vocabulary = try Vocabulary(place.required("vocab"))
    letters = vocabulary.letters
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      guard let affix = try place[key], try !affix.string().isEmpty else { continue }
      throw affix.unsupported(try affix.string(), supported: ["null", "an empty string"])
    }
    merges = try Self.merges(place.required("merges"), vocabulary: vocabulary)
    unknown = try place["unk_token"].flatMap { [vocabulary] (name) throws(TokenizationError) in
      vocabulary.token(of: try name.string())
    }
    fusesUnknown = try place.flag("fuse_unk", default: false)
    takesWholeWords = try place.flag("ignore_merges", default: false)
    let fallsBack = try place.flag("byte_fallback", default: false)
    byteTokens = (0...255).map { [vocabulary] (byte: UInt8) in
      let digits = String(byte, radix: 16, uppercase: true)
      return fallsBack ? vocabulary.token(of: "<0x\(byte < 16 ? "0" : "")\(digits)>") : nil
    }
  }

  /// Reads the `merges`, in the order of their ranks: strings such as "t h", or pairs.
  private static func merges(
    _ place: JSONPlace, vocabulary: Vocabulary
  ) throws(TokenizationError) -> [Pair: Merge] {
    let items = try place.rawItems()
    var merges: [Pair: Merge] = [:]
    merges.reserveCapacity(items.count)
    for (rank, item) in items.enumerated() {
      if case .string(let text) = item, text.hasPrefix("#version") { continue }
      guard let (left, right) = pieces(of: item) else {
        throw place.malformed(
          "has an item \(rank) that is neither two pieces with a space between nor a pair")
      }
      func token(of piece: String) throws(TokenizationError) -> Token {
        guard let token = vocabulary.token(of: piece) else {
          throw place.malformed(
            "joins '\(left)' and '\(right)' at \(rank), but '\(piece)' is not in the vocabulary")
        }
        return token
      }
      let pair = Pair(left: try token(of: left), right: try token(of: right))
      merges[pair] = Merge(rank: UInt32(rank), token: try token(of: left + right))
    }
    return merges
  }

  private static func pieces(of merge: JSONValue) -> (String, String)? {
    switch merge {
    case .string(let text):
      let bytes = text.utf8
      guard let space = bytes.firstIndex(of: 0x20) else { return nil }
      let right = text[bytes.index(after: space)...]
      return right.utf8.contains(0x20) ? nil : (String(text[..<space]), String(right))
    case .array(let pair):
      guard pair.count == 2, case .string(let left) = pair[0], case .string(let right) = pair[1] else {
        return nil
      }
      return (left, right)
    default: return nil
    }
  }
}
