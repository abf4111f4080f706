internal import ArgumentParser
internal import Clew
internal import Foundation

/// Prints what is known of one feature.
struct FeaturesShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Prints what is known of one feature.",
    discussion: """
      The token at which an example's activation stands is set in ⟦ ⟧. The histogram's bars show the square roots of \
      counts. Promoted tokens are those whose logits an activation of 1 raises most, through the final norm's gain \
      but without its scale.
      """)

  @OptionGroup var store: FeatureStoreOptions
  @OptionGroup var reader: FeatureTextOptions
  @Argument(help: "The layer.") var layer: Int
  @Argument(help: "The feature's index in the layer.") var index: Int
  @Option(help: "How many of the top examples to print.") var examples = 10
  @Flag(help: "Print what viewers read, as JSON.") var json = false

  func validate() throws {
    guard examples >= 0 else { throw ValidationError("--examples must be 0 or more.") }
  }

  func run() throws {
    let database = try store.open()
    let record = try database.record(of: FeatureID(layer: layer, index: index))
    let tokenizer = try reader.tokenizer(for: database)
    if json {
      let json = try ViewerExport(database, tokenizer: tokenizer).json(record)
      try Terminal.output(String(decoding: try json.bytes(), as: UTF8.self) + "\n")
      return
    }
    let label = try FeatureLabels(at: try store.folder(), for: [record.feature]).user[record.feature]
    let page = FeaturePage(
      record, positions: database.progress.positions, texts: try database.tokenTexts(tokenizer: tokenizer),
      userLabel: label)
    try Terminal.output(page.text(examples: examples))
  }
}
