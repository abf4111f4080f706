internal import Clew
internal import Foundation

/// What `clew check` prints for people: the figures that decide; the page has the rest.
enum CheckText {
  static func text(_ check: TranscoderCheck, folder: String) -> String {
    let measured = check.measured
    var text =
      "\(measured.positionCount) positions of \(measured.textCount) text\(measured.textCount == 1 ? "" : "s"); "
      + "position 0 counts in no mean\n"
    for (place, measure) in measured.measures.enumerated() {
      text += "\n\(check.names[place])\nlayer   FVU     NMSE    cosine  L0      dead      dense>10%"
      let hasRuns = measure.allLayers.positions > 0
      text += hasRuns && measured.settings.replacesSingleLayers ? "  alone: ΔCE  KL      top-1\n" : "\n"
      for (layer, values) in measure.layers.enumerated() {
        text += pad("\(layer)", 8) + pad(number(values.all.unexplainedVariance, 4), 8)
        text += pad(number(values.all.normalizedSquaredError, 4), 8) + pad(number(values.all.cosine, 4), 8)
        text += pad(number(values.all.activeFeatures, 2), 8) + pad(percent(values.deadShare), 10)
        text += pad(percent(values.denseShare(over: 0.1)), 11)
        if hasRuns, measured.settings.replacesSingleLayers {
          text += run(measure.oneLayer[layer], measured, 12)
        }
        text += "\n"
      }
      if hasRuns {
        let recovered = measured.lossRecovered(measure.allLayers, against: measured.meanAblation)
        text +=
          "all layers replaced: ΔCE \(number(measure.allLayers.crossEntropy - measured.original.crossEntropy, 4)) "
        text +=
          "(from \(number(measured.original.crossEntropy, 4))), KL \(number(measure.allLayers.divergenceFromOriginal, 4)), "
        text +=
          "top-1 \(percent(measure.allLayers.topAgreement)), CE recovered \(recovered.map(percent) ?? "–")\n"
        text += "local replacement model: logits within "
        text += String(format: "%.1e", measure.largestLocalDifference) + " of the model's own\n"
      }
      let samples = check.graphs[place]
      if !samples.isEmpty {
        let (replacement, completeness) = (
          Spread(samples.map(\.replacement)), Spread(samples.map(\.completeness))
        )
        text += "graphs of \(samples.count) prompt\(samples.count == 1 ? "" : "s"): "
        text += "replacement \(number(replacement.mean, 4)) (least \(number(replacement.least, 4))), "
        text += "completeness \(number(completeness.mean, 4))\n"
      }
      if let probe = check.probes[place] {
        text += "FVU is above 1: wrong hook, wrong normalisation or wrong model? "
        text +=
          probe.betterHook.map { "They fit when they read at \($0.rawValue).\n" }
          ?? "No neighbouring hook fits.\n"
      }
    }
    if let note = check.noteOnSize { text += "\nnote      \(note)\n" }
    return text + "\nresult    \(folder) (open report.html; it has the definitions)\n"
  }

  private static func run(_ tally: BehaviourTally, _ measured: ReconstructionCheck, _ width: Int) -> String {
    pad(number(tally.crossEntropy - measured.original.crossEntropy, 4), width)
      + pad(number(tally.divergenceFromOriginal, 4), 8) + percent(tally.topAgreement)
  }

  private static func number(_ value: Double?, _ digits: Int) -> String {
    value.map { String(format: "%.\(digits)f", $0) } ?? "-"
  }
  private static func percent(_ value: Double) -> String { NumberText.percent(value, decimals: 2) }
  private static func pad(_ text: String, _ width: Int) -> String {
    text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
  }
}
