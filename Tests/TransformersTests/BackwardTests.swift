import Clew
import Foundation
import TestSupport
import Testing

/// The full backward pass against finite differences, and training's bookkeeping.
@Suite struct BackwardTests {
  /// A model for each thing a family may have: gates, grouped keys, rotary or learned positions, biases, ties.
  struct Shape: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var norm = Norm.rootMeanSquare(epsilon: 1e-5)
    var activation = Activation.silu
    var keyValueHeads = 2
    var isRotary = true
    var isGated = true
    var hasBiases = false
    var ties = true

    static let all = [
      Shape(testDescription: "llama"),
      Shape(testDescription: "llama, grouped keys, untied", keyValueHeads: 1, ties: false),
      Shape(
        testDescription: "gpt2", norm: .layer(epsilon: 1e-5), activation: .geluTanh, isRotary: false,
        isGated: false, hasBiases: true),
      Shape(testDescription: "gated gelu", activation: .gelu),
    ]

    /// Random weights of a size that makes every part matter, so biases and gains are random too.
    var model: Transformer {
      let c = TransformerConfiguration(
        family: "llama", layerCount: 2, dModel: 12, headCount: 2, keyValueHeadCount: keyValueHeads, dHead: 6,
        dMLP: 20, vocabularyCount: 19, contextLength: 16, norm: norm, activation: activation,
        attention: [0.4, 0.5].map {
          AttentionRule(scale: $0, rotary: isRotary ? RotaryEmbedding(dHead: 6, base: 100) : nil)
        },
        tiesEmbeddings: ties)
      let start = Transformer(
        random: c, isGated: isGated, hasBiases: hasBiases, deviation: 0.4, seed: 5)
      var parameters = TransformerParameters(start)
      var generator = SeededGenerator(seed: 6)
      parameters.visit { list, kind in
        guard kind == .vector else { return }
        for i in list.indices { list[i] += Float(0.2 * generator.normal()) }
      }
      return parameters.model(c, folder: URL(filePath: "."))
    }
  }

  static let texts: [(text: [Token], weights: [Float])] = [
    ([0, 3, 7, 3, 11], [1, 0.5, 1, 2]), ([0, 18, 2], [0, 1]),
    ([0, 5, 6, 7, 8, 9, 10, 1], [1, 1, 1, 1, 1, 1, 1]),
    ([4], []),
  ]

  private func loss(_ model: Transformer, _ batch: TextBatch) -> Double {
    var tape = TransformerTape(for: model, capacity: batch.tokens.count)
    var nothing: TransformerParameters?
    return tape.crossEntropy(model, batch, scale: 1, gradient: &nothing)
  }

  @Test(arguments: Shape.all)
  func `the loss is the cross-entropy of the logits that a recording has`(shape: Shape) throws {
    let model = shape.model
    var expected = 0.0
    for (text, weights) in Self.texts where text.count > 1 {
      let logits = try model.record(text, logits: .all).logits
      for (position, weight) in weights.enumerated() {
        let row = logits.row(position).map { Double($0) }
        let total = row.reduce(0) { $0 + exp($1) }
        expected += Double(weight) * (log(total) - row[Int(text[position + 1])])
      }
    }
    #expect(abs(loss(model, TextBatch(Self.texts)) / expected - 1) < 1e-5)
  }

  @Test(arguments: Shape.all)
  func `the gradient of every list of numbers is what small changes of it show`(shape: Shape) {
    let model = shape.model
    let batch = TextBatch(Self.texts)
    let parameters = TransformerParameters(model)
    var gradient: TransformerParameters? = parameters.zeros
    var tape = TransformerTape(for: model, capacity: 40, longest: 8)
    _ = tape.crossEntropy(model, batch, scale: 1, gradient: &gradient)
    let lists = gradient?.lists ?? []
    var generator = SeededGenerator(seed: 7)
    var silent = 0
    for (place, list) in lists.enumerated() where !list.isEmpty {
      // Along a random direction, whose change of the loss is far above float32's rounding.
      let direction = list.map { _ in Float(generator.normal()) }
      let length = direction.reduce(0) { $0 + Double($1 * $1) }.squareRoot()
      let step = 4e-3 / Float(length)
      func moved(_ by: Float) -> Double {
        var changed = parameters
        var number = 0
        changed.visit { list, _ in
          if number == place { for i in list.indices { list[i] += by * direction[i] } }
          number += 1
        }
        return loss(changed.model(model.configuration, folder: model.folder), batch)
      }
      let measured = (moved(step) - moved(-step)) / Double(2 * step)
      let predicted = zip(list, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      let size = list.reduce(0) { $0 + Double($1 * $1) }.squareRoot() * length
      #expect(
        abs(measured - predicted) < 3e-3 * max(size, 0.3),
        "list \(place): \(measured) measured, \(predicted) predicted, of at most \(size)")
      if size < 1e-3 { silent += 1 }
    }
    // Only biases of keys have no gradient: they shift all scores of a reader alike.
    #expect(silent == (shape.hasBiases ? model.blocks.count : 0))
  }

  @Test func `the gradient at the embeddings is what a change of one token's row shows`() throws {
    let model = Shape.all[0].model
    let batch = TextBatch([([0, 3, 7, 12], [0, 0, 1])])
    var tape = TransformerTape(for: model, capacity: 4)
    var nothing: TransformerParameters?
    _ = tape.crossEntropy(model, batch, scale: 1, gradient: &nothing)
    let predicted = tape.embeddingGradient.row(2)
    // Token 7 occurs once, and nowhere as a prediction that counts: ties do not reach it but by the softmax.
    struct Nudge: Intervention {
      let by: [Float]
      mutating func edit(_ values: inout Matrix, at site: Site, rows: Rows) {
        if site == .embedding { values.add(by, toRow: 2) }
      }
    }
    for i in 0..<12 {
      func moved(_ step: Float) throws -> Double {
        var change = [Float](repeating: 0, count: 12)
        change[i] = step
        var nudge = Nudge(by: change)
        let logits = try model.record([0, 3, 7, 12], logits: .all, intervening: &nudge).logits.row(2)
        return log(logits.reduce(0) { $0 + exp(Double($1)) }) - Double(logits[12])
      }
      let measured = try (moved(4e-3) - moved(-4e-3)) / 8e-3
      #expect(abs(measured - Double(predicted[i])) < 2e-3)
    }
  }

  @Test func `a trained model has learnt its text, whatever the number of threads`() throws {
    defer { Parallel.threadCount = 1 }
    var results: [TransformerParameters] = []
    for threads in [1, 2] {
      Parallel.threadCount = threads
      var trainer = LanguageModelTrainer(Shape.all[0].model, longest: 8)
      var last = 0.0
      for _ in 0..<60 { last = try trainer.step(Self.texts, rate: 0.02).loss }
      #expect(last < 0.35)
      results.append(trainer.parameters)
    }
    #expect(results[0] == results[1])
  }

  @Test func `a loss that is not a number stops training and keeps the weights`() throws {
    var parameters = TransformerParameters(Shape.all[0].model)
    parameters.finalNorm.gain[0] = .nan
    let broken = parameters.model(Shape.all[0].model.configuration, folder: URL(filePath: "."))
    var trainer = LanguageModelTrainer(broken, longest: 8)
    #expect(throws: TransformerError.trainingDiverged(step: 1)) { try trainer.step(Self.texts, rate: 0.02) }
    #expect(trainer.parameters.embedding == parameters.embedding)
  }

  @Test func `a model that was written and read again says the same`() throws {
    let folder = try TemporaryFolder()
    let model = Shape.all[1].model
    let files = try FileBatch(folder: folder.url)
    try model.stage(in: files, type: .float32, rotaryBase: 100, beginningOfText: 0, endOfText: 0)
    try files.commit()
    var parameters = TransformerParameters(try Transformer(folder: folder.url))
    let expected = TransformerParameters(model)
    #expect(parameters.lists == expected.lists)
    parameters.embedding.values[0] += 1
    #expect(parameters.lists != expected.lists)
  }
}
