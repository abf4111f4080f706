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

    Each layer's share of the influence that ends in error nodes, from the whole graph.

    \(errorTable)

    ## The most influential features

    \(featureTable)

    ## How it was made

    \(scoresText)

        \(command.map(shellWord).joined(separator: " "))

    Clew \(Version.current); `run.json` holds settings and fingerprints.

    """
  }

  private var tokenTable: String {
    let rows = zip(prompt.tokens, prompt.texts).enumerated().map { position, token in
      "| \(position) | \(quoted(token.1)) | \(token.0) |"
    }
    return "| position | token | id |\n|---|---|---|\n" + rows.joined(separator: "\n")
  }

  private var answerTable: String {
    let rows = result.graph.nodes.indices.filter { result.graph.rootWeights[$0] > 0 }.map { place in
      "| \(quoted(result.graph.nodes[place].label.isEmpty ? result.graph.nodes[place].id : result.graph.nodes[place].label)) "
        + "| \(fixed(result.graph.rootWeights[place], 4)) |"
    }
    return "| target | weight |\n|---|---|\n" + rows.joined(separator: "\n")
  }

  private var trust: String {
    let kept = pruning.graph
    let whole = result.graph
    return """
      - Coverage: \(percent(result.coverage)) of the influence was followed to its ends (asked: \
      \(percent(request.settings.coverage))); rows of \(result.rowsComputed) of \(result.rowsPossible) active \
      features were computed. Every node's influence may be too small by at most \(fixed(result.missing, 5)).
      - Replacement score \(fixed(scores.replacement, 4))\(interval(scores.replacementBounds)): the share of \
      influence that comes from tokens rather than from reconstruction errors.
      - Completeness score \(fixed(scores.completeness, 4))\(interval(scores.completenessBounds)): the share of \
      nodes' inputs, weighted by influence, that is not error.
      - The graph file shows \(kept.nodes.count) of \(whole.nodes.count) nodes and \
      \(kept.effects.nonzeroCount) of \(whole.effects.nonzeroCount) edges: \
      \(percent(pruning.keptInfluence)) of all nodes' influence, and of the edges among them \
      \(percent(pruning.keptEdgeInfluence)).
      - Every computed row, with its constants and biases, sums to its target's value within a part of \
      \(String(format: "%.1e", result.largestIdentityGap)).
      - \(positionZero)
      - Attention patterns and norm scales are held as recorded: why a head attended where it did is not traced.
      """
  }

  private var positionZero: String {
    prompt.beginsSpecially
      ? "Position 0 has neither features nor errors: what its MLPs write counts as constant."
      : "This vocabulary has no special token to put in front, so the first token of the prompt stands at "
        + "position 0, which has neither features nor errors: what its MLPs write counts as constant."
  }

  private var scoresText: String {
    let phases = phases.map { "\($0.name)" }.joined(separator: ", ")
    return "Phases: \(phases)."
  }

  private var errorTable: String {
    let layout = result.layout
    let total = layout.errors.reduce(0) { $0 + influence.values[$1] }
    let rows = (0..<layout.layerCount).map { layer in
      let sum = (0..<layout.positionCount).reduce(0) {
        $0 + influence.values[layout.error(layer: layer, position: $1)]
      }
      return "| \(layer) | \(percent(total > 0 ? sum / total : 0)) | \(fixed(sum, 4)) |"
    }
    return "| layer | share of errors | influence |\n|---|---|---|\n" + rows.joined(separator: "\n")
  }

  private var featureTable: String {
    let places = result.layout.features.filter { influence.values[$0] > 0 }
      .sorted { (-influence.values[$0], $0) < (-influence.values[$1], $1) }
    if places.isEmpty { return "No feature is active on this prompt." }
    let rows = places.prefix(20).map { place in
      let entry = result.model.activations.entries[place]
      return "| \(entry.layer) | \(entry.index) | \(entry.position) \(quoted(prompt.texts[entry.position])) "
        + "| \(fixed(Double(entry.activation), 3)) | \(fixed(influence.values[place], 4)) |"
    }
    return "| layer | feature | position | activation | influence |\n|---|---|---|---|---|\n"
      + rows.joined(separator: "\n")
  }

  private func interval(_ range: ClosedRange<Double>) -> String {
    range.upperBound - range.lowerBound < 5e-5
      ? "" : " (between \(fixed(range.lowerBound, 4)) and \(fixed(range.upperBound, 4)) with every row)"
  }

  private func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
  private func percent(_ value: Double) -> String { String(format: "%.2f %%", value * 100) }

  /// Text as Markdown code that a table can hold.
  private func quoted(_ text: String) -> String {
    let flat = text.replacingOccurrences(of: "\n", with: "⏎").replacingOccurrences(of: "|", with: "\\|")
    return flat.contains("`") ? "`` \(flat) ``" : "`\(flat)`"
  }

  private func shellWord(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || "-_./=:@,+".unicodeScalars.contains($0)
    }
    return plain && !word.isEmpty ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
