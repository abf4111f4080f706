public import Clew
public import Foundation

/// The demo world's model with its transcoders.
public struct Atlas: Sendable {
  public let model: TracingModel
  /// The layers whose features swaps change: the lower half.
  public var swappedLayers = 0..<3
  /// What a swap's differences are multiplied by; more than once outweighs what attention carries to the answer from
  /// the embeddings, which no feature holds.
  public var swapStrength: Float = 2

  /// Where the model lies in the package.
  public static let modelPath = "Examples/Atlas/model"
  /// Where its cross-layer transcoders lie in the package.
  public static let transcodersPath = "Transcoders/atlas-clt"
  /// The question that the demo asks; it is held out.
  public static let question = "the capital of the state containing Dallas is"

  public init(model: TracingModel) { self.model = model }

  /// Where a folder of the package lies: below the working folder, else above the program.
  public static func folder(_ path: String) -> URL {
    let here = URL(filePath: path)
    if FileManager.default.fileExists(atPath: here.path) { return here }
    var root = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
    while let folder = root, folder.path != "/" {
      let candidate = folder.appending(path: path)
      if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
      root = folder.deletingLastPathComponent()
    }
    return here
  }

  /// A prompt with BOS in front.
  public func tokens(_ prompt: String) throws -> [Token] { try model.tokenizer.encode(prompt) }

  /// The first token of an answer.
  public func firstToken(of answer: String) throws -> Token? {
    try model.tokenizer.encode(answer, addingSpecialTokens: false).first
  }

  /// The features of a prompt, ready for interventions.
  public func replacement(of prompt: String) throws -> LocalReplacementModel {
    try LocalReplacementModel(
      of: model.transformer, transcoder: model.transcoder,
      recording: model.transformer.record(tokens(prompt), logits: .all))
  }

  /// The likeliest next token with a swap, and its probability.
  ///
  /// The MLPs of the layers that are changed write what they wrote before, and what the features add; from there on
  /// everything but attention is recomputed. Were they recomputed too, what a feature writes to a later layer would
  /// come twice: from the feature, and from that layer's own answer to what the feature wrote before it.
  public func answer(
    to replacement: LocalReplacementModel, after swap: FeatureSwap
  ) throws -> (token: Token, probability: Double) {
    let edits = swap.edits(on: replacement.activations, strength: swapStrength)
    let held = swappedLayers.clamped(to: 0..<model.transformer.blocks.count)
    return Self.likeliest(
      try replacement.run(setting: edits, mode: .constrained(layers: held)).recording.lastLogits)
  }

  /// The likeliest token and its probability.
  public static func likeliest(_ logits: [Float]) -> (token: Token, probability: Double) {
    let largest = logits.max() ?? 0
    let sum = logits.reduce(0) { $0 + exp(Double($1 - largest)) }
    return (Token(logits.firstIndex(of: largest) ?? 0), 1 / sum)
  }
}
