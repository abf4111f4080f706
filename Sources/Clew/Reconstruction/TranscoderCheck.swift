internal import Foundation
public import ReplacementModels
public import Tokenization
internal import Transcoding
internal import Transformers

/// What `clew check` is asked.
public struct CheckRequest: Sendable {
  public var texts: CheckTexts
  /// Prompts to trace, as tokens.
  public var graphPrompts: [[Token]] = []
  public var settings = ReconstructionCheck.Settings()
  /// How many positions the means of the ablation are taken over.
  public var meanPositions = 1 << 16
  /// Working memory for pullbacks, in bytes.
  public var workingMemory = 1 << 30

  public init(texts: CheckTexts) {
    self.texts = texts
    settings.keepsPositions = texts.rows.count == 1
  }
}

/// How far transcoders can be trusted: everything that `clew check` measured, ready to be written down.
public struct TranscoderCheck: Sendable {
  public let request: CheckRequest
  /// The model with each of the transcoders, in the order of ``ReconstructionCheck/measures``.
  public let models: [TracingModel]
  public let measured: ReconstructionCheck
  /// `[transcoder][prompt]`.
  public let graphs: [[GraphSample]]
  /// `[transcoder]`; `nil` where no layer's FVU is above 1.
  public let probes: [HookProbe?]

  /// Measures.
  /// - Parameters:
  ///   - models: One model with one or several sets of transcoders.
  ///   - progress: Called with a phase and the part of it that is done; it may throw to stop.
  public static func run(
    _ request: CheckRequest, models: [TracingModel],
    progress: (String, Double) throws -> Void = { _, _ in }
  ) throws -> TranscoderCheck {
    let rows = request.texts.rows
    guard let model = models.first?.transformer, rows.contains(where: { !$0.isEmpty }) else {
      throw TransformerError.emptyPrompt
    }
    guard rows.contains(where: { $0.count > 1 }) else {
      throw CorpusError.noPositions(source: request.texts.source)
    }
    var check = try ReconstructionCheck(
      of: model, transcoders: models.map(\.transcoder), settings: request.settings)
    let total = Double(max(1, rows.reduce(0) { $0 + $1.count }))
    if request.settings.measuresBehaviour {
      for row in rows where check.meanPositions < request.meanPositions {
        try progress("taking means", Double(check.meanPositions) / min(total, Double(request.meanPositions)))
        try check.addMeans(row)
      }
    }
    var done = 0
    for row in rows {
      try progress("measuring", Double(done) / total)
      try check.add(row)
      guard check.original.crossEntropy.isFinite else {
        throw ReplacementError.notFinite(place: "the model's output")
      }
      done += row.count
    }
    var graphs: [[GraphSample]] = []
    for (number, model) in models.enumerated() {
      var samples: [GraphSample] = []
      for (place, prompt) in request.graphPrompts.enumerated() {
        let part = Double(number * request.graphPrompts.count + place)
        try progress("tracing prompts", part / Double(models.count * request.graphPrompts.count))
        samples.append(
          try GraphSample(
            prompt, with: model, isExact: request.texts.isExact, workingMemory: request.workingMemory))
      }
      graphs.append(samples)
    }
    let probes = try zip(models, check.measures).map { model, measure -> HookProbe? in
      guard measure.layers.contains(where: { $0.all.unexplainedVariance ?? 0 > 1 }) else { return nil }
      try progress("trying other hooks", 0)
      return try HookProbe(
        of: model.transformer, transcoder: model.transcoder, texts: sample(of: rows, positions: 2048))
    }
    return TranscoderCheck(
      request: request, models: models, measured: check, graphs: graphs, probes: probes)
  }

  private static func sample(of rows: [[Token]], positions: Int) -> [[Token]] {
    var count = 0
    return Array(
      rows.prefix { row in
        defer { count += row.count }
        return count < positions
      })
  }

  /// What to say of a measurement on little text; `nil` if it was enough.
  public var noteOnSize: String? {
    let count = measured.positionCount
    guard count < 5000 else { return nil }
    return
      "Only \(count) position\(count == 1 ? " was" : "s were") measured: these figures tell of this text, and of others little. A "
      + "feature that did not fire here need not be dead, nor one that fires often dense; give more text to know."
  }

  /// What the transcoders are called in the report: their folders, told apart where they are the same.
  public var names: [String] {
    let names = models.map { $0.transcoder.name }
    return Set(names).count == names.count ? names : models.map { $0.transcoder.folder.path }
  }
}
