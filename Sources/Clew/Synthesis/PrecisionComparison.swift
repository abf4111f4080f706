internal import Attribution
internal import AttributionGraphs
internal import Checkpoints
public import Foundation
internal import ReplacementModels
internal import Tensors
internal import Tokenization
internal import Transcoding
internal import Transformers

/// What storing a model's weights in bfloat16 changes in its answers and graphs.
///
/// A model is run in three forms: as it is; with every weight rounded to bfloat16 and stored so; and with the same rounded
/// numbers stored as float32. Sums are float32 in all of them, so that the second and the third have to agree to the bit,
/// and what the first differs by is the rounding of weights alone.
public struct PrecisionComparison: Sendable {
  /// Two forms of a model on one prompt.
  public struct Difference: Sendable {
    /// The largest difference of a logit at any position, and the largest logit's size.
    public var logit = 0.0
    public var largestLogit = 0.0
    /// Features active in one form only, and in both.
    public var activeInOne = 0
    public var activeInBoth = 0
    /// Differences of rows that both have, each Σ|a − b| / Σ|b| over the sources that both have: mean and largest.
    public var meanRow = 0.0
    public var largestRow = 0.0
  }

  /// The rounded weights as bfloat16 against the same numbers as float32.
  public let storage: Difference
  /// The rounded weights against the model as it is.
  public let rounding: Difference

  /// Compares on one prompt, with every row computed.
  /// - Parameter folder: Where the two copies lie meanwhile.
  public init(model: URL, transcoders: URL, prompt: String, in folder: URL) throws {
    let rounded = try WorkFolder(in: folder, named: "clew-bfloat16")
    let widened = try WorkFolder(in: folder, named: "clew-float32")
    try Self.copy(model, to: rounded.url, type: .bfloat16)
    try Self.copy(rounded.url, to: widened.url, type: .float32)
    let transcoder = try Transcoder(folder: transcoders)
    let forms = try [model, rounded.url, widened.url].map { try Form($0, transcoder, prompt: prompt) }
    storage = forms[1].difference(from: forms[2])
    rounding = forms[1].difference(from: forms[0])
  }

  /// Copies a model with its matrices and vectors stored in another type.
  private static func copy(_ model: URL, to folder: URL, type: ElementType) throws {
    let files = try FileBatch(folder: folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: model.path)
    for name in names.sorted() where name.hasSuffix(".json") && !name.hasSuffix(".index.json") {
      try files.stage(name, Array(try Data(contentsOf: model.appending(path: name))))
    }
    var writer = SafetensorsWriter(metadata: [("format", "pt")])
    let checkpoint = try Checkpoint(folder: model)
    for tensor in checkpoint.tensors.values.sorted(by: { $0.name < $1.name }) {
      if tensor.shape.count == 2 {
        writer.add(tensor.name, try tensor.weight(), shape: tensor.shape, type: type)
      } else {
        writer.add(tensor.name, try tensor.floats(), shape: tensor.shape, type: type)
      }
    }
    try files.stage("model.safetensors", parts: writer.parts())
    try files.commit()
  }

  /// A model's logits and rows.
  private struct Form {
    let logits: Matrix
    let rows: [String: [String: Float]]
    let active: Set<String>

    init(_ folder: URL, _ transcoder: Transcoder, prompt text: String) throws {
      let transformer = try Transformer(folder: folder)
      let tokenizer = try Tokenizer(folder: folder)
      let prompt = try Prompt(text, tokenizer: tokenizer)
      let recording = try transformer.record(prompt.tokens, logits: .all)
      logits = recording.logits
      let model = try LocalReplacementModel(of: transformer, transcoder: transcoder, recording: recording)
      var settings = AttributionSettings()
      settings.coverage = 1
      let graph = try Attributor.attribute(model, prompt: prompt, tokenizer: tokenizer, settings: settings)
        .graph
      var rows: [String: [String: Float]] = [:]
      for (target, row) in graph.effects.rows.enumerated() where !row.sources.isEmpty {
        rows[graph.nodes[target].id] = Dictionary(
          uniqueKeysWithValues: zip(row.sources, row.weights).map { (graph.nodes[Int($0)].id, $1) })
      }
      self.rows = rows
      active = Set(
        graph.nodes.compactMap { node in
          if case .feature = node.node { return node.id } else { return nil }
        })
    }

    func difference(from other: Form) -> Difference {
      var result = Difference()
      for (a, b) in zip(logits.values, other.logits.values) {
        result.logit = max(result.logit, abs(Double(a) - Double(b)))
        result.largestLogit = max(result.largestLogit, abs(Double(b)))
      }
      result.activeInBoth = active.intersection(other.active).count
      result.activeInOne = active.symmetricDifference(other.active).count
      var count = 0
      for (target, row) in rows.sorted(by: { $0.key < $1.key }) {
        guard let known = other.rows[target] else { continue }
        var (apart, size) = (0.0, 0.0)
        for (source, weight) in known.sorted(by: { $0.key < $1.key }) {
          guard let mine = row[source] else { continue }
          apart += abs(Double(mine) - Double(weight))
          size += abs(Double(weight))
        }
        let part = size > 0 ? apart / size : 0
        result.meanRow += part
        result.largestRow = max(result.largestRow, part)
        count += 1
      }
      if count > 0 { result.meanRow /= Double(count) }
      return result
    }
  }
}
