public import FeatureExamples
internal import Foundation
internal import Tokenization
internal import Transcoding

/// One feature on a page of plain text, as somebody who has never seen it would want it.
public struct FeaturePage {
  let record: FeatureRecord
  let positions: Int
  let texts: TokenTexts
  /// What a user called it.
  let userLabel: String?

  public init(_ record: FeatureRecord, positions: Int, texts: TokenTexts, userLabel: String?) {
    self.record = record
    self.positions = positions
    self.texts = texts
    self.userLabel = userLabel
  }

  /// The page.
  /// - Parameter examples: How many of the top examples are shown.
  public func text(examples: Int) -> String {
    let statistics = record.statistics
    var lines = ["layer \(record.feature.layer), feature \(record.feature.index): \(title)", ""]
    let share = NumberText.percent(Double(statistics.count) / Double(max(1, positions)), decimals: 2)
    lines.append(row("active", "\(share) of positions (\(statistics.count) of \(positions))"))
    if statistics.count > 0 {
      let shares = [0.1, 0.5, 0.9].map { String(format: "%.3g", statistics.quantile($0)) }
      lines.append(
        row(
          "activation",
          String(format: "%.3g to %.3g, mean %.3g; ", statistics.minimum, statistics.maximum, mean)
            + "10 % below \(shares[0]), half below \(shares[1]), 90 % below \(shares[2])"))
      lines.append(
        row("histogram", "0 \(bars) " + String(format: "%.4g", statistics.histogram.upperBound)))
    }
    lines.append(row("promotes", list(record.tokens.promoted)))
    lines.append(row("suppresses", list(record.tokens.suppressed)))
    lines += section("top examples", Array(statistics.top.prefix(examples)))
    if examples > 0 {
      for (place, group) in statistics.samples.reversed().filter({ !$0.isEmpty }).enumerated() {
        let (first, last) = (group.map(\.activation).max() ?? 0, group.map(\.activation).min() ?? 0)
        let range = String(format: "%.3g to %.3g", first, last)
        lines += section(
          "sample of interval \(place), \(range)",
          Array(group.sorted { $0.activation > $1.activation }.prefix(2)))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var mean: Double { record.statistics.sum / Double(max(1, record.statistics.count)) }

  private var title: String {
    if let userLabel { return record.proposedLabel.map { "\(userLabel) (proposed: \($0))" } ?? userLabel }
    return record.proposedLabel.map { "\($0) (proposed)" } ?? "never active, no label"
  }

  private func row(_ name: String, _ value: String) -> String {
    name.padding(toLength: 12, withPad: " ", startingAt: 0) + value
  }

  /// The histogram's occupied part in 32 bars, each of two bins; the square root is drawn, so that rare ones show.
  private var bars: String {
    let counts = record.statistics.histogram.counts
    let pairs = stride(from: 0, to: counts.count, by: 2).map { Double(counts[$0]) + Double(counts[$0 + 1]) }
    let largest = max(1, pairs.max() ?? 1)
    let signs = Array("▁▂▃▄▅▆▇█")
    return String(
      pairs.map { count -> Character in
        count == 0 ? " " : signs[min(7, Int((count / largest).squareRoot() * 7.999))]
      })
  }

  private func list(_ tokens: [PromotedToken]) -> String {
    tokens.map { "“\(Self.visible(texts[$0.token]))” " + String(format: "%+.2f", $0.logit) }
      .joined(separator: ", ")
  }

  private func section(_ name: String, _ examples: [FeatureExample]) -> [String] {
    guard !examples.isEmpty else { return [] }
    return ["", name]
      + examples.map { example in
        let texts = self.texts.texts(of: example.tokens).map(Self.visible)
        let before = texts[..<example.place].joined().suffix(56)
        let after = texts[(example.place + 1)...].joined().prefix(28)
        let padding = String(repeating: " ", count: 56 - before.count)
        return String(format: "%8.3f  ", example.activation) + padding + before + "⟦\(texts[example.place])⟧"
          + after
      }
  }

  /// Control characters as signs, so that a token cannot disturb the terminal.
  static func visible(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n", "\r": result += "↵"
      case "\t": result += "⇥"
      case _
      where scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format:
        result += "·"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
