/// The alphabet of byte-level tokenizers: one printable letter for each byte, so that any text is a string of
/// letters without spaces.
///
/// Bytes that are printable in Latin-1 stand for themselves; the others, in order, are U+0100 upward. A space
/// is `Ġ`. Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
enum ByteLetters {
  /// The letter of each byte, `[byte]`.
  static let letters: [Unicode.Scalar] = {
    var next = 0x100 as UInt32
    return (0...255).map { (byte: UInt8) in
      if isPrintable(byte) { return Unicode.Scalar(byte) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? Unicode.Scalar(byte)
    }
  }()

  /// The byte of each letter, by code point; `nil` where a code point is no letter.
  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x144)
    for (byte, letter) in letters.enumerated() { bytes[Int(letter.value)] = UInt8(byte) }
    return bytes
  }()

  private static func isPrintable(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
  }

  /// The byte that a letter stands for.
  static func byte(of letter: Unicode.Scalar) -> UInt8? {
    letter.value < bytes.count ? bytes[Int(letter.value)] : nil
  }

  /// The letters of a text's UTF-8 bytes.
  static func letters(of text: some Sequence<Unicode.Scalar>) -> Scalars {
    var result = Scalars()
    for scalar in text {
      if scalar.isASCII {
        result.append(letters[Int(scalar.value)])
      } else {
        for byte in scalar.utf8 { result.append(letters[Int(byte)]) }
      }
    }
    return result
  }

  /// The bytes that letters stand for; a text with any other scalar in it stands for its own UTF-8.
  static func bytes(of letters: Scalars) -> [UInt8] {
    var result: [UInt8] = []
    for letter in letters {
      guard let byte = byte(of: letter) else { return letters.flatMap { Array($0.utf8) } }
      result.append(byte)
    }
    return result
  }
}
