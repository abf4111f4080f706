internal import Foundation
public import Tensors
public import Tokenization
public import Transcoding
public import Transformers

/// How well transcoders reconstruct a model's MLP outputs, and what putting them in the MLPs' place does to its
/// answers, text by text in bounded memory.
///
/// Position 0 has no features: it counts in no mean, and in replaced runs it keeps its MLPs. Call
/// ``addMeans(_:)`` with some texts first where the loss under mean ablation is wanted, then ``add(_:)`` with all.
public struct ReconstructionCheck: Sendable {
  /// What to measure.
  public struct Settings: Sendable {
    /// Whether the model is run with its MLPs replaced.
    public var measuresBehaviour = true
    /// Whether one layer at a time is replaced, too: half a run more for each layer.
    public var replacesSingleLayers = true
    /// On how many texts the local replacement model is tried.
    public var localTexts = 4
    /// How many of the worst tokens are kept.
    public var worstTokens = 24
    /// Whether each position is kept, as for a single text.
    public var keepsPositions = false

    public init() {}
  }

  public let model: Transformer
  public let settings: Settings
  /// In the order of the transcoders given.
  public private(set) var measures: [TranscoderMeasure]
  /// The model as it is.
  public private(set) var original = BehaviourTally()
  /// Every MLP output replaced by its mean; without positions if no means were taken.
  public private(set) var meanAblation = BehaviourTally()
  /// Every MLP output replaced by zeros.
  public private(set) var zeroAblation = BehaviourTally()
  /// How many texts were read.
  public private(set) var textCount = 0
  /// How many positions the means of the ablation are taken over.
  public private(set) var meanPositions = 0
  private var outputSums: [[Double]]
  private let reconstructors: [Reconstructor]
  private let skipped = 1

  /// - Throws: ``ReplacementError/transcoding(_:)`` if transcoders were made for another model.
  public init(
    of model: Transformer, transcoders: [Transcoder], settings: Settings = Settings()
  ) throws(ReplacementError) {
    for transcoder in transcoders { try LocalReplacementModel.check(transcoder, fits: model) }
    self.model = model
    self.settings = settings
    measures = transcoders.map { TranscoderMeasure($0, worstCount: settings.worstTokens) }
    reconstructors = transcoders.map { Reconstructor($0) }
    let zero = [Double](repeating: 0, count: model.configuration.dModel)
    outputSums = Array(repeating: zero, count: model.blocks.count)
  }

  /// Positions measured, of all texts.
  public var positionCount: Int { measures.first?.layers.first?.all.rows ?? 0 }

  /// The part of the loss between an ablation and the model that a run wins back:
  /// `(CE_ablated − CE) / (CE_ablated − CE_original)`.
  public func lossRecovered(_ run: BehaviourTally, against ablation: BehaviourTally) -> Double? {
    let range = ablation.crossEntropy - original.crossEntropy
    guard ablation.positions > 0, run.positions > 0, range != 0 else { return nil }
    return (ablation.crossEntropy - run.crossEntropy) / range
  }

  // MARK: Texts

  /// Takes the means of MLP outputs from a text, for mean ablation.
  public mutating func addMeans(_ tokens: [Token]) throws(ReplacementError) {
    let recording = try Self.record(model, tokens, logits: .last)
    for layer in outputSums.indices {
      for position in skipped..<max(skipped, tokens.count) {
        for (i, value) in recording.mlpOutput[layer][position].enumerated() {
          outputSums[layer][i] += Double(value)
        }
      }
    }
    meanPositions += max(0, tokens.count - skipped)
  }

  /// Measures on a text.
  /// - Throws: ``ReplacementError/transformer(_:)`` if the model cannot run it, ``ReplacementError/notFinite(place:)``.
  public mutating func add(_ tokens: [Token]) throws(ReplacementError) {
    let recording = try Self.record(model, tokens, logits: settings.measuresBehaviour ? .all : .last)
    var answers: OriginalAnswers?
    if settings.measuresBehaviour {
      answers = OriginalAnswers(
        tokens: tokens.map(Int.init), logits: recording.logits, skipped: skipped, tally: &original)
      if let answers { try ablate(recording, answers) }
    }
    for index in measures.indices { try add(recording, answers, to: index) }
    textCount += 1
  }

  private static func record(
    _ model: Transformer, _ tokens: [Token], logits: Transformer.LogitPositions
  ) throws(ReplacementError) -> Recording {
    do throws(TransformerError) {
      return try model.record(tokens, logits: logits)
    } catch {
      throw .transformer(error)
    }
  }

  private mutating func add(
    _ recording: Recording, _ answers: OriginalAnswers?, to index: Int
  ) throws(ReplacementError) {
    let coder = reconstructors[index]
    let hook = coder.transcoder.configuration.inputHook
    let target = coder.transcoder.configuration.outputHook
    let (activations, outputs) = coder.reconstruct { layer in
      model.blocks[layer].featureInput(
        hook, residualMid: recording.residualMid[layer], scales: recording.mlpNormScales[layer])
    }
    var shares: [[Double]] = []
    for layer in outputs.indices {
      shares.append(
        measures[index].layers[layer].add(
          targets: recording.featureOutput(target, layer: layer), outputs: outputs[layer],
          activations[layer], keepingPositions: settings.keepsPositions))
      guard measures[index].layers[layer].all.errorSquares.isFinite else {
        throw .notFinite(
          place: "what the transcoders in \(coder.transcoder.folder.path) write to layer \(layer)")
      }
    }
    measures[index].worst.add(
      text: textCount, tokens: recording.tokens.map(Int.init), shares: shares, skipped: skipped)
    guard let answers else { return }
    if settings.replacesSingleLayers { try replaceOne(recording, outputs, answers, index) }
    try replaceAll(recording, answers, index)
    if textCount < settings.localTexts { try replaceLocally(recording, activations, outputs, index) }
  }

  // MARK: Replaced runs

  /// The logits of a recorded text with every MLP replaced by features, which are read from the stream as it drifts;
  /// position 0 keeps its own MLPs.
  /// - Parameter index: Which of the transcoders.
  /// - Returns: The logits that the recording has, `[position, vocabulary]`.
  public func replacedLogits(
    _ recording: Recording, by index: Int = 0
  ) throws(ReplacementError) -> Matrix {
    var change = FeatureReplacement(
      model: model, reconstructor: reconstructors[index], original: recording, skipped: skipped)
    return try rerun(recording, from: 0, held(recording), &change)
  }

  private mutating func replaceOne(
    _ recording: Recording, _ outputs: [Matrix], _ answers: OriginalAnswers, _ index: Int
  ) throws(ReplacementError) {
    let hook = reconstructors[index].transcoder.configuration.outputHook
    for layer in outputs.indices {
      var replaced = [Matrix?](repeating: nil, count: outputs.count)
      replaced[layer] = model.blocks[layer].residualOutput(hook, outputs[layer], frozenScales: nil)
      var change = OutputReplacement(outputs: replaced, skipped: skipped)
      let logits = try rerun(
        recording, from: layer, Freeze(recording: recording, mlpLayers: layer..<layer + 1), &change)
      answers.compare(logits, tally: &measures[index].oneLayer[layer])
    }
  }

  private mutating func replaceAll(
    _ recording: Recording, _ answers: OriginalAnswers, _ index: Int
  ) throws(ReplacementError) {
    var change = FeatureReplacement(
      model: model, reconstructor: reconstructors[index], original: recording, skipped: skipped)
    let logits = try rerun(recording, from: 0, held(recording), &change)
    answers.compare(logits, tally: &measures[index].allLayers)
    for (layer, drift) in change.drift.enumerated() {
      measures[index].driftDifferences[layer] += drift.difference
      measures[index].driftSquares[layer] += drift.original
    }
  }

  private mutating func replaceLocally(
    _ recording: Recording, _ activations: [LayerActivations], _ outputs: [Matrix], _ index: Int
  ) throws(ReplacementError) {
    let hook = reconstructors[index].transcoder.configuration.outputHook
    var errors = outputs.indices.map { recording.featureOutput(hook, layer: $0) }
    for layer in errors.indices {
      for i in errors[layer].values.indices { errors[layer].values[i] -= outputs[layer].values[i] }
    }
    var change = FeatureReplacement(
      model: model, reconstructor: reconstructors[index], original: recording, skipped: skipped,
      held: (activations, errors))
    var freeze = held(recording)
    (freeze.attention, freeze.norms) = (true, true)
    let logits = try rerun(recording, from: 0, freeze, &change)
    var largest = measures[index].largestLocalDifference
    for (a, b) in zip(logits.values, recording.logits.values) { largest = max(largest, Double(abs(a - b))) }
    measures[index].largestLocalDifference = largest
    measures[index].localTexts += 1
  }

  private mutating func ablate(
    _ recording: Recording, _ answers: OriginalAnswers
  ) throws(ReplacementError) {
    let width = model.configuration.dModel
    var change = OutputReplacement(
      outputs: outputSums.map { _ in Matrix(rows: 1, columns: width) }, skipped: skipped)
    answers.compare(try rerun(recording, from: 0, held(recording), &change), tally: &zeroAblation)
    guard meanPositions > 0 else { return }
    let means = outputSums.map { sum in
      Matrix(rows: 1, columns: width, values: sum.map { Float($0 / Double(meanPositions)) })
    }
    change = OutputReplacement(outputs: means, skipped: skipped)
    answers.compare(try rerun(recording, from: 0, held(recording), &change), tally: &meanAblation)
  }

  /// Every MLP held as recorded: what replaces it need not be computed twice, and position 0 keeps its own.
  private func held(_ recording: Recording) -> Freeze {
    Freeze(recording: recording, mlpLayers: model.blocks.indices)
  }

  private func rerun(
    _ recording: Recording, from layer: Int, _ freeze: Freeze, _ change: inout some Intervention
  ) throws(ReplacementError) -> Matrix {
    do throws(TransformerError) {
      return try model.rerun(recording, from: layer, freezing: freeze, intervening: &change)
    } catch {
      throw .transformer(error)
    }
  }
}

extension Reconstructor {
  /// Encodes and decodes every layer.
  /// - Parameter input: What is read in a layer, `[position, dModel]`.
  func reconstruct(
    _ input: (Int) -> Matrix
  ) -> (activations: [LayerActivations], outputs: [Matrix]) {
    let inputs = (0..<transcoder.layerCount).map(input)
    var outputs = inputs.enumerated().map { constant($1, layer: $0) }
    var activations: [LayerActivations] = []
    for (layer, input) in inputs.enumerated() {
      activations.append(encode(input, layer: layer))
      decode(activations[layer], layer: layer, into: &outputs)
    }
    return (activations, outputs)
  }
}
