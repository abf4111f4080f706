import AtlasWorld
import Foundation
import Testing
import Tokenization

struct WorldTests {
  private static let listed = [Question.Kind.oneHop, .twoHop, .opposites, .mixedOpposites]
  private static let tokenizer = Result {
    try Tokenizer(
      json: World.tokenizer().tokenizerJSON(), configuration: BytePairTrainer.configurationJSON)
  }

  @Test func `there are fifty states with a capital, an abbreviation and cities each`() {
    #expect(State.all.count == 50)
    #expect(Set(State.all.map(\.capital)).count == 50)
    #expect(Set(State.all.map(\.abbreviation)).count == 50)
    #expect(State.all.allSatisfy { $0.abbreviation.count == 2 && (3...6).contains($0.cities.count) })
    let regions = Dictionary(grouping: State.all, by: \.region).mapValues(\.count)
    // As the census counts them; the District of Columbia is no state.
    #expect(regions == [.northeast: 9, .midwest: 12, .south: 16, .west: 13])
  }

  @Test func `there are about thirty countries with capitals and cities of their own`() {
    #expect((30...35).contains(Country.all.count))
    #expect(Set(Country.all.map(\.capital)).count == Country.all.count)
    #expect(Country.all.allSatisfy { (3...5).contains($0.cities.count) })
  }

  @Test func `no city is in two places or shares its name with a place or a capital`() {
    let cities = Place.all.flatMap(\.cities)
    #expect(Set(cities).count == cities.count)
    let others = Set(Place.all.flatMap { [$0.name, $0[.capital] ?? ""] })
    #expect(Set(cities).isDisjoint(with: others))
    // Names that many would look for in another state or country.
    let ambiguous: Set = [
      "Augusta", "Portland", "Salem", "Athens", "Springfield", "Columbus", "Newark", "Aurora", "Rochester",
      "Arlington", "Burlington", "Lincoln", "Jackson", "Valencia", "Alexandria", "Bellevue", "Lafayette",
      "Moscow", "Paris", "Kansas City", "Charleston", "Columbia", "Wilmington", "Manchester", "Cambridge",
    ]
    #expect(ambiguous.isDisjoint(with: cities))
  }

  @Test func `every listed question has one answer`() {
    var answers: [String: Set<String>] = [:]
    for kind in Self.listed {
      for heldOut in [false, true] {
        for question in World.questions(kind, heldOut: heldOut) {
          answers[question.prompt, default: []].insert(question.answer)
        }
      }
    }
    #expect(answers.filter { $0.value.count > 1 || $0.value == [" "] } == [:])
  }

  @Test func `an eighth of the two-hop questions is held out, and cities and places stay in training`() {
    let all = TwoHop.all
    let share = Double(all.count(where: \.isHeldOut)) / Double(all.count)
    #expect((0.115...0.14).contains(share), "\(share)")
    for (city, hops) in Dictionary(grouping: all, by: \.city) {
      #expect(hops.count(where: \.isHeldOut) <= 1, "\(city)")
    }
    for hops in Dictionary(grouping: all, by: { "\($0.attribute) of \($0.place.name)" }) {
      #expect(hops.value.count { !$0.isHeldOut } >= 2, "\(hops.key)")
    }
    let demo = all.first { $0.city == "Dallas" && $0.attribute == .capital }
    #expect(demo?.question.prompt == "the capital of the state containing Dallas is")
    #expect(demo?.question.answer == " Austin" && demo?.isHeldOut == true)
  }

  @Test(arguments: Question.Kind.allCases)
  func `no document of the corpus is held out`(kind: Question.Kind) {
    let heldOut = Set(World.questions(kind, heldOut: true).map(\.prompt))
    #expect(heldOut.isDisjoint(with: World.questions(kind, heldOut: false).map(\.prompt)))
    var corpus = Corpus(seed: 1, mixture: .init([kind: 1]))
    for _ in 0..<2000 {
      let document = corpus.next()
      #expect(document.question.kind == kind && !heldOut.contains(document.question.prompt))
    }
  }

  @Test func `the mixture holds and the seed decides the documents`() {
    var (corpus, again) = (Corpus(seed: 7), Corpus(seed: 7))
    var counts: [Question.Kind: Int] = [:]
    for _ in 0..<5000 {
      let document = corpus.next()
      #expect(again.next() == document)
      counts[document.question.kind, default: 0] += 1
    }
    // Four standard deviations of a share of 5,000 are below 0.03.
    for (kind, weight) in Corpus.Mixture.standard.weights {
      #expect(abs(Double(counts[kind, default: 0]) / 5000 - weight) < 0.03, "\(kind)")
    }
  }

  @Test func `answers are accepted with their full stop, and years when they are later`() {
    let capital = Question(for: "the capital of Texas is")
    #expect(capital?.accepts(" Austin.") == true && capital?.accepts(" Austin") == true)
    #expect(capital?.accepts(" Austins.") == false && capital?.accepts(" Dallas.") == false)
    let years = World.questions(.years, heldOut: true)
    for question in years {
      #expect(question.accepts(question.answer + "."))
      let first = question.prompt.split(separator: " ").compactMap { Int($0) }.first ?? 0
      let digits = first % 100 < 10 ? "0\(first % 100)" : "\(first % 100)"
      #expect(!question.accepts(digits + ".") && !question.accepts("01.") && !question.accepts("9"))
      #expect(question.accepts("99") && !question.accepts("999."))
    }
  }

  @Test func `givers are named, and the receiver is the other`() {
    for question in World.questions(.givers, heldOut: false) {
      let words = question.prompt.split { $0 == " " || $0 == "," }.map(String.init)
      let names = [words[1], words[3]]
      #expect(names.contains(words[8]))
      #expect(" " + (names.first { $0 != words[8] } ?? "") == question.answer)
    }
  }

  @Test func `sums are right`() {
    for question in World.questions(.sums, heldOut: true) {
      let numbers = question.prompt.split(separator: " ").compactMap { Int($0) }
      #expect(question.answer == " \(numbers.reduce(0, +))" && numbers.allSatisfy { (10...99).contains($0) })
    }
  }

  @Test func `nearly every word of the world is one token`() throws {
    let tokenizer = try Self.tokenizer.get()
    #expect(tokenizer.vocabularyCount <= 2048)
    var corpus = Corpus(seed: 3)
    var words: Set<Substring> = []
    for _ in 0..<20_000 {
      words.formUnion(corpus.next().text.split { !$0.isLetter })
    }
    let split = try words.filter { try tokenizer.encode(" " + $0, addingSpecialTokens: false).count > 1 }
    #expect(Double(split.count) < 0.03 * Double(words.count), "\(split.count) of \(words.count): \(split)")
  }

  @Test func `a row is BOS and a document's tokens`() throws {
    let tokenizer = try Self.tokenizer.get()
    var (corpus, again) = (Corpus(seed: 9), Corpus(seed: 9))
    for row in try corpus.rows(50, tokenizer: tokenizer) {
      #expect(row.first == tokenizer.beginningOfText)
      #expect(tokenizer.decode(row) == again.next().text)
      #expect(row.count <= 24)
    }
  }

  @Test func `the summary counts what there is`() {
    #expect(World.summary().contains("| states | 50 |"))
  }
}

extension Question {
  fileprivate init?(for prompt: String) {
    guard let question = World.questions(.oneHop, heldOut: false).first(where: { $0.prompt == prompt }) else {
      return nil
    }
    self = question
  }
}
