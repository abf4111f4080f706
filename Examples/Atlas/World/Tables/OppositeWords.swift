/// Two words that are opposites of each other, in three languages.
public struct Opposites: Sendable {
  private let english: (String, String)
  private let french: (String, String)
  private let spanish: (String, String)

  init(_ english: (String, String), _ french: (String, String), _ spanish: (String, String)) {
    self.english = english
    self.french = french
    self.spanish = spanish
  }

  /// The two words in a language, in the same order in each.
  public subscript(language: Language) -> [String] {
    let words =
      switch language {
      case .english: english
      case .french: french
      case .spanish: spanish
      }
    return [words.0, words.1]
  }
}

/// A language in which opposites are asked.
public enum Language: String, CaseIterable, Sendable {
  case english
  case french
  case spanish

  /// Asks for the opposite of a word; of the same number of words in every language.
  public func question(about word: String) -> String {
    switch self {
    case .english: "the opposite of \(word) is"
    case .french: "le contraire de \(word) est"
    case .spanish: "lo contrario de \(word) es"
    }
  }
}
