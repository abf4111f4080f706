public import Tokenization

/// A word that several tokens spell, such as `Austin` with and without a space before it: the likeliest is meant.
public struct TokenChoice: Hashable, Sendable {
  /// The word as it was written.
  public let text: String
  /// The tokens that spell it, at least one.
  public let tokens: [Token]

  /// - Returns: `nil` without tokens.
  public init?(text: String, tokens: [Token]) {
    guard !tokens.isEmpty else { return nil }
    (self.text, self.tokens) = (text, tokens)
  }

  /// The likeliest of them, and of equals the first.
  /// - Parameter probabilities: Those of the next token, `[vocabulary]`; a token that has none is least likely.
  func likeliest(_ probabilities: [Double]) -> Token {
    func probability(_ token: Token) -> Double {
      probabilities.indices.contains(Int(token)) ? probabilities[Int(token)] : -1
    }
    return tokens.dropFirst().reduce(tokens[0]) { probability($1) > probability($0) ? $1 : $0 }
  }
}

/// A word among the targets that several tokens spell, and the one that was taken.
public struct ResolvedChoice: Equatable, Sendable {
  public let choice: TokenChoice
  /// The likeliest.
  public let taken: Token
  /// What each of the choice's tokens shows, and its probability, in their order.
  public let candidates: [(text: String, probability: Double)]

  public static func == (one: Self, other: Self) -> Bool {
    one.choice == other.choice && one.taken == other.taken
      && one.candidates.elementsEqual(other.candidates, by: ==)
  }
}

extension AttributionTarget {
  /// The target with every word replaced by its likeliest token.
  func resolved(_ probabilities: [Double]) -> AttributionTarget {
    switch self {
    case .word(let word): .token(word.likeliest(probabilities))
    case .wordDifference(let first, let second):
      .difference(first.likeliest(probabilities), second.likeliest(probabilities))
    case .token, .difference, .feature: self
    }
  }

  /// The words among which a token is to be taken.
  var choices: [TokenChoice] {
    switch self {
    case .word(let word): [word]
    case .wordDifference(let first, let second): [first, second].filter { $0.tokens.count > 1 }
    case .token, .difference, .feature: []
    }
  }
}
