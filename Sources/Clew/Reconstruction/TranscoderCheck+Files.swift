public import AttributionGraphs
internal import Checkpoints
public import Foundation
internal import ReplacementModels
internal import Tokenization
internal import Transcoding
internal import Transformers

extension TranscoderCheck {
  /// The files of a check's folder.
  public static let fileNames = ["report.md", "report.html", "check.json"]

  /// Writes `report.md`, `report.html` and `check.json` into a folder; they appear together or not at all.
  public func write(to folder: URL, command: [String]) throws {
    let document = CheckDocument(check: self, command: command)
    let blocks = document.blocks()
    let files = try FileBatch(replacing: folder, owned: Self.fileNames)
    try files.stage(
      "report.md",
      Array(MarkdownReport.text(title: document.title, blocks: [.text(document.subtitle)] + blocks).utf8))
    try files.stage(
      "report.html",
      Array(HTMLReport.text(title: document.title, subtitle: document.subtitle, blocks: blocks).utf8))
    try files.stage("check.json", try json(command: command).bytes() + [UInt8(ascii: "\n")])
    try files.commit()
  }

  /// Every number of the report, with what is needed to measure again. Nothing in it changes from run to run.
  public func json(command: [String]) -> JSON {
    var top: JSONObject = [
      "command": JSON(command), "clew": .string(Version.current),
      "model": [
        "name": .string(HubReference.name(of: measured.model.folder)),
        "fingerprint": .string(Fingerprint.of(folder: measured.model.folder)),
      ],
      "text": [
        "source": .string(request.texts.source), "fingerprint": .string(request.texts.fingerprint),
        "texts": JSON(measured.textCount),
        "positions": JSON(measured.positionCount), "is_cut": .bool(request.texts.isCut),
      ],
    ]
    if measured.original.positions > 0 {
      top["original"] = ["ce": JSON(measured.original.crossEntropy)]
      top["mean_ablation"] = behaviour(measured.meanAblation)
      top["zero_ablation"] = behaviour(measured.zeroAblation)
      top["mean_positions"] = JSON(measured.meanPositions)
    }
    top["transcoders"] = .array(measured.measures.indices.map(transcoder))
    return .object(top)
  }

  private func transcoder(_ place: Int) -> JSON {
    let measure = measured.measures[place]
    var object: JSONObject = [
      "name": .string(names[place]),
      "fingerprint": .string(Fingerprint.of(measure.transcoder)),
      "mean_fvu": measure.meanUnexplainedVariance.map { JSON($0) } ?? .null,
      "pooled_normalized_mse": JSON(measure.pooledSquaredError),
      "total_l0": JSON(measure.activeFeatures),
      "layers": .array(measure.layers.indices.map { layer(measure, $0) }),
    ]
    if measure.allLayers.positions > 0 {
      if measured.settings.replacesSingleLayers {
        object["one_layer_replaced"] = .array(measure.oneLayer.map(behaviour))
      }
      object["all_layers_replaced"] = behaviour(measure.allLayers)
      object["stream_error"] = .array(measure.drift.map { JSON($0) })
      object["local_replacement"] = [
        "texts": JSON(measure.localTexts), "largest_logit_difference": JSON(measure.largestLocalDifference),
      ]
    }
    if !graphs[place].isEmpty { object["graphs"] = graphJSON(graphs[place]) }
    if let probe = probes[place] {
      object["hooks_tried"] = .array(
        probe.unexplainedVariance.map { ["hook": .string($0.hook.rawValue), "mean_fvu": JSON($0.value)] })
      object["better_hook"] = probe.betterHook.map { .string($0.rawValue) } ?? .null
    }
    object["worst_tokens"] = .array(
      measure.worstTokens.map { token in
        [
          "text": JSON(token.text), "position": JSON(token.position),
          "token": JSON(token.context[token.place]), "error_norm_share": JSON(token.errorShare),
          "layers": .array(token.layers.map { JSON($0) }),
        ]
      })
    return .object(object)
  }

  private func layer(_ measure: TranscoderMeasure, _ layer: Int) -> JSON {
    let values = measure.layers[layer]
    var object: JSONObject = ["rows": JSON(values.all.rows)]
    for figure in LayerFigure.reconstruction {
      object[figure.key] = figure.value(measure, layer).map { JSON($0) } ?? .null
    }
    object["log10_density_histogram"] = .array(values.densityHistogram.map { JSON($0) })
    object["by_position"] = .array(
      values.buckets.enumerated().map { bucket, tally in
        let range = LayerMeasure.positions(ofBucket: bucket)
        return [
          "from": JSON(range.lowerBound), "to": JSON(range.upperBound), "rows": JSON(tally.rows),
          "fvu": tally.unexplainedVariance.map { JSON($0) } ?? .null,
          "normalized_mse": JSON(tally.normalizedSquaredError), "l0": JSON(tally.activeFeatures),
        ]
      })
    if !values.positions.isEmpty {
      object["positions"] = .array(
        values.positions.map {
          [
            "normalized_mse": JSON($0.normalizedSquaredError), "cosine": JSON($0.cosine),
            "l0": JSON($0.activeFeatures), "error_norm_share": JSON($0.errorNormShare),
          ]
        })
    }
    return .object(object)
  }

  private func behaviour(_ tally: BehaviourTally) -> JSON {
    var object = JSONObject()
    for figure in BehaviourFigure.all {
      object[figure.key] =
        tally.positions > 0 ? figure.value(measured, tally).map { JSON($0) } ?? .null : .null
    }
    return .object(object)
  }

  private func graphJSON(_ samples: [GraphSample]) -> JSON {
    func spread(_ values: [Double]) -> JSON {
      let spread = Spread(values)
      return ["mean": JSON(spread.mean), "sd": JSON(spread.deviation), "min": JSON(spread.least)]
    }
    return [
      "replacement": spread(samples.map(\.replacement)), "completeness": spread(samples.map(\.completeness)),
      "prompts": .array(
        samples.map {
          [
            "prompt": .string($0.prompt), "tokens": JSON($0.tokenCount), "replacement": JSON($0.replacement),
            "completeness": JSON($0.completeness), "active_features": JSON($0.activeFeatures),
            "nodes": JSON($0.nodes), "kept_nodes": JSON($0.keptNodes),
          ]
        }),
    ]
  }
}
