/// Random numbers that are the same every time: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Texts out of parts that are hard on tokenizers: marks, joiners, unusual spaces, contractions, specials.
struct HardTexts {
  private static let parts = [
    "a", "the", "Lily", " ", "  ", "\n", "\r\n", "\t", "\u{A0}", "\u{3000}", "\u{2028}", "\u{85}", "\u{E9}",
    "e\u{301}", "ﬁ", "İ", "ſ", "'s", "'S", "'ſ", "'re", "'LL", "1", "12", "1234", "½", "Ⅷ", "٣", "漢字", "🇫🇷",
    "👩\u{200D}👩\u{200D}👧", "\u{301}", "नमस्ते", "ابجد\u{64B}", "Привет", "_", "-", "...", "$", "«",
    "!?", "x=1", "Ġ", "\0", "ǅ", "ß", "가", "\u{1D165}", "\u{FEFF}",
  ]

  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func next() -> String {
    let count = Int.random(in: 0...12, using: &generator)
    return (0..<count).map { _ in Self.parts.randomElement(using: &generator) ?? "" }.joined()
  }
}
