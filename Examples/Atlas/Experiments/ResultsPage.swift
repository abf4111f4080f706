internal import AtlasWorld
internal import Clew
internal import Foundation

/// `results.md`: what interventions on Atlas show, in figures.
public struct ResultsPage {
  let atlas: Atlas
  let places: [SwapOutcome]
  let languages: [SwapOutcome]
  let comparison: EffectComparison
  let choices: [Choice]

  /// What swaps do with other layers, or another multiple of the differences.
  struct Choice {
    let layers: Range<Int>
    let strength: Float
    let places, languages: Double
  }

  /// Measures everything.
  public init(_ atlas: Atlas, progress: (String, Double) -> Void = { _, _ in }) throws {
    self.atlas = atlas
    var placeSwap = PlaceSwap(atlas)
    places = try placeSwap.results { progress("swapping places", $0) }
    var languageSwap = LanguageSwap(atlas)
    languages = try languageSwap.results { progress("swapping languages", $0) }
    comparison = try EffectComparison(atlas) { progress("taking features away", $0) }
    var choices: [Choice] = []
    for end in 1...3 {
      for strength in [1, 1.5, 2, 2.5] as [Float] {
        progress("swapping otherwise", Double(choices.count) / 12)
        var other = atlas
        (other.swappedLayers, other.swapStrength) = (0..<end, strength)
        var places = PlaceSwap(other), languages = LanguageSwap(other)
        choices.append(
          Choice(
            layers: 0..<end, strength: strength, places: Self.success(try places.results()),
            languages: Self.success(try languages.results())))
      }
    }
    self.choices = choices
  }

  private static func success(_ outcomes: [SwapOutcome]) -> Double {
    Double(outcomes.count { $0.succeeded }) / Double(max(1, outcomes.count))
  }

  /// The page.
  /// - Parameter command: The command that makes it again.
  public func markdown(command: String) -> String {
    """
    # What interventions on Atlas show

    ## The place in between

    Every held-out two-hop question, with the features of its state or country replaced by those of another one, drawn with
    seed 1. Each feature of \(Self.name(atlas.swappedLayers)) at the city or behind it moves by \(atlas.swapStrength) times
    the difference of its mean activations in trained questions about the two places' cities, for each other attribute, if
    it differs the same way in all of them; questions for the attribute that is looked at are not used. Attention patterns
    and the MLPs of these layers are held, and the layers behind them are recomputed. A swap succeeds if the likeliest next
    token begins the other place's answer.

    \(Self.table(places, of: "asked for"))

    ## The language of opposites

    Every question for an opposite, with the features of its language replaced by those of another: each moves by the
    same multiple of the difference of its mean activations in questions of the two languages, about words spelled in each
    of the three languages, if it differs the same way in all of them; the questions about the same two words are left
    out. A swap succeeds if the likeliest next token begins the opposite in the other language.

    \(Self.table(languages, of: "swap"))

    ## Other layers, other multiples

    Layers and multiple were chosen on these same questions. What the others give:

    \(choiceTable)

    ## Predicted and measured effects

    \(comparison.pairs.count) active features, drawn with seed 2 from held-out two-hop questions, taken away one at a time.
    Predicted is the sum over all paths of the graph (coverage 1), measured the change of the answer's logit less the mean
    of all logits. Ranks count small effects as much as large ones.

    | measured | correlation | of ranks |
    |---|---:|---:|
    | attention held | \(Self.number(comparison.correlation(with: \.measuredWithAttentionHeld))) \
    | \(Self.number(comparison.rankCorrelation(with: \.measuredWithAttentionHeld))) |
    | everything recomputed | \(Self.number(comparison.correlation(with: \.measured))) \
    | \(Self.number(comparison.rankCorrelation(with: \.measured))) |

    ## How it was made

        \(command)

    Clew \(Version.current); model \(Fingerprint.of(folder: atlas.model.transformer.folder)), transcoders \
    \(Fingerprint.of(atlas.model.transcoder)).

    """
  }

  private var choiceTable: String {
    let rows = choices.map { choice in
      let shares = [choice.places, choice.languages].map { NumberText.percent($0, decimals: 1) }
      return "| \(Self.name(choice.layers)) | \(choice.strength) | \(shares[0]) | \(shares[1]) |"
    }
    let header = ["| features of | multiple | places | languages |", "|---|---:|---:|---:|"]
    return (header + rows).joined(separator: "\n")
  }

  private static func name(_ layers: Range<Int>) -> String {
    layers.count == 1
      ? "layer \(layers.lowerBound)" : "layers \(layers.lowerBound) to \(layers.upperBound - 1)"
  }

  /// One line for every group, and one for all.
  private static func table(_ outcomes: [SwapOutcome], of title: String) -> String {
    var lines = [
      "| \(title) | questions | right before | swap succeeds | stays as it was | features moved |",
      "|---|---:|---:|---:|---:|---:|",
    ]
    let groups = Dictionary(grouping: outcomes, by: \.group).sorted { $0.key < $1.key }
    for (name, group) in groups + [("all", outcomes)] {
      func share(_ isCounted: (SwapOutcome) -> Bool) -> String {
        NumberText.percent(Double(group.count(where: isCounted)) / Double(max(1, group.count)), decimals: 1)
      }
      let features = Double(group.reduce(0) { $0 + $1.featureCount }) / Double(max(1, group.count))
      lines.append(
        "| \(name) | \(group.count) | \(share(\.wasRight)) | \(share(\.succeeded)) | \(share(\.stayed)) "
          + "| \(String(format: "%.1f", features)) |")
    }
    return lines.joined(separator: "\n")
  }

  private static func number(_ value: Double) -> String { String(format: "%.3f", value) }
}
