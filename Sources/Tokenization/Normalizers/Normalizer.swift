import Foundation

/// What happens to a text before it is split.
indirect enum Normalizer: Sendable {
  case sequence([Normalizer])
  /// Puts a text before any text that is not empty.
  case prepend(Scalars)
  /// Puts a text in the place of every match.
  case replace(Pattern, with: Scalars)
  case unicode(UnicodeForm)
  case lowercase
  /// Takes whitespace off the ends.
  case strip(left: Bool, right: Bool)
  /// Takes combining marks away.
  case stripAccents

  /// The normal form of a text.
  /// - Parameter limit: How many scalars it may have.
  /// - Throws: ``TokenizationError/tooLong(what:count:limit:)``, ``TokenizationError/tooCostly(what:count:)``.
  func normalized(_ text: Scalars, limit: Int) throws(TokenizationError) -> Scalars {
    let result: Scalars
    switch self {
    case .sequence(let normalizers):
      var sofar = text
      for normalizer in normalizers { sofar = try normalizer.normalized(sofar, limit: limit) }
      return sofar
    case .prepend(let prefix): result = text.isEmpty ? text : prefix + text
    case .replace(let pattern, let content):
      let matches = try pattern.matches(in: text[...])
      // Known before it is made.
      let growth = matches.count.multipliedReportingOverflow(by: content.count)
      guard !growth.overflow, growth.partialValue - text.count <= limit else { throw tooLong(text, limit) }
      result = text.replacing(matches, with: content)
    case .unicode(let form): result = form.normalized(text)
    case .lowercase: result = text.flatMap { $0.properties.lowercaseMapping.unicodeScalars }
    case .strip(let left, let right): result = Self.stripped(text, left: left, right: right)
    case .stripAccents: result = text.filter { !$0.isMark }
    }
    guard result.count <= limit else { throw tooLong(text, limit) }
    return result
  }

  private func tooLong(_ text: Scalars, _ limit: Int) -> TokenizationError {
    .tooLong(what: "the normalizer", count: text.count, limit: limit)
  }

  private static func stripped(_ text: Scalars, left: Bool, right: Bool) -> Scalars {
    var rest = text[...]
    if left { rest = rest.drop(while: ScalarSet.whitespace.contains) }
    while right, let last = rest.last, ScalarSet.whitespace.contains(last) { rest.removeLast() }
    return Scalars(rest)
  }
}

extension Scalars {
  /// The text with another in the place of every match.
  func replacing(_ matches: [Range<Int>], with content: Scalars) -> Scalars {
    if matches.isEmpty { return self }
    var result = Scalars()
    var done = startIndex
    for match in matches {
      result += self[done..<match.lowerBound]
      result += content
      done = match.upperBound
    }
    return result + self[done...]
  }
}

/// The normal forms of Unicode.
enum UnicodeForm: String, CaseIterable, Sendable {
  case nfc = "NFC"
  case nfd = "NFD"
  case nfkc = "NFKC"
  case nfkd = "NFKD"

  func normalized(_ text: Scalars) -> Scalars {
    if text.allSatisfy(\.isASCII) { return text }
    let string = self == .nfkc || self == .nfkd ? Self.compatible(text) : String(text)
    // Once more for the order of marks: Foundation's first pass takes U+0F73 and its like for letters.
    let decomposed = string.decomposedStringWithCanonicalMapping.decomposedStringWithCanonicalMapping
    return self == .nfc || self == .nfkc ? Self.composed(decomposed) : Scalars(decomposed.unicodeScalars)
  }

  /// The text with every letter and its marks in one scalar where there is one. Foundation takes the scalars just behind
  /// the Hangul letters that form syllables for such letters, so those, which join nothing, are kept out of its sight.
  private static func composed(_ decomposed: String) -> Scalars {
    var result = Scalars()
    var part = String.UnicodeScalarView()
    for scalar in decomposed.unicodeScalars {
      switch scalar {
      case "\u{1113}", "\u{1176}", "\u{11A7}", "\u{11C3}":
        result += String(part).precomposedStringWithCanonicalMapping.unicodeScalars
        result.append(scalar)
        part.removeAll()
      default: part.append(scalar)
      }
    }
    return result + String(part).precomposedStringWithCanonicalMapping.unicodeScalars
  }

  /// The text with every scalar in its compatible spelling. Foundation's own compatibility forms of a whole
  /// text leave some marks in the wrong order, so each scalar is mapped alone and the rest is canonical.
  private static func compatible(_ text: Scalars) -> String {
    var view = String.UnicodeScalarView()
    for scalar in text {
      if scalar.isASCII {
        view.append(scalar)
      } else {
        view.append(contentsOf: String(scalar).decomposedStringWithCompatibilityMapping.unicodeScalars)
      }
    }
    return String(view)
  }
}
