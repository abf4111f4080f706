internal import ArgumentParser
internal import Clew
internal import Foundation

/// Examples and labels of features.
struct FeaturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "features",
    abstract: "Shows when features are active and what they promote, and gives them labels.",
    discussion: """
      `build` reads text through a model and its transcoders and keeps a database, features.sqlite beside the weights, \
      with the density, the activations, examples and promoted tokens of every feature, and proposes a label for each. \
      Labels lie in two text files beside the weights: proposed-labels.tsv is written by `build`, labels.tsv is yours \
      and changed by `label` and `import-labels` alone. `clew trace` writes the labels into its graphs; a graph that is \
      there takes them with `clew render --labels`.
      """,
    subcommands: [
      FeaturesBuildCommand.self, FeaturesShowCommand.self, FeaturesSearchCommand.self,
      FeaturesLabelCommand.self,
      FeaturesExportCommand.self, FeaturesImportLabelsCommand.self, FeaturesExportLabelsCommand.self,
    ])
}

/// A folder of transcoders with a database of feature examples.
struct FeatureStoreOptions: ParsableArguments {
  @Argument(help: "The transcoders' folder.", completion: .directory) var transcoders: String
  @Option(help: "The database. (default: features.sqlite in the folder)", completion: .file()) var database:
    String?

  /// The folder, once found.
  func folder() throws -> URL { try WeightFolder.transcoders(transcoders) }

  /// The database, if it was made for what lies in the folder.
  func open() throws -> FeatureStore {
    let folder = try folder()
    let store = try FeatureStore(
      reading: database.map { URL(filePath: $0) } ?? folder.appending(path: FeatureStore.usualFile))
    try store.check(transcoderFingerprint: Fingerprint.of(transcodersIn: folder))
    return store
  }

  func labels() throws -> FeatureLabels { try FeatureLabels(at: try folder()) }
}

/// How the tokens of examples become text.
struct FeatureTextOptions: ParsableArguments {
  @Option(
    help:
      "The model's folder. With it, characters that take several tokens are shown whole; without it as �, because the database has the text of each token by itself.",
    completion: .directory)
  var model: String?

  /// The model's tokenizer, if there is one and it is that of the database.
  func tokenizer(for store: FeatureStore) throws -> Tokenizer? {
    guard let model else { return nil }
    let folder = try WeightFolder.model(model)
    guard Fingerprint.of(folder: folder) == store.provenance.modelFingerprint else {
      throw ValidationError(
        "\(model) is not the model that these examples were read with, \(store.provenance.model).")
    }
    return try Tokenizer(folder: folder)
  }
}

/// Refuses a feature that the transcoders do not have.
func checkFeature(_ feature: FeatureID, in folder: URL) throws {
  let transcoder = try Transcoder(folder: folder)
  guard (0..<transcoder.layerCount).contains(feature.layer) else {
    throw FeatureExamplesError.noSuchFeature(
      layer: feature.layer, index: feature.index, reason: "layers go from 0 to \(transcoder.layerCount - 1)")
  }
  let count = transcoder.featureCount(layer: feature.layer)
  guard (0..<count).contains(feature.index) else {
    throw FeatureExamplesError.noSuchFeature(
      layer: feature.layer, index: feature.index, reason: "features of this layer go from 0 to \(count - 1)")
  }
}
