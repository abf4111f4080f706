internal import Tensors

/// The questions of the world.
public enum World {
  /// How many questions of the kinds that are drawn, not listed, ``questions(_:heldOut:)`` has.
  public static let sampleCount = 400
  private static let sampleSeed: UInt64 = 0x51  // "Q"

  /// Questions of a kind, to train on or held out: all of them, or ``sampleCount`` drawn with a fixed seed where
  /// there are too many to list. One-hop questions and opposites in one language are all trained on.
  public static func questions(_ kind: Question.Kind, heldOut: Bool) -> [Question] {
    switch kind {
    case .oneHop: return heldOut ? [] : oneHop
    case .twoHop: return heldOut ? heldOutTwoHop : trainedTwoHop
    case .opposites: return heldOut ? [] : opposites
    case .mixedOpposites: return heldOut ? heldOutMixedOpposites : trainedMixedOpposites
    case .givers, .years, .sums:
      var generator = SeededGenerator(seed: sampleSeed)
      var seen: Set<String> = []
      var questions: [Question] = []
      while questions.count < sampleCount {
        let question = draw(kind, heldOut: heldOut, &generator)
        if seen.insert(question.prompt).inserted { questions.append(question) }
      }
      return questions
    }
  }

  /// Draws a question of a kind.
  static func draw(
    _ kind: Question.Kind, heldOut: Bool, _ generator: inout SeededGenerator
  ) -> Question {
    switch kind {
    case .oneHop: return generator.pick(oneHop)
    case .twoHop: return generator.pick(heldOut ? heldOutTwoHop : trainedTwoHop)
    case .opposites: return generator.pick(opposites)
    case .mixedOpposites: return generator.pick(heldOut ? heldOutMixedOpposites : trainedMixedOpposites)
    case .givers: return drawGiver(heldOut: heldOut, &generator)
    case .years: return drawYears(heldOut: heldOut, &generator)
    case .sums: return drawSum(heldOut: heldOut, &generator)
    }
  }

  // MARK: Listed

  private static let oneHop = Place.all.flatMap(\.oneHopQuestions)
  private static let trainedTwoHop = TwoHop.all.filter { !$0.isHeldOut }.map(\.question)
  private static let heldOutTwoHop = TwoHop.all.filter(\.isHeldOut).map(\.question)

  private static let opposites: [Question] = Language.allCases.flatMap { language in
    Opposites.all.flatMap { opposites(of: $0, spelledIn: language, askedIn: language) }
  }

  /// A word that is spelled alike in the question's own language is asked there already.
  private static let mixedOpposites: [Question] = {
    let known = Set(opposites.map(\.prompt))
    var seen: Set<String> = []
    return Language.allCases.flatMap { asked in
      Language.allCases.filter { $0 != asked }.flatMap { spelled in
        Opposites.all.flatMap { opposites(of: $0, spelledIn: spelled, askedIn: asked) }
      }
    }.filter { !known.contains($0.prompt) && seen.insert($0.prompt).inserted }
  }()
  private static let trainedMixedOpposites = mixedOpposites.filter { !Split.holdsOut($0.prompt, oneIn: 8) }
  private static let heldOutMixedOpposites = mixedOpposites.filter { Split.holdsOut($0.prompt, oneIn: 8) }

  private static func opposites(
    of row: Opposites, spelledIn spelled: Language, askedIn asked: Language
  ) -> [Question] {
    zip(row[spelled], row[asked].reversed()).map { word, answer in
      Question(
        kind: spelled == asked ? .opposites : .mixedOpposites, prompt: asked.question(about: word),
        answer: " " + answer)
    }
  }

  // MARK: Drawn

  /// Held out is a tenth of the pairs of names.
  private static func drawGiver(heldOut: Bool, _ generator: inout SeededGenerator) -> Question {
    while true {
      let (giver, receiver) = (generator.pick(Givers.names), generator.pick(Givers.names))
      let isSwapped = generator.next() % 2 == 0
      let (place, thing) = (generator.pick(Givers.places), generator.pick(Givers.things))
      let pair = "\(min(giver, receiver)) and \(max(giver, receiver))"
      guard giver != receiver, Split.holdsOut(pair, oneIn: 10) == heldOut else { continue }
      let (first, second) = isSwapped ? (giver, receiver) : (receiver, giver)
      return Question(
        kind: .givers,
        prompt: "when \(first) and \(second) went to the \(place), \(giver) gave a \(thing) to",
        answer: " " + receiver)
    }
  }

  /// Held out is a tenth of the first years.
  private static func drawYears(heldOut: Bool, _ generator: inout SeededGenerator) -> Question {
    while true {
      let event = generator.pick(Years.events)
      let century = generator.pick(Range(Years.centuries))
      let first = generator.pick(2..<96)
      let second = generator.pick(first + 1..<100)
      guard Split.holdsOut("\(century)\(twoDigits(first))", oneIn: 10) == heldOut else { continue }
      return Question(
        kind: .years, prompt: "the \(event) lasted from \(century)\(twoDigits(first)) to \(century)",
        answer: twoDigits(second))
    }
  }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  /// Held out is a tenth of the pairs, in either order.
  private static func drawSum(heldOut: Bool, _ generator: inout SeededGenerator) -> Question {
    while true {
      let (a, b) = (generator.pick(10..<100), generator.pick(10..<100))
      guard Split.holdsOut("\(min(a, b)) + \(max(a, b))", oneIn: 10) == heldOut else { continue }
      return Question(kind: .sums, prompt: "calc \(a) + \(b) =", answer: " \(a + b)")
    }
  }
}
