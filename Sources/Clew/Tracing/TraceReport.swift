internal import Attribution
internal import AttributionGraphs
internal import Foundation
internal import ReplacementModels
internal import Transcoding

extension PromptTrace {
  /// `report.md`: what was traced, how much of it is explained, and what the picture does not show.
  func report(command: [String]) -> String {
    """
    # \(pruning.graph.metadata.slug)

    Prompt: \(quoted(prompt.text))

    \(tokenTable)

    ## Answers

    \(answerTable)

    ## How far to trust it

    \(trust)

    ## Where the unexplained part lies

    By layer: how well the features reconstruct what the MLPs write on this prompt (FVU, Σ|e|² / Σ|y − ȳ|², and the mean of
    |e| / |y|), the layer's share of what starts in error nodes, and the share of the answer that does.

    \(errorTable)

    ## The most influential features

    The share of the answer that passes through each; features in one chain share it.

    \(featureTable)

    ## How it was made

    \(scoresText)

        \(VisibleText.line(ShellText.line(command)))

    Clew \(Version.current); `run.json` holds settings and fingerprints.

    """
  }

  private var tokenTable: String {
    let rows = zip(prompt.tokens, prompt.visibleTexts).enumerated().map { position, token in
      "| \(position) | \(quoted(token.1)) | \(token.0) |"
    }
    return "| position | token | id |\n|---|---|---|\n" + rows.joined(separator: "\n")
  }

  private var answerTable: String {
    let rows = result.graph.nodes.indices.filter { result.graph.rootWeights[$0] > 0 }.map { place in
      let node = result.graph.nodes[place]
      let weight = NumberText.decimal(result.graph.rootWeights[place], decimals: 4)
      return "| \(quoted(targetName(node))) | \(targetValue(place)) | \(weight) |"
    }
    return "| target | value | weight |\n|---|---|---|\n" + rows.joined(separator: "\n")
  }

  private func targetName(_ node: GraphNode) -> String {
    if case .logit = node.node { return node.answerText }
    return node.label.isEmpty ? node.id : "\(node.id): \(node.label)"
  }

  /// What is known of a target: a token's probability, by how much one answer exceeds another, a feature's activation.
  private func targetValue(_ place: Int) -> String {
    guard place >= result.layout.logits.lowerBound else {
      return "activation \(result.graph.nodes[place].activation.map { fixed(Double($0), 3) } ?? "–")"
    }
    let logit = result.logits[place - result.layout.logits.lowerBound]
    if let difference = logit.difference {
      return "logits \(NumberText.signed(difference.logits)), log-probabilities "
        + NumberText.signed(difference.logProbabilities)
    }
    return
      "probability \(logit.probability.map { NumberText.percent($0, decimals: 2) } ?? "–"), logit \(fixed(logit.logit, 3))"
  }

  private var trust: String {
    let kept = pruning.graph
    let whole = result.graph
    return """
      - Coverage: \(percent(result.coverage)) of the influence was followed to its ends (asked: \
      \(percent(request.settings.coverage))); rows of \(result.rowsComputed) of \(result.rowsPossible) active \
      features were computed. The share of the answer that \
      passes through a node may be too small by at most \(percent(1 - result.coverage)).
      - Replacement score \(score(scores.replacement))\(interval(scores.replacementBounds)): the share of \
      influence that comes from tokens rather than from reconstruction errors.
      - Completeness score \(score(scores.completeness))\(interval(scores.completenessBounds)): the share of \
      nodes' inputs, weighted by influence, that is not error.
      - The graph file shows \(kept.nodes.count) of \(whole.nodes.count) nodes and \
      \(kept.effects.edgeCount) of \(whole.effects.edgeCount) edges: \
      \(percent(pruning.keptInfluence)) of all nodes' influence, and of the edges among them \
      \(percent(pruning.keptEdgeInfluence)).
      - Every computed row, with its constants and biases, sums to its target's value with a relative error of at most \
      \(String(format: "%.1e", result.largestIdentityGap)).
      - \(positionZero)
      - Attention patterns and norm scales are held as recorded: why a head attended where it did is not traced.
      """ + notes.map { "\n- Note: \(VisibleText.line($0))." }.joined()
  }

  private var positionZero: String {
    let positions = positionsWithoutFeatures
    if positions.count > 1 {
      return
        "The opening of the conversation, positions 0 to \(positions.upperBound - 1), has neither features nor errors: "
        + "what its MLPs write counts as constant."
    }
    return prompt.beginsSpecially
      ? "Position 0 has neither features nor errors: what its MLPs write counts as constant."
      : "The prompt begins with no special token, so its first token stands at position 0, which has neither "
        + "features nor errors: what its MLPs write counts as constant."
  }

  private var scoresText: String {
    let phases = phases.map { "\($0.name)" }.joined(separator: ", ")
    return "Phases: \(phases)."
  }

  private var errorTable: String {
    let layout = result.layout
    let total = layout.errors.reduce(0) { $0 + influence.values[$1] }
    let shares = result.graph.answerShares(influence: influence.values)
    let rows = (0..<layout.layerCount).map { layer in
      let places = (0..<layout.positionCount).map { layout.error(layer: layer, position: $0) }
      let sum = places.reduce(0) { $0 + influence.values[$1] }
      let tally = reconstruction[layer]
      let fit = [
        tally.unexplainedVariance.map { fixed($0, 4) } ?? "–",
        tally.rows > 0 ? percent(tally.errorNormShare) : "–",
      ]
      let parts = [percent(total > 0 ? sum / total : 0), percent(places.reduce(0) { $0 + shares[$1] })]
      return "| \(([layer.description] + fit + parts).joined(separator: " | ")) |"
    }
    return "| layer | FVU | error norm | share of errors | share of the answer |\n|---|---|---|---|---|\n"
      + rows.joined(separator: "\n")
  }

  private var featureTable: String {
    let places = result.layout.features.filter { influence.values[$0] > 0 }
      .sorted { (-influence.values[$0], $0) < (-influence.values[$1], $1) }
    if places.isEmpty { return "No feature is active on this prompt." }
    let shares = result.graph.answerShares(influence: influence.values)
    let rows = places.prefix(20).map { place in
      let entry = result.model.activations.entries[place]
      let label = result.graph.nodes[place].label
      return "| \(entry.layer) | \(entry.index) | \(label.isEmpty ? "" : quoted(label)) "
        + "| \(entry.position) \(quoted(prompt.visibleTexts[entry.position])) "
        + "| \(fixed(Double(entry.activation), 3)) | \(percent(shares[place])) |"
    }
    return
      "| layer | feature | label | position | activation | share of the answer |\n|---|---|---|---|---|---|\n"
      + rows.joined(separator: "\n")
  }

  private func interval(_ range: ClosedRange<Double>) -> String {
    range.upperBound - range.lowerBound < 5e-5
      ? "" : " (between \(score(range.lowerBound)) and \(score(range.upperBound)) with every row)"
  }

  private func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
  private func percent(_ value: Double) -> String { NumberText.percent(value, decimals: 2) }
  private func score(_ value: Double) -> String { NumberText.decimal(value, decimals: 4) }

  /// Text as Markdown code that a table can hold.
  private func quoted(_ text: String) -> String {
    let flat = VisibleText.escaped(VisibleText.line(text), ["|"])
    return flat.contains("`") ? "`` \(flat) ``" : "`\(flat)`"
  }
}
