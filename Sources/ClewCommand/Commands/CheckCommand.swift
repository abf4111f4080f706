internal import ArgumentParser
internal import Clew
internal import Foundation

/// Measures how well transcoders reconstruct a model.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Measures how well transcoders reconstruct a model's MLP outputs.",
    discussion: """
      With y an MLP's output and e what the features miss of it: FVU is Σ|e|² over Σ|y − mean y|² of the rows \
      measured, NMSE is Σ|e|² over Σ|y|², cosine is the mean of that between y and its reconstruction, L0 is the mean \
      number of active features, and error is the mean of |e| over |y|. Position 0 has no features and is left out. \
      A FVU over 1 means that a constant would do better: wrong hook, wrong normalisation or wrong model.
      """)

  @Argument(help: "A text to measure on.") var prompt: String?
  @OptionGroup var models: ModelOptions
  @Option(help: "A file of texts, one a line, instead of the prompt.", completion: .file()) var text: String?
  @OptionGroup var resources: ResourceOptions
  @Flag(help: "Print JSON on standard output.") var json = false

  func validate() throws {
    guard (prompt == nil) != (text == nil) else {
      throw ValidationError("Give either a prompt or --text FILE.")
    }
  }

  func run() throws {
    resources.apply()
    let model = try models.open()
    var check = ReconstructionCheck(layerCount: model.transformer.configuration.layerCount)
    let bar = ProgressBar(isQuiet: json)
    defer { bar.clear() }
    let texts = try self.texts()
    let context = model.transformer.configuration.contextLength
    for (index, text) in texts.enumerated() {
      bar.show("measuring", fraction: Double(index) / Double(texts.count))
      let tokens = try Prompt(text, tokenizer: model.tokenizer).tokens
      // Lines of a file may be longer than the model can read; a prompt may not.
      try check.add(prompt == nil ? Array(tokens.prefix(context)) : tokens, with: model)
    }
    bar.clear()
    if json {
      print(String(decoding: try record(check).bytes(), as: UTF8.self))
    } else {
      printTable(check)
    }
  }

  private func texts() throws -> [String] {
    if let prompt { return [prompt] }
    let path = text ?? ""
    guard let content = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw CheckpointError.cannotRead(path: path, reason: "it is missing or not UTF-8 text")
    }
    let lines = content.split(whereSeparator: \.isNewline).map(String.init)
    guard !lines.isEmpty else {
      throw CheckpointError.cannotRead(path: path, reason: "it has no line of text")
    }
    return lines
  }

  private static let heading = "FVU      NMSE     cosine   L0       error"

  private func row(_ error: ReconstructionError) -> String {
    let fvu = error.unexplainedVariance.map { String(format: "%-9.4f", $0) } ?? "-        "
    return fvu
      + String(
        format: "%-9.4f%-9.4f%-9.2f%.4f", error.normalizedSquaredError, error.cosine, error.activeFeatures,
        error.errorNormShare)
  }

  private func printTable(_ check: ReconstructionCheck) {
    print("\(check.textCount) text(s), \(check.layers.first?.rows ?? 0) positions; position 0 left out")
    print("layer  " + Self.heading)
    for (layer, error) in check.layers.enumerated() {
      print("\(layer)".padding(toLength: 7, withPad: " ", startingAt: 0) + row(error))
    }
    print(
      "FVU = Σ|e|² / Σ|y − mean y|², NMSE = Σ|e|² / Σ|y|², error = mean |e| / |y|; `clew help check` says more."
    )
    guard check.textCount == 1, let first = check.positions.first, first.count > 1 else { return }
    print("\nmean |e| / |y| by position and layer")
    for position in 1..<first.count {
      let cells = check.positions.map { String(format: "%.3f", $0[position].errorNormShare) }
      print("\(position)".padding(toLength: 7, withPad: " ", startingAt: 0) + cells.joined(separator: "  "))
    }
  }

  private func record(_ check: ReconstructionCheck) -> JSON {
    func values(_ error: ReconstructionError) -> JSON {
      [
        "rows": JSON(error.rows), "fvu": error.unexplainedVariance.map { JSON($0) } ?? .null,
        "normalized_mse": JSON(error.normalizedSquaredError), "cosine": JSON(error.cosine),
        "l0": JSON(error.activeFeatures), "error_norm_share": JSON(error.errorNormShare),
      ]
    }
    return [
      "texts": JSON(check.textCount), "layers": .array(check.layers.map(values)),
      "positions": .array(check.positions.map { .array($0.dropFirst().map(values)) }),
    ]
  }
}
