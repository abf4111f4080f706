internal import Attribution
public import AttributionGraphs
internal import Checkpoints
internal import Foundation
internal import ReplacementModels
internal import Transcoding

extension ResolvedChoice {
  /// The word, and the tokens that spell it with their probabilities.
  fileprivate var json: JSON {
    let tokens = zip(choice.tokens, candidates).map { token, candidate -> JSON in
      [
        "id": JSON(Int(token)), "text": .string(candidate.text), "probability": JSON(candidate.probability),
      ]
    }
    return ["word": .string(choice.text), "taken": JSON(Int(taken)), "tokens": .array(tokens)]
  }
}

extension PromptTrace {
  /// What `clew trace --json` prints: tokens, targets, counts, scores, coverage, seconds and memory.
  /// - Parameter folder: Where the files lie.
  public func summary(folder: String) -> JSON {
    let json: JSON = [
      "slug": .string(pruning.graph.metadata.slug),
      "prompt": .string(prompt.text),
      "tokens": .array(
        zip(prompt.tokens, prompt.texts).map { ["id": JSON(Int($0)), "text": .string($1)] }),
      "targets": .array(targets),
      "counts": [
        "active_features": JSON(result.model.activations.count),
        "nodes": JSON(result.graph.nodes.count), "edges": JSON(result.graph.effects.edgeCount),
        "kept_nodes": JSON(pruning.graph.nodes.count), "kept_edges": JSON(pruning.graph.effects.edgeCount),
        "rows_computed": JSON(result.rowsComputed), "rows_possible": JSON(result.rowsPossible),
      ],
      "scores": [
        "replacement": JSON(scores.replacement),
        "replacement_bounds": bounds(scores.replacementBounds),
        "completeness": JSON(scores.completeness),
        "completeness_bounds": bounds(scores.completenessBounds),
        "kept_influence": JSON(pruning.keptInfluence),
        "kept_edge_influence": JSON(pruning.keptEdgeInfluence),
      ],
      "coverage": JSON(result.coverage),
      "coverage_asked": JSON(request.settings.coverage),
      "missing": JSON(result.missing),
      "largest_identity_gap": JSON(result.largestIdentityGap),
      "seconds": .object(JSONObject(phases.map { ($0.name, JSON($0.wallSeconds)) })),
      "cpu_seconds": .object(JSONObject(phases.map { ($0.name, JSON($0.cpuSeconds)) })),
      "operations": JSON(result.operations), "peak_bytes": JSON(Memory.peak),
      "memory": [
        "limit_bytes": JSON(result.memory.limit), "feature_bytes": JSON(result.memory.sources),
        "attention_bytes": JSON(result.memory.attention), "row_bytes": JSON(result.memory.rows),
        "working_bytes": JSON(result.memory.working), "smallest_batch": JSON(result.batchSizes.lowerBound),
        "largest_batch": JSON(result.batchSizes.upperBound),
      ],
      "reconstruction": .array(
        reconstruction.enumerated().map { layer, tally in
          [
            "layer": JSON(layer), "fvu": tally.unexplainedVariance.map { JSON($0) } ?? .null,
            "error_norm_share": tally.rows > 0 ? JSON(tally.errorNormShare) : .null,
            "active_features": JSON(tally.activeFeatures),
          ]
        }),
      "positions_without_features": .array(positionsWithoutFeatures.map { JSON($0) }),
      "notes": JSON(notes),
      "folder": .string(folder),
    ]
    guard !result.choices.isEmpty, var object = json.object else { return json }
    object["words"] = .array(result.choices.map(\.json))
    return .object(object)
  }

  private func bounds(_ range: ClosedRange<Double>) -> JSON {
    [JSON(range.lowerBound), JSON(range.upperBound)]
  }

  /// Each root of the trace with its weight: a token with its probability, a difference of two with that of their logits and
  /// of their log-probabilities, a feature with its activation.
  private var targets: [JSON] {
    result.graph.nodes.indices.filter { result.graph.rootWeights[$0] > 0 }.map { place in
      let node = result.graph.nodes[place]
      var target: JSONObject = ["node": .string(node.id), "weight": JSON(result.graph.rootWeights[place])]
      if place >= result.layout.logits.lowerBound {
        let logit = result.logits[place - result.layout.logits.lowerBound]
        target["token"] = JSON(Int(logit.token))
        target["text"] = .string(logit.text)
        target["probability"] = logit.probability.map { JSON($0) }
        target["logit"] = logit.difference == nil ? JSON(logit.logit) : nil
        if let difference = logit.difference {
          target["logit_difference"] = JSON(difference.logits)
          target["log_probability_difference"] = JSON(difference.logProbabilities)
          target["tokens"] = .array(difference.tokens.map { JSON($0) })
        }
      } else if let activation = node.activation {
        target["label"] = node.label.isEmpty ? nil : .string(node.label)
        target["activation"] = JSON(Double(activation))
      }
      return .object(target)
    }
  }

  /// What was asked for instead of the likeliest answers, as users write it, with the tokens that words stood for.
  private var targetsAsked: [String] {
    let targets = request.settings.targets
    if targets.isEmpty { return [] }
    let answers = result.logits.map { $0.tokens.map { "token:\($0)" }.joined(separator: "-") }
    let features = targets.compactMap { target -> String? in
      guard case .feature(let feature, let position) = target else { return nil }
      return "feature:\(feature.layer)/\(feature.index)@\(position)"
    }
    return answers + features
  }

  /// How to redo the trace: command, settings, versions, fingerprints. Nothing here changes from run to run.
  func runRecord(command: [String], model: TracingModel) -> JSON {
    let settings = request.settings
    var asked: JSONObject = [
      "prompt": .string(request.prompt), "coverage": JSON(settings.coverage),
      "max_logits": JSON(settings.maxLogits), "logit_mass": JSON(settings.logitMass),
      "node_share": JSON(request.nodeShare), "edge_share": JSON(request.edgeShare),
      "targets": .array(targets), "targets_asked": JSON(targetsAsked),
    ]
    asked["tokens"] = .array(prompt.tokens.map { JSON(Int($0)) })
    asked["tokens_given"] = request.input.tokens.map { JSON.array($0.map { JSON(Int($0)) }) }
    asked["opening"] = request.input.opening.map { JSON.string($0) }
    asked["max_rows"] = settings.rowLimit.map { JSON($0) }
    asked["tokens_read"] = request.tokenCount.map { JSON($0) }
    if !request.changes.isEmpty {
      asked["changes"] = .array(request.changes.map(\.json))
      asked["held"] = request.mode == .free ? "nothing" : "attention patterns"
    }
    return [
      "command": JSON(command),
      "clew": .string(Version.current),
      "request": .string(request.fingerprint(with: model)),
      "trace": pruning.graph.metadata.info["trace"] ?? .null,
      "model": [
        "folder": .string(HubReference.name(of: model.transformer.folder)),
        "fingerprint": .string(Fingerprint.of(folder: model.transformer.folder)),
      ],
      "transcoders": [
        "folder": .string(model.transcoder.name),
        "fingerprint": .string(Fingerprint.of(model.transcoder)),
      ],
      "settings": .object(asked),
      "seeds": .object([:]),
      "scores": [
        "replacement": JSON(scores.replacement), "completeness": JSON(scores.completeness),
        "coverage": JSON(result.coverage),
      ],
    ]
  }
}
