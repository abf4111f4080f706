internal import AttributionGraphs

/// What a figure of a small graph shows and leaves out, in sentences.
struct SubgraphWords {
  /// How boxes came to stand where they do.
  enum Placement {
    /// At the mean layer of their members, but for some that a reader moved.
    case inRows(moved: Int)
    /// All where a reader put them.
    case freely
  }

  private let content: SubgraphContent
  private let placement: Placement
  private var subgraph: Subgraph { content.subgraph }
  private var extent: Subgraph.Extent { content.subgraph.extent }

  init(of content: SubgraphContent, placing placement: Placement = .inRows(moved: 0)) {
    (self.content, self.placement) = (content, placement)
  }

  /// One paragraph below the picture.
  var short: String {
    if subgraph.boxes.isEmpty { return "Nothing is pinned, so there is nothing to draw." }
    return [shown, effects, scores, missing].compactMap { $0 }.joined(separator: " ")
  }

  /// A caption for a paper.
  var long: String {
    let metadata = content.graph.metadata
    let prompt = DisplayText.visible(
      metadata.prompt.isEmpty ? metadata.promptTokens.joined() : metadata.prompt, longest: .max)
    var sentences = ["Attribution graph of the prompt “\(prompt)”, reduced to what a reader pinned."]
    if !metadata.scan.isEmpty {
      sentences.append("Model or transcoders: \(DisplayText.visible(metadata.scan)).")
    }
    sentences += answers
    sentences.append(standing)
    sentences.append(
      "An edge is as wide as its part of what enters its target from outside; solid ones excite, dashed ones with a bar "
        + "inhibit.")
    sentences.append(short)
    if let thresholds { sentences.append(thresholds) }
    if let coverage { sentences.append(coverage) }
    return sentences.joined(separator: " ")
  }

  /// The most probable answers, and the differences of answers, which have no probability.
  private var answers: [String] {
    let outputs = content.graph.nodes.filter { $0.node.level == .max }
    let probable = outputs.filter { $0.probability != nil && $0.difference == nil }
      .sorted { ($0.probability ?? 0) > ($1.probability ?? 0) }.prefix(3).map {
        "“\(NodeLabels.outputToken(in: $0))” (\(NumberText.percent($0.probability ?? 0)))"
      }
    let differences = outputs.compactMap { node in
      node.difference.map {
        "“\(NodeLabels.outputToken(in: node))” (\(NumberText.signed($0.logits, decimals: 2)))"
      }
    }
    return [
      ("Most probable outputs", probable),
      ("Differences of two outputs' logits", differences.prefix(3).map(\.self)),
    ]
    .filter { !$1.isEmpty }.map { "\($0): \($1.joined(separator: ", "))." }
  }

  private var standing: String {
    switch placement {
    case .freely: return "Boxes stand where a reader put them."
    case .inRows(let moved):
      let rule = "Boxes stand at the mean layer of their members, tokens at the bottom and outputs on top"
      return moved == 0
        ? rule + "." : "\(rule), but for \(DisplayText.count(moved)) that a reader moved."
    }
  }

  private var shown: String {
    let nodes = subgraph.boxes.reduce(0) { $0 + $1.members.count }
    var parts = [Omissions.ratio(extent.shownFeatures, extent.features, "features")]
    if extent.errors > 0 { parts.append(Omissions.ratio(extent.shownErrors, extent.errors, "errors")) }
    if extent.logits > 0 { parts.append(Omissions.ratio(extent.shownLogits, extent.logits, "outputs")) }
    return
      "Shown: \(Omissions.many(nodes, "node")) in \(boxCount), of them \(parts.joined(separator: ", ")); "
      + "they have \(NumberText.percent(extent.influence)) of the influence of all features and errors."
  }

  private var boxCount: String {
    let count = subgraph.boxes.count
    return "\(DisplayText.count(count)) box\(count == 1 ? "" : "es")"
  }

  private var effects: String {
    let all = subgraph.edges.count { $0.share != 0 }
    let drawn = content.edges.count
    var text = "Drawn: \(Omissions.ratio(drawn, all, "effects among boxes"))"
    let weak = subgraph.edges.count { $0.share != 0 && $0.share.magnitude < content.edgeCut }
    if weak > 0 {
      text +=
        ", without \(DisplayText.count(weak)) of less than \(Self.asked(content.edgeCut)) of a box's input"
    }
    if all - drawn - weak > 0 { text += ", nor \(DisplayText.count(all - drawn - weak)) for lack of room" }
    return text
      + "; \(NumberText.percent(extent.edgeInfluence)) of what flows along edges to the answer goes from box to box."
  }

  private var scores: String {
    let whole = content.graph.scores()
    return "If all other features count as error, the replacement score is "
      + "\(Self.score(subgraph.scores.replacement)) and the completeness score "
      + "\(Self.score(subgraph.scores.completeness)) (of the graph: \(Self.score(whole.replacement)) and "
      + "\(Self.score(whole.completeness)))."
  }

  private var missing: String? {
    subgraph.missingIDs.isEmpty
      ? nil : "\(Omissions.many(subgraph.missingIDs.count, "chosen node")) not in this graph."
  }

  private var thresholds: String? {
    let settings = content.graph.metadata.pruningSettings
    let nodes = settings["node_threshold"]?.double ?? content.graph.metadata.nodeThreshold
    guard let nodes, (0...1).contains(nodes) else { return nil }
    var text = "The graph was pruned to \(Self.asked(nodes)) of the influence of its nodes"
    if let edges = settings["edge_threshold"]?.double, (0...1).contains(edges) {
      text += " and \(Self.asked(edges)) of that of its edges"
    }
    if subgraph.knownInput < 0.9995 {
      text += "; of what enters the boxes' nodes, \(NumberText.percent(subgraph.knownInput)) is still in it"
    } else {
      text += "; shares are of the inputs that were kept"
    }
    return text + "."
  }

  private var coverage: String? {
    let settings = content.graph.metadata.generationSettings
    if let reached = settings["coverage_reached"]?.double, (0...1).contains(reached) {
      return "Coverage of the trace: \(Self.asked(reached))."
    }
    let skipped = content.graph.effects.isSkipped.count { $0 }
    return skipped > 0 ? "The inputs of \(Omissions.many(skipped, "feature")) were not computed." : nil
  }

  static func score(_ value: Double) -> String {
    NumberText.decimal(value.isFinite ? min(max(value, 0), 1) : 0)
  }

  /// A share that somebody asked for, in percent with as many digits as it has, up to two.
  static func asked(_ share: Double) -> String {
    let percent = (share * 10_000).rounded() / 100
    return NumberText.percent(
      share, decimals: percent == percent.rounded() ? 0 : percent * 10 == (percent * 10).rounded() ? 1 : 2)
  }
}
