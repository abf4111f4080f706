import Clew
import Foundation
import TestSupport
import Testing

/// Every number of the published tool's exhaustive graphs.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct ReferenceGraphTests {
  @Test(arguments: ReferenceCase.traces)
  func `active features and logit targets are the published tool's`(example: ReferenceCase) throws {
    let trace = try example.trace()
    let reference = try example.tensors("trace")
    let entries = trace.model.activations.entries
    let active = try reference.tensor("active_features").integers()
    #expect(entries.flatMap { [$0.layer, $0.position, $0.index] } == active)
    let activations = try reference.tensor("activation_values").floats()
    #expect(largestDifference(entries.map(\.activation), activations) < 1e-4)
    let preactivations = try reference.tensor("preactivation_values").floats()
    #expect(largestDifference(trace.model.preactivations, preactivations) < 1e-4)
    let targets = try reference.tensor("logit_target_ids").integers()
    #expect(trace.logits.map { Int($0.token) } == targets)
    let probabilities = try reference.tensor("logit_probabilities").floats()
    #expect(largestDifference(trace.logits.map { Float($0.probability ?? .nan) }, probabilities) < 1e-5)
    let logits = try reference.tensor("last_logits").floats()
    #expect(largestDifference(trace.model.recording.lastLogits, logits) < 1e-4)
    let norms = try reference.tensor("error_vector_norms").floats()
    let ours = trace.model.errors.flatMap { errors in
      (0..<errors.rows).map { row in errors[row].reduce(0) { $0 + $1 * $1 }.squareRoot() }
    }
    #expect(largestDifference(ours, norms) < 1e-4)
  }

  @Test(arguments: ReferenceCase.traces)
  func `every row of direct effects is the published tool's`(example: ReferenceCase) throws {
    let trace = try example.trace()
    let count = trace.layout.nodeCount
    let expected = try example.tensors("trace").tensor("adjacency_matrix").floats()
    let actual = trace.graph.denseAdjacency()
    try #require(expected.count == count * count)
    var worst = 0.0
    for target in 0..<count {
      let row = expected[target * count..<(target + 1) * count]
      let scale = row.reduce(Float(0)) { max($0, abs($1)) }
      let gap = largestDifference(actual[target * count..<(target + 1) * count], row)
      worst = max(worst, scale > 0 ? gap / Double(scale) : gap)
    }
    #expect(worst < 1e-4)
    #expect(trace.largestIdentityGap < 1e-4)
    #expect(trace.coverage == 1)
  }

  @Test(arguments: ReferenceCase.traces)
  func `scores and pruning masks are the published tool's`(example: ReferenceCase) throws {
    let trace = try example.trace()
    let json = try example.json("trace")
    let scores = trace.graph.scores()
    #expect(abs(scores.replacement - (json["replacement_score"] as? Double ?? -1)) < 1e-4)
    #expect(abs(scores.completeness - (json["completeness_score"] as? Double ?? -1)) < 1e-4)
    let reference = try example.tensors("trace")
    let pruning = try trace.graph.pruned(nodeShare: 0.8, edgeShare: 0.98)
    let nodeMask = try reference.tensor("node_mask").integers().map { $0 != 0 }
    let differing = nodeMask.indices.filter { nodeMask[$0] != pruning.nodeMask[$0] }
    #expect(differing.isEmpty, "\(example.testDescription): nodes \(differing)")
    let edgeMask = try reference.tensor("edge_mask").integers()
    let count = trace.layout.nodeCount
    var actual = [Int](repeating: 0, count: count * count)
    for (target, sources) in pruning.keptSources.enumerated() {
      for source in sources { actual[target * count + Int(source)] = 1 }
    }
    let differingEdges = actual.indices.filter { actual[$0] != edgeMask[$0] }
    #expect(
      differingEdges.isEmpty,
      "\(example.testDescription): edges \(differingEdges.map { ($0 / count, $0 % count) })")
  }
}
