internal import ArgumentParser
internal import Clew
internal import Foundation

/// Gives a feature a label.
struct FeaturesLabelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "label", abstract: "Gives a feature a label, in labels.tsv beside the weights.",
    discussion:
      "An empty text takes your label away, and the proposed one counts again. No database is needed.")

  @Argument(help: "The transcoders' folder.", completion: .directory) var transcoders: String
  @Argument(help: "The layer.") var layer: Int
  @Argument(help: "The feature's index in the layer.") var index: Int
  @Argument(help: "The label, one line.") var text: String

  func run() throws {
    let folder = try WeightFolder.transcoders(transcoders)
    let feature = FeatureID(layer: layer, index: index)
    try checkFeature(feature, in: folder)
    let label = FeatureLabels.cleaned(text)
    guard label == text.trimmingCharacters(in: .whitespaces) else {
      throw ValidationError(
        "A label is one line of at most 400 characters, none of them a control character. Nothing was changed."
      )
    }
    try FeatureLabels.change(in: folder) { $0.user[feature] = label.isEmpty ? nil : label }
  }
}

/// Takes over labels from a file.
struct FeaturesImportLabelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import-labels", abstract: "Takes labels over from a file, one LAYER INDEX LABEL a line.",
    discussion: """
      They count as yours, and stand in labels.tsv beside the weights. A label that you have given a feature already is \
      kept, unless --replace says otherwise.
      """)

  @Argument(help: "The transcoders' folder.", completion: .directory) var transcoders: String
  @Argument(help: "The file of labels.", completion: .file()) var file: String
  @Flag(help: "Let the file's labels replace yours.") var replace = false

  func run() throws {
    let folder = try WeightFolder.transcoders(transcoders)
    let new = try FeatureLabels.read(URL(filePath: file))
    let transcoder = try Transcoder(folder: folder)
    for feature in new.keys.sorted() {
      guard feature.layer < transcoder.layerCount,
        feature.index < transcoder.featureCount(layer: feature.layer)
      else {
        throw FeatureExamplesError.badLabelFile(
          path: file,
          reason: "it names feature \(feature.index) of layer \(feature.layer), which is not there")
      }
    }
    let kept = try FeatureLabels.change(in: folder) { labels in
      let kept = replace ? 0 : new.keys.count { labels.user[$0] != nil && labels.user[$0] != new[$0] }
      labels.user.merge(new) { own, new in replace ? new : own }
      return kept
    }
    try Terminal.output("\(new.count - kept) labels taken over, \(kept) of yours kept.\n")
  }
}

/// Writes labels to a file.
struct FeaturesExportLabelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export-labels",
    abstract: "Writes labels to a file or standard output, one LAYER INDEX LABEL a line.",
    discussion: "Lines are sorted, so that the files of two people can be merged line by line.")

  @Argument(help: "The transcoders' folder.", completion: .directory) var transcoders: String
  @Option(name: .shortAndLong, help: "The file to write. (default: standard output)", completion: .file())
  var output: String?
  @Flag(help: "Leave proposed labels out.") var mine = false

  func run() throws {
    let folder = try WeightFolder.transcoders(transcoders)
    try OutputCheck.check([("--output", output)], reading: OutputCheck.files(in: folder))
    let labels = try FeatureLabels(at: folder)
    let bytes = FeatureLabels.file(of: mine ? labels.user : labels.all)
    if let output {
      try GraphInput.write(bytes, to: output)
    } else {
      try Terminal.output(String(decoding: bytes, as: UTF8.self))
    }
  }
}

/// Writes examples for viewers.
struct FeaturesExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes examples as the public viewers of attribution graphs read them.",
    discussion: """
      `files` writes <scan>/<number>.json, one file a feature, its layer and index paired into one number as in graph \
      files. `packed` writes features/layer_<l>.bin with compressed records and features/index.json.gz, which says \
      where each begins.
      """)

  /// How the examples lie in the folder.
  enum Format: String, ExpressibleByArgument, CaseIterable { case files, packed }

  @OptionGroup var store: FeatureStoreOptions
  @OptionGroup var reader: FeatureTextOptions
  @Option(help: "How the examples lie in the folder.") var format: Format
  @Option(name: .shortAndLong, help: "The folder.", completion: .directory) var output: String
  @Flag(help: "Print nothing but errors.") var quiet = false

  func run() throws {
    let bar = ProgressBar(isQuiet: quiet)
    defer { bar.clear() }
    let database = try store.open()
    let layout: ViewerExport.Format = format == .files ? .files : .packed
    let tokenizer = try reader.tokenizer(for: database)
    try ViewerExport(database, tokenizer: tokenizer).write(layout, to: URL(filePath: output)) {
      bar.show("writing \(output)", fraction: $0)
    }
  }
}
