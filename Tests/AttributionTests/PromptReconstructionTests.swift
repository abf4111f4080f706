import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// How well transcoders reconstruct the prompt that is traced, and what is said where they do not.
struct PromptReconstructionTests {
  @Test func `FVU and error norms of a prompt are those of a plain sum`() throws {
    let trace = try PromptTrace.trace(
      TraceRequest(prompt: "w3 w14 w15 w9 w26 w5"), with: try TinyModel.shared().open())
    let model = trace.result.model
    for (layer, tally) in trace.reconstruction.enumerated() {
      let positions = 1..<model.recording.positionCount
      let outputs = positions.map { model.recording.mlpOutput[layer].row($0).map(Double.init) }
      let errors = positions.map { model.errors[layer].row($0).map(Double.init) }
      let mean = (0..<outputs[0].count).map { i in outputs.reduce(0) { $0 + $1[i] } / Double(outputs.count) }
      func square(_ row: [Double]) -> Double { row.reduce(0) { $0 + $1 * $1 } }
      let variance = outputs.reduce(0) { $0 + square(zip($1, mean).map { $0 - $1 }) }
      let fvu = errors.reduce(0) { $0 + square($1) } / variance
      let share = zip(errors, outputs).reduce(0) { $0 + (square($1.0) / square($1.1)).squareRoot() }
      #expect(tally.rows == positions.count)
      #expect(abs(try #require(tally.unexplainedVariance) - fvu) < 1e-5 * fvu)
      #expect(abs(tally.errorNormShare - share / Double(positions.count)) < 1e-5)
      #expect(tally.active == model.activations.places(layer: layer).count)
    }
  }

  @Test func `a difference of answers states logits and log-probabilities, and a weight`() throws {
    var request = TraceRequest(prompt: "w3 w14 w15 w9")
    request.settings.targets = [.difference(7, 8), .difference(8, 7), .token(7)]
    let trace = try PromptTrace.trace(request, with: try TinyModel.shared().open())
    let (logits, probabilities) = (
      trace.result.model.recording.lastLogits, trace.result.model.nextTokenProbabilities()
    )
    let expected = Double(logits[7] - logits[8])
    let (there, back, single) = (trace.result.logits[0], trace.result.logits[1], trace.result.logits[2])
    #expect(abs(try #require(there.difference).logits - expected) < 1e-5)
    #expect(
      abs(try #require(there.difference).logProbabilities - log(probabilities[7] / probabilities[8])) < 1e-5)
    #expect(try #require(back.difference).logits == -(try #require(there.difference).logits))
    #expect(there.probability == nil && there.weight == probabilities[7] + probabilities[8])
    #expect(
      single.difference == nil && single.probability == probabilities[7] && single.weight == probabilities[7])
    #expect(single.logit == Double(logits[7]))
    let stated = NumberText.signed(try #require(there.difference).logits)
    // The graph, its file, and the folder say the same.
    let node = try #require(trace.pruning.graph.nodes.first { $0.difference != nil })
    #expect(node.probability == nil && node.label.contains("(p=n/a, logits \(stated))"))
    let folder = try TemporaryFolder()
    try trace.write(to: folder.url, model: try TinyModel.shared().open(), command: ["clew"])
    let whole = try AttributionGraph(traceFolder: folder.url)
    #expect(whole.nodes.suffix(3).map(\.difference) == trace.result.logits.map(\.difference))
    #expect(whole.nodes.suffix(3).map(\.probability) == [nil, nil, probabilities[7]])
    #expect(whole.rootWeights == trace.result.graph.rootWeights)
    let report = try String(contentsOf: folder.url("report.md"), encoding: .utf8)
    #expect(report.contains("| `w7 − w8` | logits \(stated), log-probabilities "))
  }

  @Test func `a feature that is traced states its activation`() throws {
    let model = try TinyModel.shared().open()
    let entry = try #require(
      try PromptTrace.trace(TraceRequest(prompt: "w3 w14 w15 w9"), with: model).result.model.activations
        .entries
        .last { $0.layer > 0 })
    var request = TraceRequest(prompt: "w3 w14 w15 w9")
    request.settings.targets = [.feature(entry.feature, position: entry.position)]
    let trace = try PromptTrace.trace(request, with: model)
    let target = try #require(trace.summary(folder: "x").object?["targets"]?.array?.first?.object)
    #expect(target["activation"]?.double == Double(entry.activation) && target["probability"] == nil)
    #expect(target["weight"] == 1)
  }

  /// Of each set of transcoders the FVU by layer on the prompt below, as `clew check` gives it, which reconstructs on its
  /// own.
  private static let measured: [(String, [Double])] = [
    ("reference/llama/clt_jumprelu", [6.7819, 1.8804, 1.7827, 1.5378, 1.2058]),
    ("transcoders/stories260K-clt", [0.0711, 0.1181, 0.1398, 0.1722, 0.1271]),
    ("transcoders/stories260K-plt", [0.0645, 0.1473, 0.1546, 0.2115, 0.1768]),
  ]

  @Test(
    .enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)), arguments: measured)
  func `transcoders of another model are noted, and the right ones are not`(
    transcoders: String, unexplained: [Double]
  ) throws {
    let model = try TracingModel(
      model: SharedFiles.url("models/stories260K"), transcoders: SharedFiles.url(transcoders))
    let trace = try PromptTrace.trace(
      TraceRequest(prompt: "Lily and Tom were friends. They played together. Lily and"), with: model)
    let isForeign = transcoders.contains("llama")
    #expect(trace.reconstruction.count == unexplained.count)
    for (tally, wanted) in zip(trace.reconstruction, unexplained) {
      #expect(abs(try #require(tally.unexplainedVariance) - wanted) < 1e-4)
    }
    #expect(trace.notes.count == (isForeign ? 2 : 0), "\(trace.notes)")
    #expect(
      trace.notes.contains { $0.contains("FVU of this prompt is over 1 in layers 0 to 4:") } == isForeign)
    #expect(trace.notes.contains { $0.contains("'llama'") && $0.contains("'stories260K'") } == isForeign)
    let folder = try TemporaryFolder()
    try trace.write(to: folder.url, model: model, command: ["clew"])
    let report = try String(contentsOf: folder.url("report.md"), encoding: .utf8)
    #expect(report.contains("- Note: the FVU of this prompt") == isForeign)
    let fit = try GraphReading(contentsOfFile: folder.url("graph.json").path).graph.metadata
      .extra["transcoder_fit"]?.object
    #expect(fit?["notes"]?.array?.count == trace.notes.count)
    #expect(fit?["fvu"]?.array?.compactMap(\.double) == trace.reconstruction.map(\.unexplainedVariance))
    #expect(trace.summary(folder: "x").object?["notes"]?.array?.count == trace.notes.count)
  }
}
