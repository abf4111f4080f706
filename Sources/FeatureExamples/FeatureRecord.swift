public import Transcoding

/// All that is known of one feature.
public struct FeatureRecord: Sendable, Equatable {
  public let feature: FeatureID
  public let statistics: FeatureStatistics
  public let tokens: PromotedTokens
  /// The label proposed from the examples.
  public let proposedLabel: String?
}

/// What a database of feature examples was made from.
public struct FeatureProvenance: Sendable, Equatable, Codable {
  public var model: String
  public var modelFingerprint: String
  public var transcoders: String
  public var transcoderFingerprint: String
  /// The name by which viewers look features up.
  public var scan: String
  public var textFiles: [String]
  public var textFingerprint: String
  /// Features of each layer.
  public var featureCounts: [Int]
  public var settings: ExampleSettings
  public var command: [String]
  public var version: String

  public init(
    model: String, modelFingerprint: String, transcoders: String, transcoderFingerprint: String, scan: String,
    textFiles: [String], textFingerprint: String, featureCounts: [Int], settings: ExampleSettings,
    command: [String], version: String
  ) {
    self.model = model
    self.modelFingerprint = modelFingerprint
    self.transcoders = transcoders
    self.transcoderFingerprint = transcoderFingerprint
    self.scan = scan
    self.textFiles = textFiles
    self.textFingerprint = textFingerprint
    self.featureCounts = featureCounts
    self.settings = settings
    self.command = command
    self.version = version
  }

  /// Why a build of another origin cannot go on with this one's; `nil` if it can.
  func difference(to other: Self) -> String? {
    if let origin = differentOrigin(of: other) { return "it was begun with \(origin)" }
    if version != other.version { return "it was begun by version \(other.version) of Clew" }
    return nil
  }

  /// What another database was made from that this one is not; `nil` if both are of the same, by whichever version.
  func differentOrigin(of other: Self) -> String? {
    if modelFingerprint != other.modelFingerprint { return "another model" }
    if transcoderFingerprint != other.transcoderFingerprint { return "other transcoders" }
    if textFingerprint != other.textFingerprint { return "another text" }
    if settings != other.settings { return "other settings" }
    if featureCounts != other.featureCounts { return "other numbers of features" }
    return nil
  }
}

/// How much text has been read.
public struct FeatureProgress: Sendable, Equatable, Codable {
  /// Texts read.
  public var rows = 0
  /// Tokens read.
  public var tokens = 0
  /// Positions that could have features.
  public var positions = 0
  /// Whether the build is finished.
  public var isComplete = false
}
