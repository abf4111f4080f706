internal import Clew
internal import Foundation

/// What `clew trace` prints for people.
enum TraceText {
  static func text(_ trace: PromptTrace, folder: String) -> String {
    let (result, pruning) = (trace.result, trace.pruning)
    let tokens = trace.prompt.texts.map { "[\(Terminal.visible($0))]" }.joined()
    let roots = result.graph.nodes.indices.filter { result.graph.rootWeights[$0] > 0 }
    let answers = roots.map { place -> String in
      guard place >= result.layout.logits.lowerBound else { return "feature \(result.graph.nodes[place].id)" }
      let logit = result.logits[place - result.layout.logits.lowerBound]
      return "\(Terminal.visible(logit.text)) \(percent(logit.probability))"
    }
    let seconds = trace.phases.map { phase in
      // What the products reach, where it took long enough to say.
      let rate =
        phase.name == "attribution" && phase.wallSeconds > 1 ? result.operations / phase.wallSeconds : 0
      return "\(phase.name) \(String(format: "%.2f", phase.wallSeconds))"
        + (rate > 0 ? String(format: " (%.0f GFLOP/s)", rate / 1e9) : "")
    }
    var lines = [
      ("tokens", tokens),
      (result.logits.isEmpty ? "targets" : "answers", answers.joined(separator: ", ")),
      (
        "nodes",
        "\(result.graph.nodes.count), after pruning \(pruning.graph.nodes.count) "
          + "(\(percent(pruning.keptInfluence)) of influence)"
      ),
      (
        "edges",
        "\(result.graph.effects.nonzeroCount), after pruning \(pruning.graph.effects.nonzeroCount)"
      ),
      (
        "scores",
        "replacement \(score(trace.scores.replacement, trace.scores.replacementBounds)), "
          + "completeness \(score(trace.scores.completeness, trace.scores.completenessBounds))"
      ),
      (
        "coverage",
        "\(percent(result.coverage)) of the influence followed, rows of \(result.rowsComputed) of "
          + "\(result.rowsPossible) features computed"
      ),
      ("seconds", seconds.joined(separator: ", ")),
      ("memory", memory(result)),
      ("result", "\(folder) (report.md says what the figure leaves out)"),
    ]
    if trace.prompt.tokens.count == 1 {
      lines.append(("note", "the prompt is position 0 alone, which has no features; trace a longer one"))
    } else if result.rowsPossible == 0 {
      lines.append(
        ("note", "no feature is active on this prompt; check that the transcoders were trained on this model")
      )
    }
    return lines.map { name, value in
      name.padding(toLength: 10, withPad: " ", startingAt: 0) + value + "\n"
    }.joined()
  }

  private static func memory(_ result: AttributionResult) -> String {
    let (plan, sizes) = (result.memory, result.batchSizes)
    let batches =
      sizes.lowerBound == sizes.upperBound
      ? "\(sizes.upperBound)" : "\(sizes.lowerBound) to \(sizes.upperBound)"
    return "\(ByteText.of(Memory.peak)) at most, limit \(ByteText.of(plan.limit)); kept: features "
      + "\(ByteText.of(plan.sources)), attention \(ByteText.of(plan.attention)), rows up to \(ByteText.of(plan.rows)); "
      + "batches of \(batches) rows"
  }

  private static func percent(_ value: Double) -> String { String(format: "%.1f %%", value * 100) }

  private static func score(_ value: Double, _ bounds: ClosedRange<Double>) -> String {
    let text = String(format: "%.4f", value)
    guard bounds.upperBound - bounds.lowerBound >= 5e-5 else { return text }
    return text + String(format: " (%.4f to %.4f)", bounds.lowerBound, bounds.upperBound)
  }
}
