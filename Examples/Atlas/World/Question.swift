/// A question with its answer, as Atlas reads and writes them.
public struct Question: Hashable, Sendable {
  /// What is asked.
  public enum Kind: String, CaseIterable, Sendable {
    /// One fact: the capital of a state, the state containing a city.
    case oneHop
    /// Two facts: the capital of the state containing a city.
    case twoHop
    /// The opposite of a word, in its own language.
    case opposites
    /// The opposite of a word in the language of the question, which is not the word's.
    case mixedOpposites
    /// Who is given something.
    case givers
    /// A year later than another.
    case years
    /// A sum of two numbers of two digits.
    case sums
  }

  public let kind: Kind
  /// What is asked, without a space at its end.
  public let prompt: String
  /// What follows the prompt, with the space before it where there is one. Of a later year this is one of several.
  public let answer: String

  public init(kind: Kind, prompt: String, answer: String) {
    self.kind = kind
    self.prompt = prompt
    self.answer = answer
  }

  /// Whether a completion answers the question.
  /// - Parameter completion: What follows the prompt; more may follow the answer.
  public func accepts(_ completion: String) -> Bool {
    guard kind == .years else { return completion.hasPrefix(answer + ".") || completion == answer }
    // The prompt holds the first year and the century of the second.
    let digits = completion.prefix(2)
    let first = prompt.split(separator: " ").compactMap { Int($0) }.first ?? 0
    guard digits.count == 2, digits.allSatisfy(\.isNumber), let second = Int(digits) else { return false }
    return second > first % 100 && completion.dropFirst(2).first?.isNumber != true
  }

  /// The document that asks and answers the question.
  public var document: Document { Document(question: self) }
}

/// A text that Atlas learns from.
public struct Document: Hashable, Sendable {
  public let question: Question

  /// The question, the answer and a full stop.
  public var text: String { question.prompt + question.answer + "." }
}
