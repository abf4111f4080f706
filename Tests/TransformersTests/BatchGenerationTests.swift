import Clew
import Testing
import TinyModels

struct BatchGenerationTests {
  @Test func `texts written side by side are those written alone`() throws {
    let model = try Transformer(folder: TinyModel.shared().model)
    let samplings = (0..<5).map { Sampling(temperature: 1.2, topP: $0 == 4 ? 0.9 : 1, seed: 40 + $0) }
    let stops: Set<Token> = [3, 17]
    let together = try model.generate(from: 0, count: 15, samplings: samplings, stops: stops)
    let alone = try samplings.map { try model.generate(after: [0], count: 15, sampling: $0, stops: stops) }
    #expect(together == alone)
    #expect(Set(together.map(\.count)).count > 1, "some text should end before others: \(together)")
  }

  @Test func `an unknown opening is refused`() throws {
    let model = try Transformer(folder: TinyModel.shared().model)
    #expect(throws: TransformerError.self) {
      try model.generate(from: 40, count: 3, samplings: [.greedy], stops: [])
    }
  }
}
