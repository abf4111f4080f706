/// Text as the fonts of a PDF have it: runs of one font, or of what no font has.
enum PDFText {
  enum Run {
    case helvetica([UInt8]), symbol([UInt8])
    /// Characters without a glyph, each as wide as ``TextMetrics`` takes it to be.
    case missing(String)

    /// The operators that show the run.
    func operators(size: String) -> String {
      switch self {
      case .helvetica(let bytes): "/H \(size) Tf \(PDFText.literal(bytes)) Tj\n"
      case .symbol(let bytes): "/S \(size) Tf \(PDFText.literal(bytes)) Tj\n"
      case .missing(let text):
        "/Span << /ActualText \(PDFText.unicode(text)) >> BDC /S \(size) Tf "
          + "\(PDFText.literal(text.map { _ in 0xF0 })) Tj EMC\n"
      }
    }
  }

  static func runs(of line: String) -> [Run] {
    var runs: [Run] = []
    for character in line {
      let glyph = glyph(of: character)
      switch (runs.last, glyph) {
      case (.helvetica(let bytes), .helvetica(let more)): runs[runs.count - 1] = .helvetica(bytes + more)
      case (.symbol(let bytes), .symbol(let more)): runs[runs.count - 1] = .symbol(bytes + more)
      case (.missing(let text), .missing(let more)): runs[runs.count - 1] = .missing(text + more)
      default: runs.append(glyph)
      }
    }
    return runs
  }

  /// How many characters of a line have no glyph.
  static func missingCount(in line: String) -> Int {
    runs(of: line).reduce(0) { if case .missing(let text) = $1 { $0 + text.count } else { $0 } }
  }

  private static func glyph(of character: Character) -> Run {
    // Letters with separate accents become those of Latin-1 where there are such.
    let scalars = Array(String(character).unicodeScalars)
    guard scalars.count == 1, let scalar = scalars.first else {
      let composed = latin.first { Character(Unicode.Scalar($0)) == character }
      return composed.map { .helvetica([$0]) } ?? .missing(String(character))
    }
    switch scalar.value {
    case 0x20...0x7E, 0xA0...0xFF: return .helvetica([UInt8(scalar.value)])
    default:
      if let byte = windows[scalar] { return .helvetica([byte]) }
      if let byte = symbols[scalar] { return .symbol([byte]) }
      return .missing(String(character))
    }
  }

  private static let latin: ClosedRange<UInt8> = 0xC0...0xFF

  /// What Windows' character set has above Latin-1.
  private static let windows: [Unicode.Scalar: UInt8] = [
    "€": 0x80, "‚": 0x82, "ƒ": 0x83, "„": 0x84, "…": 0x85, "†": 0x86, "‡": 0x87, "ˆ": 0x88, "‰": 0x89,
    "Š": 0x8A, "‹": 0x8B, "Œ": 0x8C, "Ž": 0x8E, "‘": 0x91, "’": 0x92, "“": 0x93, "”": 0x94, "•": 0x95,
    "–": 0x96, "—": 0x97, "˜": 0x98, "™": 0x99, "š": 0x9A, "›": 0x9B, "œ": 0x9C, "ž": 0x9E, "Ÿ": 0x9F,
    "⋯": 0x85, "␣": 0x5F,
  ]

  /// What the font Symbol has of the marks and letters that occur.
  private static let symbols: [Unicode.Scalar: UInt8] = [
    "↵": 0xBF, "→": 0xAE, "⇥": 0xAE, "←": 0xAC, "↑": 0xAD, "↓": 0xAF, "∅": 0xC6, "≤": 0xA3, "≥": 0xB3,
    "∞": 0xA5, "≠": 0xB9, "≈": 0xBB, "−": 0x2D, "∑": 0xE5, "√": 0xD6, "∂": 0xB6, "∈": 0xCE, "′": 0xA2,
    "Α": 0x41, "Β": 0x42, "Χ": 0x43, "Δ": 0x44, "Ε": 0x45, "Φ": 0x46, "Γ": 0x47, "Η": 0x48, "Ι": 0x49,
    "Κ": 0x4B, "Λ": 0x4C, "Μ": 0x4D, "Ν": 0x4E, "Ο": 0x4F, "Π": 0x50, "Θ": 0x51, "Ρ": 0x52, "Σ": 0x53,
    "Τ": 0x54, "Υ": 0x55, "Ω": 0x57, "Ξ": 0x58, "Ψ": 0x59, "Ζ": 0x5A, "α": 0x61, "β": 0x62, "χ": 0x63,
    "δ": 0x64, "ε": 0x65, "φ": 0x66, "γ": 0x67, "η": 0x68, "ι": 0x69, "κ": 0x6B, "λ": 0x6C, "μ": 0x6D,
    "ν": 0x6E, "ο": 0x6F, "π": 0x70, "θ": 0x71, "ρ": 0x72, "σ": 0x73, "ς": 0x56, "τ": 0x74, "υ": 0x75,
    "ω": 0x77, "ξ": 0x78, "ψ": 0x79, "ζ": 0x7A,
  ]

  /// Bytes in parentheses; what is not plain is written in octal digits.
  static func literal(_ bytes: [UInt8]) -> String {
    var text = "("
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\\"):
        text += "\\" + String(Character(Unicode.Scalar(byte)))
      case 0x20...0x7E: text.append(Character(Unicode.Scalar(byte)))
      default:
        let digits = String(byte, radix: 8)
        text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      }
    }
    return text + ")"
  }

  /// Any text, as UTF-16 in hexadecimal digits.
  static func unicode(_ text: String) -> String {
    var digits = "FEFF"
    for unit in text.utf16 {
      let number = String(unit, radix: 16, uppercase: true)
      digits += String(repeating: "0", count: 4 - number.count) + number
    }
    return "<\(digits)>"
  }
}
