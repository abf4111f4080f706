/// What a user says about transcoders, for files that do not say it, or say it wrongly.
public struct TranscoderDescription: Sendable {
  public var inputHook: FeatureInputHook?
  public var outputHook: FeatureOutputHook?
  /// The model that they were made for.
  public var modelName: String?

  public init(
    inputHook: FeatureInputHook? = nil, outputHook: FeatureOutputHook? = nil, modelName: String? = nil
  ) {
    (self.inputHook, self.outputHook, self.modelName) = (inputHook, outputHook, modelName)
  }
}
