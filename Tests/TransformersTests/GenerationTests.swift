import Clew
import Testing
import TinyModels

struct GenerationTests {
  private func model() throws -> Transformer { try Transformer(folder: TinyModel.shared().model) }

  @Test func `texts written side by side are those written alone`() throws {
    let model = try model()
    let stops: Set<Token> = [3, 17]
    let prompts: [[Token]] = [[0], [0, 5, 9], [0], [0, 2, 4, 6, 8, 10, 12], [0, 39]]
    let requests = prompts.enumerated().map { place, prompt in
      GenerationRequest(
        prompt, count: 15,
        sampling: Sampling(
          temperature: 1.2, topP: place == 4 ? 0.9 : 1, topK: place == 2 ? 12 : nil, seed: 40 + UInt64(place)),
        stops: stops)
    }
    var generation = try Generation(model, requests)
    let together = try generation.rest()
    let alone = try requests.map {
      try model.generate(after: $0.tokens, count: $0.count, sampling: $0.sampling, stops: stops)
    }
    #expect(together == alone)
    #expect(Set(together.map(\.count)).count > 1, "some text should end before others: \(together)")
    #expect(try generation.next() == nil)
  }

  @Test func `prompts of more rows than are run at once change nothing`() throws {
    let model = try model()
    let prompts = (0..<100).map { place in (0..<(place % 14) + 1).map { Token((place * 7 + $0 * 3) % 40) } }
    var generation = try Generation(model, prompts.map { GenerationRequest($0, count: 2) })
    let together = try generation.rest()
    for (prompt, tokens) in zip(prompts, together) {
      #expect(try tokens == model.generate(after: prompt, count: 2))
    }
  }

  @Test func `a token comes with what the model expected`() throws {
    let model = try model()
    var generation = try Generation(
      model, [GenerationRequest([0, 5, 9], count: 3), GenerationRequest([0], count: 3)])
    var texts: [[Token]] = [[0, 5, 9], [0]]
    while let tokens = try generation.next() {
      #expect(tokens.map(\.text) == [0, 1])
      for token in tokens {
        let text = texts[token.text]
        #expect(token.position == text.count - 1)
        let expected = try Distribution(logits: model.record(text).lastLogits[...], position: token.position)
        let distribution = try token.distribution()
        #expect(distribution.rank(of: Int(token.token)) == 1)
        #expect(
          abs(
            distribution.logProbability(of: Int(token.token)) - expected.logProbability(of: Int(token.token)))
            < 1e-4)
        texts[token.text].append(token.token)
      }
    }
  }

  @Test func `a change lives in the generation, and ends between two tokens`() throws {
    /// Adds to the logits of one token.
    struct Push: Intervention {
      let token: Int
      var strength: Float
      func edit(_ values: inout Matrix, at site: Site, rows: Rows) {
        guard site == .logits else { return }
        for row in 0..<values.rows { values.values[row * values.columns + token] += strength }
      }
    }
    let model = try model()
    let plain = try model.generate(after: [0, 5], count: 8)
    let token = try #require((0..<40).first { !plain.contains(Token($0)) })
    var generation = try Generation(
      model, [GenerationRequest([0, 5], count: 8)], changing: Push(token: token, strength: 1000))
    #expect(try generation.next()?[0].token == Token(token))
    #expect(try generation.next()?[0].token == Token(token))
    generation.change.strength = 0
    let pushed = [0, 5, Token(token), Token(token)]
    #expect(try generation.rest()[0] == model.generate(after: pushed, count: 6))
  }

  @Test func `a cache that is cut back goes on as if the rest had never been`() throws {
    let model = try model()
    var cache = KeyValueCache(for: model.configuration)
    _ = try model.run([0, 5, 9, 31, 7, 2], cache: &cache)
    cache.cut(to: 2)
    #expect(cache.count == 2)
    let logits = try model.run([11], cache: &cache).values
    var generation = try Generation(
      model, GenerationRequest([0, 5, 11], count: 6), logits: logits, cache: cache,
      changing: NoIntervention())
    #expect(try generation.rest()[0] == model.generate(after: [0, 5, 11], count: 6))
  }

  @Test func `only so many of the likeliest tokens are drawn from`() throws {
    let model = try model()
    let likeliest = try Distribution(logits: model.record([0, 5]).lastLogits[...], position: 1).likeliest(3)
    var drawn: Set<Int> = []
    for seed in 0..<200 as Range<UInt64> {
      let sampling = Sampling(temperature: 3, topK: 3, seed: seed)
      drawn.insert(Int(try model.generate(after: [0, 5], count: 1, sampling: sampling)[0]))
    }
    #expect(drawn == Set(likeliest))
    #expect(
      try model.generate(after: [0, 5], count: 5, sampling: Sampling(temperature: 3, topK: 1))
        == model.generate(after: [0, 5], count: 5))
  }

  @Test func `the end of the context ends a text, and no token is asked for in vain`() throws {
    let model = try model()
    let context = model.configuration.contextLength
    let prompt = (0..<context).map { Token($0) }
    #expect(try model.generate(after: prompt, count: 9).count == 1)
    #expect(try model.generate(after: Array(prompt.dropLast(3)), count: 9).count == 4)
    #expect(try model.generate(after: prompt, count: 0).isEmpty)
  }

  @Test(arguments: [[], [40], [-1], Array(repeating: 0, count: 17)] as [[Token]])
  func `a text that cannot be run is refused`(tokens: [Token]) throws {
    let model = try model()
    #expect(throws: TransformerError.self) {
      try Generation(model, [GenerationRequest([0], count: 3), GenerationRequest(tokens, count: 3)])
    }
  }
}
