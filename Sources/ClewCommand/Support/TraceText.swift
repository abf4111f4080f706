internal import Clew
internal import Foundation

/// What `clew trace` prints for people.
enum TraceText {
  static func text(_ trace: PromptTrace, folder: String) -> String {
    let result = trace.result
    let tokens = trace.prompt.visibleTexts.map { "[\(Terminal.visible($0))]" }.joined()
    let roots = result.graph.nodes.indices.filter { result.graph.rootWeights[$0] > 0 }
    let answers = roots.map { place -> String in
      guard place >= result.layout.logits.lowerBound else { return feature(result.graph.nodes[place]) }
      return answer(result.logits[place - result.layout.logits.lowerBound])
    }
    let seconds = trace.phases.map { phase in
      // What the products reach, where it took long enough to say.
      let rate =
        phase.name == "attribution" && phase.wallSeconds > 1 ? result.operations / phase.wallSeconds : 0
      return "\(phase.name) \(String(format: "%.2f", phase.wallSeconds))"
        + (rate > 0 ? String(format: " (%.0f GFLOP/s)", rate / 1e9) : "")
    }
    var lines: [(String, String)] = []
    lines.append(("tokens", tokens))
    lines.append((result.logits.isEmpty ? "targets" : "answers", answers.joined(separator: ", ")))
    lines += counts(trace)
    lines.append(
      (
        "left out",
        "\(Terminal.visible(trace.positionsWithoutFeaturesText)), without features or errors: what MLPs write there is "
          + "constant"
      ))
    lines += reconstruction(trace)
    lines.append(("seconds", seconds.joined(separator: ", ")))
    lines.append(("memory", memory(result)))
    lines.append(("result", "\(folder) (report.md says what the figure leaves out)"))
    lines += result.choices.map { ("note", note($0)) }
    lines += trace.notes.map { ("note", $0) }
    return lines.map { name, value in
      name.padding(toLength: 10, withPad: " ", startingAt: 0) + value + "\n"
    }.joined()
  }

  /// How large the graph is, and how far to trust it.
  private static func counts(_ trace: PromptTrace) -> [(String, String)] {
    let (result, pruning) = (trace.result, trace.pruning)
    let replacement = score(trace.scores.replacement, trace.scores.replacementBounds)
    let completeness = score(trace.scores.completeness, trace.scores.completenessBounds)
    return [
      (
        "nodes",
        "\(result.graph.nodes.count), after pruning \(pruning.graph.nodes.count) "
          + "(\(percent(pruning.keptInfluence)) of influence)"
      ),
      ("edges", "\(result.graph.effects.edgeCount), after pruning \(pruning.graph.effects.edgeCount)"),
      ("scores", "replacement \(replacement), completeness \(completeness)"),
      (
        "coverage",
        "\(percent(result.coverage)) of the influence followed, rows of \(result.rowsComputed) of "
          + "\(result.rowsPossible) features computed"
      ),
    ]
  }

  /// How well the features reconstruct what this prompt's MLPs write, by layer.
  private static func reconstruction(_ trace: PromptTrace) -> [(String, String)] {
    func layers(_ value: (ReconstructionTally) -> Double?) -> String {
      trace.reconstruction.map { value($0).map(number) ?? "–" }.joined(separator: " ")
    }
    return [
      ("FVU", layers(\.unexplainedVariance) + " by layer, on this prompt"),
      (
        "|e| / |y|",
        layers { $0.rows > 0 ? $0.errorNormShare : nil } + " by layer, the part of MLP outputs that is error"
      ),
    ]
  }

  /// Which token was taken for a word that several spell.
  private static func note(_ choice: ResolvedChoice) -> String {
    let tokens = zip(choice.choice.tokens, choice.candidates).map { token, candidate in
      "'\(Terminal.visible(candidate.text))' (token:\(token), \(String(format: "%.2g", candidate.probability * 100)) %)"
    }
    let taken = choice.choice.tokens.firstIndex(of: choice.taken) ?? 0
    let others = tokens.indices.filter { $0 != taken }.map { tokens[$0] }
    return
      "for '\(Terminal.visible(choice.choice.text))' the likelier token was taken: \(tokens[taken]), not "
      + others.joined(separator: ", ")
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

  /// A token with its probability; of a difference, by how much the first is greater.
  private static func answer(_ logit: LogitTarget) -> String {
    let text = Terminal.visible(logit.text)
    guard let difference = logit.difference else { return "\(text) \(logit.probability.map(percent) ?? "–")" }
    let (logits, logs) = (
      NumberText.signed(difference.logits), NumberText.signed(difference.logProbabilities)
    )
    return "\(text): logits \(logits)"
      + (logs == logits ? ", log-probabilities too" : ", log-probabilities \(logs)")
  }

  private static func feature(_ node: GraphNode) -> String {
    let label = node.label.isEmpty ? "" : " (\(Terminal.visible(node.label)))"
    return "feature \(node.id)\(label), activation \(node.activation.map { number(Double($0)) } ?? "–")"
  }

  private static func number(_ value: Double) -> String { NumberText.significant(value, digits: 3) }
  private static func percent(_ value: Double) -> String { NumberText.percent(value, decimals: 1) }

  private static func score(_ value: Double, _ bounds: ClosedRange<Double>) -> String {
    let text = NumberText.decimal(value, decimals: 4)
    guard bounds.upperBound - bounds.lowerBound >= 5e-5 else { return text }
    return "\(text) (\(NumberText.decimal(bounds.lowerBound, decimals: 4)) to "
      + "\(NumberText.decimal(bounds.upperBound, decimals: 4)))"
  }
}
