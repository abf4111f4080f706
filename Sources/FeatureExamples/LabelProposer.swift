internal import Foundation
public import Tokenization

/// Proposes a first label for a feature from its top examples and the tokens it promotes.
///
/// It asks, in this order, what an interpretability researcher asks on seeing the examples: is it one token or one
/// phrase; does it, late in the model, make the model say one word; is it one of few words; does it follow or precede
/// the same words; do its texts share a word elsewhere; late in the model, what does it promote; and failing all that,
/// are its tokens of one kind? The answer depends on the examples and the promoted tokens alone.
public struct LabelProposer: Sendable {
  let texts: [String]
  let isCommon: [Bool]
  /// Which tokens go on with a word that an earlier one began, `[vocabulary]`.
  let continues: [Bool]
  let isSpecial: [Bool]
  /// What stands between two tokens: nothing where the vocabulary marks spaces.
  let separator: String
  let frequencies: [Int]
  let tokenCount: Int
  let layerCount: Int

  /// - Parameters:
  ///   - frequencies: How often each token was read, `[vocabulary]`.
  ///   - layerCount: The model's layers.
  public init(tokenizer: Tokenizer, frequencies: [Int], layerCount: Int) {
    let special = tokenizer.specialTokens
    let texts = frequencies.indices.map { tokenizer.text(of: Token($0)) }
    self.texts = texts
    self.frequencies = frequencies
    self.layerCount = layerCount
    let total = max(1, frequencies.reduce(0, +))
    tokenCount = total
    isSpecial = frequencies.indices.map { special.contains(Token($0)) }
    isCommon = texts.indices.map { place in
      let word = texts[place].trimmingCharacters(in: .whitespacesAndNewlines)
      return !word.contains { $0.isLetter || $0.isNumber } || frequencies[place] * 100 > total
        || Self.functionWords.contains(word.lowercased())
    }
    // A vocabulary that marks no spaces has one word a token.
    let marksSpaces = texts.contains { $0.count > 1 && $0.hasPrefix(" ") }
    separator = marksSpaces ? "" : " "
    continues = texts.map { marksSpaces && ($0.first?.isLetter ?? false) }
  }

  /// English words that say little by themselves.
  private static let functionWords: Set<String> = [
    "a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "with", "and", "or", "but", "is", "are",
    "was",
    "were", "be", "it", "he", "she", "they", "that", "this", "his", "her", "their", "as", "from", "had",
    "has", "have",
    "not", "so", "you", "i", "we", "him", "them", "its", "s", "t",
  ]

  /// The label, `nil` for a feature without examples.
  public func label(
    layer: Int, examples: [FeatureExample], promoted: PromotedTokens
  ) -> String? {
    let views = distinct(examples).map { ExampleView($0, self) }
    guard !views.isEmpty else { return nil }
    if views.count >= 3, let said = saidWord(layer, views, promoted, share: 0.7) { return said }
    let (token, tokenShare) = Self.mostCommon(views.map(\.word))
    if tokenShare >= 0.7 {
      let phrase = phrase(views)
      if phrase.count > token.count { return Self.quoted(phrase) }
      if !isUninformative(token) { return Self.quoted(token) }
    }
    if views.count >= 3, let said = saidWord(layer, views, promoted, share: 0.5) { return said }
    if let words = fewWords(views) { return words }
    if let beginning = beginning(views) { return beginning }
    if let context = neighbours(views) {
      return tokenShare >= 0.7 ? "\(Self.quoted(token)) \(context)" : context
    }
    if let topic = topic(views) { return tokenShare >= 0.7 ? "\(Self.quoted(token)) \(topic)" : topic }
    if tokenShare >= 0.7 { return Self.quoted(token) }
    // Late features of many tokens are better told by what they do than by the kind of their tokens.
    if layer * 2 >= layerCount, promoted.lead >= 4 { return "promotes " + promotedWords(promoted) }
    if let kind = kind(views) { return kind }
    return Self.ranked(views.map(\.word)).prefix(3).map { Self.quoted($0.text) }.joined(separator: ", ")
      + ", …"
  }

  /// Examples without those whose window has been seen.
  private func distinct(_ examples: [FeatureExample]) -> [FeatureExample] {
    var seen: Set<[Token]> = []
    return examples.filter { seen.insert($0.tokens).inserted }
  }

  static func quoted(_ text: String) -> String { "“\(text)”" }

  /// Texts by how often they occur, then by where they first do; spellings that differ in case count together, under
  /// the most frequent.
  static func ranked(_ texts: [String]) -> [(text: String, count: Int)] {
    var groups: [String: (first: Int, count: Int, spellings: [String: Int])] = [:]
    for (place, text) in texts.enumerated() where !text.isEmpty {
      var group = groups[text.lowercased()] ?? (place, 0, [:])
      group.count += 1
      group.spellings[text, default: 0] += 1
      groups[text.lowercased()] = group
    }
    return groups.values.sorted { ($1.count, $0.first) < ($0.count, $1.first) }.map { group in
      let best = group.spellings.max { ($0.value, $1.key) < ($1.value, $0.key) }
      return (best?.key ?? "", group.count)
    }
  }

  static func mostCommon(_ texts: [String]) -> (text: String, share: Double) {
    guard let first = ranked(texts).first else { return ("", 0) }
    return (first.text, Double(first.count) / Double(texts.count))
  }

  private func isUninformative(_ word: String) -> Bool {
    Self.functionWords.contains(word.lowercased()) || !word.contains { $0.isLetter || $0.isNumber }
  }

  /// The words ending at the active one that most examples share: “capital of”.
  private func phrase(_ views: [ExampleView]) -> String {
    var best = ""
    for length in 1...4 {
      let phrases = views.map { $0.phrase(length) }
      let (text, share) = Self.mostCommon(phrases)
      guard share >= 0.7 else { break }
      best = text
    }
    // A full stop in front is the end of another sentence.
    let words = best.drop { !$0.isLetter && !$0.isNumber }
    return words.isEmpty ? best : String(words)
  }

  /// `says “Austin”`, if what the feature promotes is what its examples go on with.
  private func saidWord(
    _ layer: Int, _ views: [ExampleView], _ promoted: PromotedTokens, share wanted: Double
  ) -> String? {
    guard layer * 2 >= layerCount, promoted.lead >= 3 else { return nil }
    let promotedTokens = Set(promoted.promoted.prefix(5).map(\.token))
    let followed = views.filter { $0.next.map(promotedTokens.contains) ?? false }
    guard Double(followed.count) >= wanted * Double(views.count) else { return nil }
    let words = Self.ranked(followed.map(\.nextWord)).filter { !$0.text.isEmpty }
    guard let first = words.first else { return nil }
    let covering = words.prefix(3).filter { $0.count * 5 >= first.count }
    guard covering.reduce(0, { $0 + $1.count }) * 2 >= followed.count else { return nil }
    return "says " + covering.map { Self.quoted($0.text) }.joined(separator: ", ")
  }

  private func promotedWords(_ promoted: PromotedTokens) -> String {
    var seen: Set<String> = []
    let words = promoted.promoted.map { texts[Int($0.token)].trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty && seen.insert($0.lowercased()).inserted }
    return words.prefix(3).map(Self.quoted).joined(separator: ", ")
  }

  /// `“Dallas”, “Houston”, “Plano”`, if so few words make up most examples.
  private func fewWords(_ views: [ExampleView]) -> String? {
    let words = Self.ranked(views.map(\.word)).prefix(3)
    guard words.count > 1, words.reduce(0, { $0 + $1.count }) * 10 >= views.count * 7 else { return nil }
    let chosen = words.filter { $0.count * 10 >= views.count }.map(\.text)
    return chosen.allSatisfy(isUninformative) ? nil : chosen.map(Self.quoted).joined(separator: ", ")
  }

  /// `“dr…”: “dropped”, “drove”`, if the words of most examples begin alike up to the active token's end.
  private func beginning(_ views: [ExampleView]) -> String? {
    let (start, share) = Self.mostCommon(views.map(\.wordSoFar))
    guard share >= 0.7, !start.isEmpty, start.allSatisfy(\.isLetter) else { return nil }
    let words = Self.ranked(views.filter { $0.wordSoFar.lowercased() == start.lowercased() }.map(\.word))
    guard words.count > 1 else { return nil }
    return Self.quoted(start + "…") + ": "
      + words.prefix(3).map { Self.quoted($0.text) }.joined(separator: ", ")
  }

  /// `after “capital of”` or `before “Smith”`, if most examples share the words there.
  private func neighbours(_ views: [ExampleView]) -> String? {
    var before = ""
    for length in 1...3 {
      let (text, share) = Self.mostCommon(views.map { $0.before(length) })
      guard share >= 0.6 else { break }
      before = text
    }
    if !before.isEmpty, before.contains(where: \.isLetter) { return "after \(Self.quoted(before))" }
    let (next, share) = Self.mostCommon(views.map(\.nextWord))
    if share >= 0.7, !isUninformative(next) { return "before \(Self.quoted(next))" }
    return before.isEmpty ? nil : "after \(Self.quoted(before))"
  }

  /// `with “Texas” before`, if the texts share a word that texts otherwise seldom have so near.
  private func topic(_ views: [ExampleView]) -> String? {
    guard views.count >= 4 else { return nil }
    var counts: [Token: Int] = [:]
    for view in views { for token in Set(view.context) { counts[token, default: 0] += 1 } }
    let best = counts.filter { token, count in
      let place = Int(token)
      guard !isCommon[place], !isSpecial[place], texts[place].count > 2, count * 10 >= views.count * 7 else {
        return false
      }
      let length = Double(views.reduce(0) { $0 + $1.context.count }) / Double(views.count)
      let expected = 1 - pow(1 - Double(frequencies[place]) / Double(tokenCount), length)
      return Double(count) >= 4 * expected * Double(views.count)
    }.max { ($0.value, $1.key) < ($1.value, $0.key) }
    return best.map { "with \(Self.quoted(texts[Int($0.key)].trimmingCharacters(in: .whitespaces))) before" }
  }

  /// What kind of tokens most examples have.
  private func kind(_ views: [ExampleView]) -> String? {
    let kinds: [(String, (ExampleView) -> Bool)] = [
      ("first word", { $0.example.position <= 1 }),
      ("numbers", { $0.word.contains(where: \.isNumber) && !$0.word.contains(where: \.isLetter) }),
      ("ends of sentences", { ".!?".contains($0.word) && !$0.word.isEmpty }),
      ("punctuation", { !$0.word.contains { $0.isLetter || $0.isNumber } }),
      ("inside words", { $0.isInsideWord }),
      ("capitalised words", { $0.word.first?.isUppercase ?? false }),
      ("past tense", { $0.word.count > 4 && $0.word.hasSuffix("ed") }),
      ("words in -ing", { $0.word.count > 4 && $0.word.hasSuffix("ing") }),
    ]
    for (name, holds) in kinds {
      let matching = views.filter(holds)
      guard matching.count * 5 >= views.count * 4 else { continue }
      let words = Self.ranked(matching.map(\.word)).prefix(3).map { Self.quoted($0.text) }
      return words.isEmpty ? name : "\(name): \(words.joined(separator: ", "))"
    }
    return nil
  }
}

/// An example as words.
struct ExampleView {
  let example: FeatureExample
  private let proposer: LabelProposer
  private let wordStart: Int

  init(_ example: FeatureExample, _ proposer: LabelProposer) {
    self.example = example
    self.proposer = proposer
    wordStart = proposer.start(ofWordAt: example.place, in: example.tokens)
  }

  private func text(_ range: Range<Int>) -> String {
    example.tokens[range].filter { !proposer.isSpecial[Int($0)] }.map { proposer.texts[Int($0)] }
      .joined(separator: proposer.separator)
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// The word that the active token stands in, to its end; a token that is white space or special as it is written.
  var word: String {
    let word = text(wordStart..<proposer.end(ofWordAt: example.place, in: example.tokens))
    if !word.isEmpty { return word }
    let own = proposer.texts[Int(example.tokens[example.place])]
    return own.replacing("\n", with: "↵").replacing(" ", with: "␣")
  }

  /// The word up to the active token's end.
  var wordSoFar: String { text(wordStart..<example.place + 1) }

  /// Whether the active token goes on with a word.
  var isInsideWord: Bool { wordStart < example.place }

  /// The active word with the words in front of it, so many in all; empty if there are not that many.
  func phrase(_ words: Int) -> String {
    let before = words > 1 ? self.before(words - 1) : ""
    if words > 1, before.isEmpty { return "" }
    return before.isEmpty
      ? word : text(start(words - 1)..<proposer.end(ofWordAt: example.place, in: example.tokens))
  }

  /// The words in front of the active one, so many; empty if there are not that many.
  func before(_ words: Int) -> String {
    let first = start(words)
    return first < 0 ? "" : text(first..<wordStart)
  }

  /// Where the word begins that stands so many in front of the active one; −1 if there is none.
  private func start(_ words: Int) -> Int {
    var first = wordStart
    for _ in 0..<words {
      guard first > 0, !proposer.isSpecial[Int(example.tokens[first - 1])] else { return -1 }
      first = proposer.start(ofWordAt: first - 1, in: example.tokens)
    }
    return first
  }

  /// The token behind the active one.
  var next: Token? {
    example.place + 1 < example.tokens.count ? example.tokens[example.place + 1] : nil
  }

  /// What comes behind the active token: the next word, or the rest of this one.
  var nextWord: String {
    let first = example.place + 1
    guard first < example.tokens.count else { return "" }
    return text(first..<proposer.end(ofWordAt: first, in: example.tokens))
  }

  /// The tokens in front of the active word.
  var context: ArraySlice<Token> { example.tokens[..<wordStart] }
}

extension LabelProposer {
  /// Where the word begins that holds a token.
  func start(ofWordAt place: Int, in tokens: [Token]) -> Int {
    var first = place
    while first > 0, continues[Int(tokens[first])], !isSpecial[Int(tokens[first - 1])],
      texts[Int(tokens[first - 1])].last?.isLetter ?? false
    { first -= 1 }
    return first
  }

  /// One past the last token of the word that holds a token.
  func end(ofWordAt place: Int, in tokens: [Token]) -> Int {
    var end = place + 1
    guard texts[Int(tokens[place])].last?.isLetter ?? false else { return end }
    while end < tokens.count, continues[Int(tokens[end])] { end += 1 }
    return end
  }
}
