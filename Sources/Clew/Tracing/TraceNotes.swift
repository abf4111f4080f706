internal import Attribution
internal import AttributionGraphs
internal import ReplacementModels
internal import Transcoding
internal import Transformers

/// What is odd about a trace, although it went well.
enum TraceNotes {
  static func notes(
    on prompt: Prompt, _ reconstruction: [ReconstructionTally], _ result: AttributionResult,
    _ model: TracingModel
  ) -> [String] {
    var notes = model.transformer.notes
    if prompt.tokens.count <= result.model.zeroedPositions.upperBound {
      notes.append(
        prompt.tokens.count == 1
          ? "the prompt is position 0 alone, which has no features; trace a longer one"
          : "no position of the prompt has features; trace a longer one")
    } else if result.rowsPossible == 0 {
      notes.append(
        "no feature is active on this prompt; check that the transcoders were trained on this model, and on text like this"
      )
    }
    if let mismatch = ModelNames.mismatch(
      stated: model.transcoder.configuration.modelName, folder: model.transformer.folder,
      name: model.transformer.name)
    {
      notes.append("\(mismatch); their features mean what they did there only if the weights are the same")
    }
    let worse = reconstruction.indices.filter { (reconstruction[$0].unexplainedVariance ?? 0) > 1 }
    if !worse.isEmpty {
      let layers = worse.count == 1 ? "layer" : "layers"
      notes.append(
        "the FVU of this prompt is over 1 in \(layers) \(ranges(worse)): there the features reconstruct what the MLPs "
          + "write worse than its mean would; check that the transcoders were trained on this model, and on text like this"
      )
    }
    return notes
  }

  /// The same in a graph file: for each layer the FVU and the mean of |e| / |y|, then the notes.
  static func json(_ reconstruction: [ReconstructionTally], _ notes: [String]) -> JSON {
    [
      "fvu": .array(reconstruction.map { $0.unexplainedVariance.map { JSON($0) } ?? .null }),
      "error_norm_share": .array(reconstruction.map { $0.rows > 0 ? JSON($0.errorNormShare) : .null }),
      "notes": JSON(notes),
    ]
  }

  /// Whole numbers, ascending, with runs of them drawn together: `0, 3 to 7`.
  static func ranges(_ numbers: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = runs.last, last.upperBound + 1 == number {
        runs[runs.count - 1] = last.lowerBound...number
      } else {
        runs.append(number...number)
      }
    }
    return runs.map { run in
      run.count == 1
        ? "\(run.lowerBound)"
        : run.count == 2 ? "\(run.lowerBound), \(run.upperBound)" : "\(run.lowerBound) to \(run.upperBound)"
    }.joined(separator: ", ")
  }
}

extension PromptTrace {
  /// The positions that have neither features nor errors: the first, or the opening of a conversation.
  public var positionsWithoutFeatures: Range<Int> {
    0..<min(result.model.zeroedPositions.upperBound, prompt.tokens.count)
  }

  /// Which those are, in words: `position 0 (<s>)`.
  public var positionsWithoutFeaturesText: String {
    let positions = positionsWithoutFeatures
    let texts = positions.map { prompt.texts[$0] }.joined()
    return positions.count == 1
      ? "position 0 (\(texts))" : "positions 0 to \(positions.upperBound - 1) (\(texts))"
  }
}
