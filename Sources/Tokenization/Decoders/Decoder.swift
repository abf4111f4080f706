/// How the pieces of tokens become text again.
///
/// A decoder works on a list of pieces, as the `tokenizers` library does, because some steps look at a piece
/// alone and others at its neighbours.
indirect enum Decoder: Sendable {
  /// Pieces stand side by side with spaces between them: what a file without a decoder means.
  case spaced
  case sequence([Decoder])
  case replace(Pattern, with: Scalars)
  /// Pieces such as `<0xE2>` become bytes, and runs of them text.
  case byteFallback
  /// All pieces become one.
  case fuse
  /// Takes a scalar off the ends of every piece, up to `start` and `stop` times.
  case strip(Unicode.Scalar, start: Int, stop: Int)
  /// Reads ``ByteLetters``.
  case byteLevel
  case metaspace(Metaspace)

  /// The text of a row of pieces.
  func text(of pieces: [Scalars]) -> String {
    if case .spaced = self { return String(Scalars(pieces.joined(separator: [" "]))) }
    return String(Self.fused(decoded(pieces)))
  }

  /// The same decoder for one token that is shown alone: what the whole text loses at its beginning stays, so
  /// that a word keeps the space before it.
  var keepingEnds: Decoder {
    switch self {
    case .sequence(let steps): .sequence(steps.map(\.keepingEnds))
    case .strip: .sequence([])
    case .metaspace(let metaspace):
      .metaspace(Metaspace(sign: metaspace.sign, prepending: .never, splits: metaspace.splits))
    default: self
    }
  }

  /// How many times as long the steps may make a text.
  var growth: Int {
    switch self {
    case .sequence(let steps): steps.reduce(1) { min($0 * $1.growth, 1 << 30) }
    case .replace(let pattern, let content): min(pattern.growth(replacingWith: content.count), 1 << 30)
    default: 1
    }
  }

  private func decoded(_ pieces: [Scalars]) -> [Scalars] {
    switch self {
    case .spaced: pieces
    case .sequence(let steps): steps.reduce(pieces) { $1.decoded($0) }
    case .replace(let pattern, let content):
      // Reading the file has seen to it that the search ends, but for texts that take a gigabyte to search.
      pieces.map { $0.replacing((try? pattern.matches(in: $0[...])) ?? [], with: content) }
    case .byteFallback: Self.joiningBytes(pieces)
    case .fuse: [Self.fused(pieces)]
    case .strip(let scalar, let start, let stop):
      pieces.map { Self.stripped($0, of: scalar, start: start, stop: stop) }
    case .byteLevel:
      [Scalars(String(decoding: pieces.flatMap(ByteLetters.bytes(of:)), as: UTF8.self).unicodeScalars)]
    case .metaspace(let metaspace): Self.readingSpaces(pieces, metaspace)
    }
  }

  /// All pieces as one; `joined()` takes three times as long.
  private static func fused(_ pieces: [Scalars]) -> Scalars {
    if pieces.count == 1 { return pieces[0] }
    return pieces.reduce(into: Scalars()) { $0 += $1 }
  }

  /// The byte that a piece of byte fallback stands for: `<0x0A>` is a line feed.
  static func byte(of piece: Scalars) -> UInt8? {
    guard piece.count == 6, piece[0] == "<", piece[1] == "0", piece[2] == "x", piece[5] == ">" else {
      return nil
    }
    return UInt8(String(piece[3...4]), radix: 16)
  }

  private static func joiningBytes(_ pieces: [Scalars]) -> [Scalars] {
    var result: [Scalars] = []
    var bytes: [UInt8] = []
    func flush() {
      if bytes.isEmpty { return }
      if let text = String(validating: bytes, as: UTF8.self) {
        result.append(Scalars(text.unicodeScalars))
      } else {
        // Every byte of a run that is not UTF-8 shows, even those that would be valid alone.
        result += Array(repeating: ["\u{FFFD}"], count: bytes.count)
      }
      bytes = []
    }
    for piece in pieces {
      if let byte = byte(of: piece) {
        bytes.append(byte)
      } else {
        flush()
        result.append(piece)
      }
    }
    flush()
    return result
  }

  private static func stripped(_ piece: Scalars, of scalar: Unicode.Scalar, start: Int, stop: Int) -> Scalars
  {
    let leading = piece.prefix(start).prefix { $0 == scalar }.count
    let rest = piece.dropFirst(leading)
    return Scalars(rest.dropLast(rest.suffix(stop).reversed().prefix { $0 == scalar }.count))
  }

  private static func readingSpaces(_ pieces: [Scalars], _ metaspace: Metaspace) -> [Scalars] {
    pieces.enumerated().map { index, piece in
      // The signs of the first piece were put there, unless nothing ever is.
      let drops = index == 0 && metaspace.prepending != .never
      return piece.compactMap { $0 == metaspace.sign ? (drops ? nil : " ") : $0 }
    }
  }
}
