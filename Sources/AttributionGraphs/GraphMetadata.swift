/// What a graph is of, in the words of the public viewers' `metadata` object.
public struct GraphMetadata: Sendable, Equatable {
  /// The graph's name, a file name without its ending: letters, digits, `_`, `.` and `-`.
  public var slug: String
  /// Which model and transcoders: a name that viewers look features up by.
  public var scan: String
  /// The prompt as text, BOS included.
  public var prompt: String
  /// The prompt's tokens as text, `[position]`.
  public var promptTokens: [String]
  /// `L`, the layers of the model, where it is known: a file need not say it, and its nodes need not show it.
  public var layerCount: Int?
  /// Where viewers start their slider: the share of influence that the kept nodes have.
  public var nodeThreshold: Double?
  /// How the file writes the `feature` of a node: 1 means paired with its layer, see ``FeatureNumber``.
  public var schemaVersion: Int?
  /// Who made the graph, with what and when: `generator`, `creator_name`, `create_time_ms` and others.
  public var info: JSONObject
  /// The settings of the trace, such as `max_n_logits`; any keys.
  public var generationSettings: JSONObject
  /// The settings of the pruning: `node_threshold`, `edge_threshold`; any keys.
  public var pruningSettings: JSONObject
  /// What a file says beyond this; keys here take the place of the keys that Clew would write.
  public var extra: JSONObject

  public init(
    slug: String, scan: String, prompt: String, promptTokens: [String], layerCount: Int? = nil,
    nodeThreshold: Double? = nil, schemaVersion: Int? = 1, info: JSONObject = [:],
    generationSettings: JSONObject = [:], pruningSettings: JSONObject = [:], extra: JSONObject = [:]
  ) {
    self.slug = slug
    self.scan = scan
    self.prompt = prompt
    self.promptTokens = promptTokens
    self.layerCount = layerCount
    self.nodeThreshold = nodeThreshold
    self.schemaVersion = schemaVersion
    self.info = info
    self.generationSettings = generationSettings
    self.pruningSettings = pruningSettings
    self.extra = extra
  }
}
