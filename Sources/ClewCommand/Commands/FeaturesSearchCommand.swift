internal import ArgumentParser
internal import Clew
internal import Foundation

/// Finds features by words.
struct FeaturesSearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Finds features by their labels, their examples' words and promoted tokens.",
    discussion: "Features whose label holds the text come first. Small and capital letters count as the same."
  )

  @OptionGroup var store: FeatureStoreOptions
  @Argument(help: "The text to find.") var text: String
  @Option(help: "The most features to print.") var limit = 20
  @Flag(help: "Print JSON on standard output.") var json = false

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit must be at least 1.") }
    guard !text.isEmpty else { throw ValidationError("The text must not be empty.") }
  }

  func run() throws {
    let labels = try store.labels()
    let wanted = text.lowercased()
    let named = labels.user.filter { $0.value.lowercased().contains(wanted) }.keys.sorted()
    let known = Set(named)
    let database = try store.open()
    let found = (named + (try database.search(text, limit: limit)).filter { !known.contains($0) }).prefix(
      limit)
    if json {
      let records = found.map { feature -> JSON in
        [
          "layer": JSON(feature.layer), "index": JSON(feature.index),
          "label": labels[feature].map { .string($0) } ?? .null,
        ]
      }
      try Terminal.output(String(decoding: try JSON.array(records).bytes(), as: UTF8.self) + "\n")
    } else if found.isEmpty {
      try Terminal.output(
        "No feature has this text in its label, its examples' words or its promoted tokens.\n")
    } else {
      let lines = found.map { "\($0.layer)\t\($0.index)\t\(labels[$0] ?? "")\n" }
      try Terminal.output(lines.joined())
    }
  }
}
