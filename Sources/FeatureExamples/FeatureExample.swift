public import Tokenization

/// One place in a text where a feature is active, with the tokens around it.
public struct FeatureExample: Sendable, Equatable {
  /// The activation of the feature at a token of the window.
  public struct Activation: Sendable, Equatable {
    /// The token's place in the window.
    public let place: Int
    public let value: Float

    public init(place: Int, value: Float) {
      self.place = place
      self.value = value
    }
  }

  /// The text, counted from 0 in the order of reading.
  public let row: Int
  /// The position in the text.
  public let position: Int
  public let activation: Float
  /// The tokens around the position.
  public let tokens: [Token]
  /// The position's place among ``tokens``.
  public let place: Int
  /// Where in the window the feature is active, by place.
  public let activations: [Activation]

  public init(
    row: Int, position: Int, activation: Float, tokens: [Token], place: Int, activations: [Activation]
  ) {
    self.row = row
    self.position = position
    self.activation = activation
    self.tokens = tokens
    self.place = place
    self.activations = activations
  }

  /// The feature's activation at each token of the window, `[token]`.
  public var activationByToken: [Float] {
    var values = [Float](repeating: 0, count: tokens.count)
    for entry in activations { values[entry.place] = entry.value }
    return values
  }
}

/// How much is kept of each feature.
public struct ExampleSettings: Sendable, Equatable, Codable {
  /// The examples with the largest activations, one of a text at most.
  public var top = 20
  /// Random examples of each interval of activation.
  public var samples = 5
  /// Tokens kept in front of an example's position.
  public var before = 24
  /// Tokens kept behind it.
  public var after = 8
  /// Where the random numbers that choose samples start.
  public var seed: UInt64 = 0

  public init() {}
}
