internal import AtlasWorld
internal import Clew
internal import Foundation

/// `results.md`: what interventions on Atlas show, in figures.
public struct ResultsPage {
  let atlas: Atlas
  let places: [SwapOutcome]
  let languages: [SwapOutcome]
  let comparison: EffectComparison

  /// Measures everything.
  public init(_ atlas: Atlas, progress: (String, Double) -> Void = { _, _ in }) throws {
    self.atlas = atlas
    var placeSwap = PlaceSwap(atlas)
    places = try placeSwap.results { progress("swapping places", $0) }
    var languageSwap = LanguageSwap(atlas)
    languages = try languageSwap.results { progress("swapping languages", $0) }
    comparison = try EffectComparison(atlas) { progress("taking features away", $0) }
  }

  /// The page.
  /// - Parameter command: The command that makes it again.
  public func markdown(command: String) -> String {
    """
    # What interventions on Atlas show

    ## The place in between

    Every held-out two-hop question, with the features of its state or country replaced by those of another one, drawn with
    seed 1. Each feature of layers \(Atlas.swappedLayers.lowerBound) to \(Atlas.swappedLayers.upperBound - 1) at the city
    or behind it moves by \(Atlas.swapStrength) times the difference of its mean activations in trained questions about
    the two places' cities, for each other attribute, if it differs the same way in all of them; questions for the
    attribute that is looked at are not used. Attention patterns and the MLPs of these layers are held, and the layers
    behind them are recomputed. A swap succeeds if the likeliest next token begins the other place's answer.

    \(Self.table(places, of: "asked for"))

    ## The language of opposites

    Every question for an opposite, with the features of its language replaced by those of another: each moves by the
    same multiple of the difference of its mean activations in questions of the two languages, about words spelled in each
    of the three languages, if it differs the same way in all of them; the questions about the same two words are left
    out. A swap succeeds if the likeliest next token begins the opposite in the other language.

    \(Self.table(languages, of: "swap"))

    ## Predicted and measured effects

    \(comparison.pairs.count) active features, drawn with seed 2 from held-out two-hop questions, taken away one at a time. \
    Predicted is the sum over all paths of the graph (coverage 1), measured the change of the answer's logit less the mean
    of all logits.

    | measured | correlation | of ranks |
    |---|---:|---:|
    | attention held | \(Self.number(comparison.correlation(with: \.measuredWithAttentionHeld))) \
    | \(Self.number(comparison.rankCorrelation(with: \.measuredWithAttentionHeld))) |
    | everything recomputed | \(Self.number(comparison.correlation(with: \.measured))) \
    | \(Self.number(comparison.rankCorrelation(with: \.measured))) |

    ## How it was made

        \(command)

    Clew \(Version.current); model \(Fingerprint.of(folder: atlas.model.transformer.folder)), transcoders \
    \(Fingerprint.of(folder: atlas.model.transcoder.folder)).

    """
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
        String(format: "%.1f %%", 100 * Double(group.count(where: isCounted)) / Double(max(1, group.count)))
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
