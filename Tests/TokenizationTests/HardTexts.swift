import Tensors

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
