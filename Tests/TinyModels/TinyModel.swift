public import Clew
public import Foundation
internal import TestSupport

/// A made-up model with cross-layer transcoders, small enough to be traced in milliseconds.
///
/// Its vocabulary is `<s>`, the beginning of text with the id 0, and the words `w1`, `w2`, …
public struct TinyModel: Sendable {
  private let holder: TemporaryFolder

  /// Three layers of width 16, 24 features a layer, about 5 of them active at a position, 16 tokens at most.
  public static let settings: SyntheticModel = {
    var model = SyntheticModel()
    model.layerCount = 3
    model.dModel = 16
    model.headCount = 2
    model.vocabularyCount = 40
    model.contextLength = 16
    model.featureCount = 24
    model.activeFeatures = 5
    model.seed = 11
    return model
  }()

  /// The one model that most tests share, written once a process; it must not be changed.
  public static func shared() throws -> TinyModel { try once.get() }
  private static let once: Result<TinyModel, any Error> = Result {
    let model = try TinyModel(settings)
    // What is static is never freed, so the folder is removed when the process ends.
    atexit {
      if let folder = try? TinyModel.once.get().folder { try? FileManager.default.removeItem(at: folder) }
    }
    return model
  }

  /// Writes a model to a temporary folder.
  public init(_ settings: SyntheticModel) throws {
    holder = try TemporaryFolder()
    try settings.write(to: holder.url)
  }

  private init(copying other: TinyModel) throws {
    holder = try TemporaryFolder()
    for part in ["model", "transcoders"] {
      try FileManager.default.copyItem(at: other.holder.url(part), to: holder.url(part))
    }
  }

  /// A copy that may be changed.
  public func copy() throws -> TinyModel { try TinyModel(copying: self) }

  /// The folder that holds ``model`` and ``transcoders``.
  public var folder: URL { holder.url }
  /// The model's folder.
  public var model: URL { holder.url("model") }
  /// The transcoders' folder.
  public var transcoders: URL { holder.url("transcoders") }

  /// The model, opened for tracing.
  public func open() throws -> TracingModel { try TracingModel(model: model, transcoders: transcoders) }
}
