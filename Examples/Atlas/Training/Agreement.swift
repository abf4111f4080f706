public import AtlasWorld

/// How many questions are answered alike by the model and by what replaces it.
public struct Agreement: Sendable {
  /// The kind of question; `nil` for all kinds.
  public var kind: Question.Kind?
  /// Questions.
  public var count = 0
  /// Those where the same token is the likeliest at every token of the answer.
  public var agreeing = 0
  /// Questions that the model is decided about: at every token of the answer the logit of the likeliest token lies
  /// ``leastMargin`` or more over the next. Of a war's last year it often is not: any later one will do.
  public var decided = 0
  /// Those of them that agree.
  public var decidedAgreeing = 0

  /// In nats.
  public static let leastMargin: Float = 0.1

  public init(kind: Question.Kind? = nil) { self.kind = kind }

  /// The share of all questions.
  public var share: Double { Double(agreeing) / Double(max(1, count)) }
  /// The share of those that the model is decided about.
  public var decidedShare: Double { Double(decidedAgreeing) / Double(max(1, decided)) }

  /// Counts a question.
  /// - Parameter logits: The model's and the replaced model's, for each token of the answer.
  public mutating func add(_ logits: [(model: ArraySlice<Float>, replaced: ArraySlice<Float>)]) {
    var agrees = true, isDecided = true
    for (model, replaced) in logits {
      let (best, margin) = Self.likeliest(model)
      agrees = agrees && Self.likeliest(replaced).token == best
      isDecided = isDecided && margin >= Self.leastMargin
    }
    count += 1
    agreeing += agrees ? 1 : 0
    decided += isDecided ? 1 : 0
    decidedAgreeing += agrees && isDecided ? 1 : 0
  }

  private static func likeliest(_ logits: ArraySlice<Float>) -> (token: Int, margin: Float) {
    var (best, first, second) = (0, -Float.infinity, -Float.infinity)
    for (token, logit) in logits.enumerated() {
      if logit > first {
        (best, first, second) = (token, logit, first)
      } else if logit > second {
        second = logit
      }
    }
    return (best, first - second)
  }
}
