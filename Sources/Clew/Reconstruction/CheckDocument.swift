internal import Attribution
internal import Foundation
internal import Rendering
internal import ReplacementModels
internal import Tokenization
internal import Transcoding
internal import Transformers

/// The report of a check, piece by piece, for Markdown and for the page.
struct CheckDocument {
  let check: TranscoderCheck
  let command: [String]

  private var measured: ReconstructionCheck { check.measured }
  private var measures: [TranscoderMeasure] { check.measured.measures }
  private var names: [String] { check.names }
  private var layers: Range<Int> { 0..<measured.model.configuration.layerCount }
  private var tokenizer: Tokenizer { check.models[0].tokenizer }

  var title: String { "How far can \(names.joined(separator: " and ")) be trusted?" }

  var subtitle: String {
    let cut = check.request.texts.isCut ? ", which holds more" : ""
    return
      "On the model \(VisibleText.line(measured.model.name)), over \(measured.positionCount) positions of \(measured.textCount) "
      + "text\(measured.textCount == 1 ? "" : "s") from \(check.request.texts.source)\(cut). "
      + "Position 0 counts in no mean and keeps its MLPs."
  }

  func blocks() -> [ReportBlock] {
    summary + reconstruction + positions + densities + behaviour + graphs + worst + footer
  }

  // MARK: In short

  private var summary: [ReportBlock] {
    var blocks: [ReportBlock] = []
    for (name, measure) in zip(names, measures) {
      blocks.append(.list(sentences(measure, name: names.count > 1 ? name : nil)))
    }
    if let note = check.noteOnSize { blocks.append(.text(note)) }
    for (place, probe) in check.probes.enumerated() {
      guard let probe else { continue }
      blocks.append(.warning(warning(place, probe)))
      let rows = probe.unexplainedVariance.enumerated().map { number, entry in
        ["`\(entry.hook.rawValue)`" + (number == 0 ? ", as configured" : ""), decimals(entry.value, 4)]
      }
      blocks.append(
        .text(
          "Mean FVU over layers where \(names[place]) read at another hook, over \(probe.positions) positions:"
        ))
      blocks.append(.table(ReportTable(header: ["reads at", "FVU"], rows: rows)))
    }
    return blocks
  }

  private func sentences(_ measure: TranscoderMeasure, name: String?) -> [String] {
    let lead = name.map { "\($0): " } ?? ""
    var sentences = [
      "\(lead)with \(decimals(measure.activeFeatures, 1)) active features a position over all layers, the features "
        + "leave \(decimals(measure.meanUnexplainedVariance, 4)) of the variance of the MLP outputs unexplained (mean "
        + "FVU over layers; normalised MSE of all layers together \(decimals(measure.pooledSquaredError, 4)))."
    ]
    if measure.allLayers.positions > 0 {
      let delta = measure.allLayers.crossEntropy - measured.original.crossEntropy
      sentences.append(
        "\(lead)with every MLP replaced, the loss goes from \(decimals(measured.original.crossEntropy, 4)) to "
          + "\(decimals(measure.allLayers.crossEntropy, 4)) (\(LayerFigure.Format.decimals(4).difference(delta)) nats), and "
          + "the most probable token stays the same at \(percent(measure.allLayers.topAgreement)) of the positions."
      )
    }
    if let samples = samples(of: measure), !samples.isEmpty {
      let (replacement, completeness) = (
        Spread(samples.map(\.replacement)), Spread(samples.map(\.completeness))
      )
      sentences.append(
        "\(lead)graphs of \(samples.count) prompts have a replacement score of \(decimals(replacement.mean, 3)) "
          + "and a completeness score of \(decimals(completeness.mean, 3)) on average.")
    }
    sentences.append(lead + verdict(measure))
    return name == nil ? sentences.map { $0.prefix(1).uppercased() + $0.dropFirst() } : sentences
  }

  /// What the figures mean, in words that commit themselves no further than they do.
  private func verdict(_ measure: TranscoderMeasure) -> String {
    guard let mean = measure.meanUnexplainedVariance else {
      return "one position is too few for a FVU; measure on more text."
    }
    return switch mean {
    case ..<0.1: "an FVU below 0.1 is what transcoders of small models reach; graphs leave little to errors."
    case ..<0.3:
      "an FVU of 0.1 to 0.3 is good for a model of some size; read a graph together with its error nodes."
    case ..<0.6:
      "an FVU of 0.3 to 0.6 is what is published for GPT-2; a good part of what a graph shows runs through errors."
    default:
      "an FVU above 0.6 is poor: look at the layers below, and check hook and normalisation before you blame the training."
    }
  }

  private func warning(_ place: Int, _ probe: HookProbe) -> String {
    let bad = layers.filter { measures[place].layers[$0].all.unexplainedVariance ?? 0 > 1 }
    let list = bad.map(String.init).joined(separator: ", ")
    var text =
      "\(names[place]): FVU is above 1 in layer\(bad.count == 1 ? "" : "s") \(list), so a constant would do better. "
      + "Wrong hook, wrong normalisation or wrong model? "
    if let better = probe.betterHook {
      text += "They fit when they read at `\(better.rawValue)`"
      text +=
        better == .residualPre
        ? ", a hook that Clew cannot trace with." : ": set `feature_input_hook` to that in config.yaml."
    } else if let first = bad.first, let fit = measures[place].layers[first].all.rescaledUnexplainedVariance,
      fit < 0.5, let factor = measures[place].layers[first].all.bestFactor
    {
      text +=
        "No other hook fits, but outputs times \(decimals(factor, 3)) would (layer \(first): FVU \(decimals(fit, 3))): "
        + "fold the normalisation into the weights."
    } else {
      text +=
        "No neighbouring hook fits either: they may be made for another model or another checkpoint, or for text unlike this."
    }
    return text
  }

  // MARK: Reconstruction

  private var reconstruction: [ReportBlock] {
    let axis = ChartAxis("layer", isWhole: true)
    let fvu = LineChart(
      .init("Variance left unexplained", x: axis, y: ChartAxis("FVU", includesZero: true)),
      series: named { m in layers.map { m.layers[$0].all.unexplainedVariance ?? .nan } })
    let active = LineChart(
      .init("Active features", x: axis, y: ChartAxis("L0, mean", includesZero: true)),
      series: named { m in layers.map { m.layers[$0].all.activeFeatures } })
    var blocks: [ReportBlock] = [
      .heading("Reconstruction by layer"),
      .text(
        "y is what an MLP writes at a position, ŷ what the features write in its place, e = y − ŷ, and ȳ the mean "
          + "of y over the positions measured."),
      .charts([fvu, active]),
    ]
    blocks += layerTables(
      LayerFigure.reconstruction.map { figure in
        (figure.name, figure.definition, figure.format, { m, layer in figure.value(m, layer) })
      })
    return blocks
  }

  private typealias Row = (
    name: String, definition: String, format: LayerFigure.Format, value: (TranscoderMeasure, Int) -> Double?
  )

  /// A table with layers as columns for each transcoder; for two also their difference.
  private func layerTables(_ figures: [Row]) -> [ReportBlock] {
    let header = [""] + layers.map { "layer \($0)" } + ["what it is"]
    guard measures.count == 2 else {
      return measures.map { measure in
        .table(
          ReportTable(
            header: header,
            rows: figures.map { f in
              [f.name] + layers.map { f.format.text(f.value(measure, $0)) } + [f.definition]
            }, endsInText: true))
      }
    }
    var rows: [[String]] = []
    for f in figures {
      for (name, measure) in zip(names, measures) {
        rows.append(
          ["\(f.name), \(name)"] + layers.map { f.format.text(f.value(measure, $0)) } + [f.definition])
      }
      let differences = layers.map { layer -> Double? in
        guard let a = f.value(measures[0], layer), let b = f.value(measures[1], layer) else { return nil }
        return b - a
      }
      rows.append(["… difference"] + differences.map(f.format.difference) + ["the second less the first"])
    }
    return [.table(ReportTable(header: header, rows: rows, endsInText: true))]
  }

  private func named(_ values: (TranscoderMeasure) -> [Double]) -> [ChartSeries] {
    zip(names, measures).map { ChartSeries($0, values($1)) }
  }

  // MARK: Positions

  private var positions: [ReportBlock] {
    if measures.first?.layers.first?.positions.isEmpty == false { return singleText }
    var blocks: [ReportBlock] = [
      .heading("By position"),
      .text("FVU within ranges of positions, each with its own ȳ; position 1 follows the special token."),
    ]
    let layerNames = layers.map { "layer \($0)" }
    for (name, measure) in zip(names, measures) {
      let count = measure.layers.map(\.buckets.count).max() ?? 0
      let places = (0..<count).map { Double(LayerMeasure.positions(ofBucket: $0).upperBound) }
      blocks.append(
        .charts([
          LineChart(
            .init(
              "FVU by position" + (names.count > 1 ? ", \(name)" : ""),
              x: ChartAxis("up to position", scale: .logarithmic), y: ChartAxis("FVU", includesZero: true)),
            series: layers.map { layer in
              let values = measure.layers[layer].buckets.map { $0.unexplainedVariance ?? .nan }
              return ChartSeries(layerNames[layer], x: Array(places.prefix(values.count)), y: values)
            }, isOrdered: true)
        ]))
      let rows = (0..<count).map { bucket -> [String] in
        let range = LayerMeasure.positions(ofBucket: bucket)
        let positions =
          range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
        return ["\(positions) (\(measure.layers[0].buckets[bucket].rows))"]
          + layers.map { decimals(measure.layers[$0].buckets[bucket].unexplainedVariance, 4) }
      }
      blocks.append(.table(ReportTable(header: ["positions (how many)"] + layerNames, rows: rows)))
    }
    return blocks
  }

  /// One text: every position with the error of every layer.
  private var singleText: [ReportBlock] {
    var blocks: [ReportBlock] = [
      .heading("By position"),
      .text("|e| / |y| at every position of the text, and the active features of all layers."),
    ]
    for (name, measure) in zip(names, measures) {
      if names.count > 1 { blocks.append(.text("\(name):")) }
      let tokens = check.request.texts.rows[0]
      let count = min(measure.layers[0].positions.count, 512)
      let shares = (0..<count).map { place in
        layers.map { measure.layers[$0].positions[place].errorNormShare }
      }
      let texts = tokenizer.texts(of: tokens).map { $0.isEmpty ? Prompt.continuation : $0 }
      let rows = (0..<count).map { place -> [String] in
        let token = MarkdownReport.flat(texts[place + 1]).replacing("`", with: "ˋ")
        let active = layers.reduce(0) { $0 + measure.layers[$1].positions[place].active }
        return ["\(place + 1) `\(token)`", "\(active)"] + shares[place].map { decimals($0, 3) }
      }
      blocks.append(
        .table(
          ReportTable(
            header: ["position", "active"] + layers.map { "layer \($0)" }, rows: rows,
            tints: shares.map { [0] + $0.map { min(1, $0) } })))
      if measure.layers[0].positions.count > count {
        blocks.append(
          .text("The first \(count) positions of \(measure.layers[0].positions.count) are shown."))
      }
    }
    return blocks
  }

  // MARK: Densities

  private var densities: [ReportBlock] {
    let edges = (0...10).map { pow(10, Double($0) / 2 - 5) }
    let charts: [any Chart] = zip(names, measures).map { name, measure in
      Histogram(
        .init(
          "How often features fire" + (names.count > 1 ? ", \(name)" : ""),
          x: ChartAxis("share of positions where a feature is active", scale: .logarithmic),
          y: ChartAxis("features")),
        edges: edges,
        series: layers.map { .init("layer \($0)", measure.layers[$0].densityHistogram.map(Double.init)) },
        isOrdered: true)
    }
    let header = ["log₁₀ of the share"] + layers.map { "layer \($0)" }
    let tables = measures.map { measure -> ReportBlock in
      let bins = layers.map { measure.layers[$0].densityHistogram }
      let rows = (0..<10).map { bin in
        ["\(decimals(Double(bin) / 2 - 5, 1)) to \(decimals(Double(bin) / 2 - 4.5, 1))"]
          + bins.map { "\($0[bin])" }
      }
      return .table(ReportTable(header: header, rows: rows))
    }
    return [
      .heading("Density of features"),
      .text(
        "A feature that fires on more than a tenth of all positions seldom has one meaning; one that never fired is dead, "
          + "or its occasion did not come in \(measured.positionCount) positions. Rarer than 10⁻⁵ counts in the first bin."
      ),
      .charts(charts),
    ] + tables
  }

  // MARK: Behaviour

  private var behaviour: [ReportBlock] {
    guard measured.original.positions > 0 else { return [] }
    let runs = ["one layer", "all layers"]
    let singles = measured.settings.replacesSingleLayers
    let bars = BarChart(
      .init("Loss that replacement adds", x: ChartAxis("replaced"), y: ChartAxis("ΔCE, nats")),
      categories: (singles ? layers.map { $0 == 0 ? "layer 0" : "\($0)" } : []) + [runs[1]],
      series: zip(names, measures).map { name, measure in
        let tallies = (singles ? measure.oneLayer : []) + [measure.allLayers]
        return .init(name, tallies.map { $0.crossEntropy - measured.original.crossEntropy })
      })
    let drift = LineChart(
      .init(
        "Error of the stream with all layers replaced",
        x: ChartAxis("before the MLP of layer (last: the end)", isWhole: true),
        y: ChartAxis("√(Σ|x′ − x|² / Σ|x|²)", includesZero: true)), series: named(\.drift))
    var blocks: [ReportBlock] = [
      .heading("What replacement does to the model"),
      .text(
        "One layer replaced: its MLP gives way to features that read the undisturbed stream. All layers replaced: every "
          + "MLP gives way, attention runs freely, and features are read from the stream as it drifts. The loss of the model "
          + "as it is: \(decimals(measured.original.crossEntropy, 4)); with all MLP outputs at their mean "
          + "\(decimals(measured.meanAblation.positions > 0 ? measured.meanAblation.crossEntropy : nil, 4)) "
          + "(over \(measured.meanPositions) positions), at zero \(decimals(measured.zeroAblation.crossEntropy, 4))."
      ),
      .charts([bars, drift]),
    ]
    var header = [""]
    if singles { header += layers.map { "layer \($0) alone" } }
    header += ["all layers", "what it is"]
    var rows: [[String]] = []
    for figure in BehaviourFigure.all {
      for (name, measure) in zip(names, measures) {
        let tallies = (singles ? measure.oneLayer : []) + [measure.allLayers]
        rows.append(
          [names.count > 1 ? "\(figure.name), \(name)" : figure.name]
            + tallies.map { figure.format.text(figure.value(measured, $0)) } + [figure.definition])
      }
      if measures.count == 2 {
        let pairs = zip(
          (singles ? measures[0].oneLayer : []) + [measures[0].allLayers],
          (singles ? measures[1].oneLayer : []) + [measures[1].allLayers])
        rows.append(
          ["… difference"]
            + pairs.map { a, b -> String in
              guard let x = figure.value(measured, a), let y = figure.value(measured, b) else { return "–" }
              return figure.format.difference(y - x)
            } + ["the second less the first"])
      }
    }
    blocks.append(.table(ReportTable(header: header, rows: rows, endsInText: true)))
    blocks.append(
      .text(
        "Error of the stream with all layers replaced, √(Σ|x′ − x|² / Σ|x|²), before each MLP and at the end:"
      ))
    blocks.append(
      .table(
        ReportTable(
          header: [""] + layers.map { "layer \($0)" } + ["end"],
          rows: zip(names, measures).map { [$0] + $1.drift.map { decimals($0, 4) } })))
    for (name, measure) in zip(names, measures) where measure.localTexts > 0 {
      let isExact = measure.largestLocalDifference < 1e-3
      let text =
        "Local replacement model, \(name): with errors added and attention, norms and gates held, logits differ from "
        + "the model's own by at most \(String(format: "%.1e", measure.largestLocalDifference)) on \(measure.localTexts) "
        + "text\(measure.localTexts == 1 ? "" : "s"), "
      blocks.append(
        isExact
          ? .text(text + "so it is exact, as it must be.")
          : .warning(text + "which is more than rounding: do not trust graphs of this model."))
    }
    return blocks
  }

  // MARK: Graphs

  private func samples(of measure: TranscoderMeasure) -> [GraphSample]? {
    measures.firstIndex { $0.transcoder.folder == measure.transcoder.folder }.flatMap {
      $0 < check.graphs.count ? check.graphs[$0] : nil
    }
  }

  private var graphs: [ReportBlock] {
    guard check.graphs.contains(where: { !$0.isEmpty }) else { return [] }
    var blocks: [ReportBlock] = [
      .heading("Graphs"),
      .text(
        "Replacement score: the share of influence that starts in tokens and not in errors. Completeness score: the share "
          + "of nodes' inputs, weighted by influence, that is not error. Every row is computed (coverage 1); kept nodes are "
          + "those that pruning leaves at 0.8 of the influence. Scores depend on the prompts: compare on the same ones."
      ),
    ]
    var rows: [[String]] = []
    for (name, samples) in zip(names, check.graphs) where !samples.isEmpty {
      func row(_ what: String, _ values: [Double], _ digits: Int) {
        let spread = Spread(values)
        rows.append(
          [names.count > 1 ? "\(what), \(name)" : what]
            + [spread.mean, spread.deviation, spread.least].map { decimals($0, digits) })
      }
      row("replacement score", samples.map(\.replacement), 4)
      row("completeness score", samples.map(\.completeness), 4)
      row("active features", samples.map { Double($0.activeFeatures) }, 0)
      row("nodes", samples.map { Double($0.nodes) }, 0)
      row("kept nodes", samples.map { Double($0.keptNodes) }, 0)
    }
    blocks.append(.table(ReportTable(header: ["", "mean", "standard deviation", "least"], rows: rows)))
    let prompts = check.graphs[0].indices.map { place -> [String] in
      let text = MarkdownReport.flat(check.graphs[0][place].prompt).replacing("`", with: "ˋ")
      return [
        "`\(text.count > 60 ? String(text.prefix(59)) + "…" : text)`", "\(check.graphs[0][place].tokenCount)",
      ]
        + check.graphs.flatMap { [decimals($0[place].replacement, 4), decimals($0[place].completeness, 4)] }
        + check.graphs.map { "\($0[place].nodes) → \($0[place].keptNodes)" }
    }
    let suffix = names.map { names.count > 1 ? ", \($0)" : "" }
    blocks.append(
      .table(
        ReportTable(
          header: ["prompt", "tokens"] + suffix.flatMap { ["replacement\($0)", "completeness\($0)"] }
            + suffix.map { "nodes → kept\($0)" }, rows: prompts)))
    return blocks
  }

  // MARK: The worst tokens

  private var worst: [ReportBlock] {
    var blocks: [ReportBlock] = []
    for (name, measure) in zip(names, measures) where !measure.worstTokens.isEmpty {
      blocks.append(.heading("The worst tokens" + (names.count > 1 ? ", \(name)" : "")))
      blocks.append(
        .text("The positions with the largest |e| / |y|, mean over the layers; in brackets the worst layer."))
      blocks.append(
        .tokens(
          measure.worstTokens.map { token in
            let layer = token.layers.indices.max { token.layers[$0] < token.layers[$1] } ?? 0
            let texts = tokenizer.texts(of: token.context.map { Token($0) })
            func text(_ range: Range<Int>) -> String { texts[range].joined() }
            return ReportToken(
              heading:
                "\(decimals(token.errorShare, 2)) (layer \(layer): \(decimals(token.layers[layer], 2))), "
                + "text \(token.text), position \(token.position)",
              before: text(0..<token.place), token: text(token.place..<token.place + 1),
              after: text(token.place + 1..<token.context.count))
          }))
    }
    return blocks
  }

  private var footer: [ReportBlock] {
    [
      .heading("How it was made"), .command(ShellText.line(command)),
      .text(
        "Clew \(Version.current); `check.json` holds every number and the fingerprints of model and transcoders."
      ),
    ]
  }

  private func decimals(_ value: Double?, _ count: Int) -> String {
    LayerFigure.Format.decimals(count).text(value)
  }
  private func percent(_ value: Double) -> String { NumberText.percent(value, decimals: 1) }
}

/// A command as a shell would take it.
enum ShellText {
  static func line(_ words: [String]) -> String { words.map(word).joined(separator: " ") }

  private static func word(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || "-_./=:@,+".unicodeScalars.contains($0)
    }
    // Scalar by scalar: a quote and a combining mark after it are one character, and the shell sees the quote.
    let quoted = word.unicodeScalars.map { $0 == "'" ? "'\\''" : String($0) }.joined()
    return plain && !word.isEmpty ? word : "'" + quoted + "'"
  }
}
