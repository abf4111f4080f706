internal import Clew
internal import Explorer
internal import Foundation

/// The examples of a folder of transcoders, for the explorer.
struct ExampleLibrary: FeatureLibrary {
  private let store: FeatureStore
  private let export: ViewerExport
  private let folder: URL
  private let isAskedFor: Bool

  /// - Parameters:
  ///   - isAskedFor: Whether the user named the folder; then a missing database is said.
  ///   - tokenizer: The model's, if it is open.
  /// - Returns: `nil` if the folder has no database of examples.
  /// - Throws: `TranscodingError` if the named folder holds no transcoders, `FeatureExamplesError` for a damaged database.
  init?(folder: URL, isAskedFor: Bool, tokenizer: Tokenizer? = nil) throws {
    let database = folder.appending(path: FeatureStore.usualFile)
    guard FileManager.default.fileExists(atPath: database.path) else {
      if isAskedFor {
        // A folder that is missing, or of something else, is refused in its own words.
        _ = try Transcoder(folder: folder)
        Terminal.complain(
          "clew: note: \(folder.path) has no examples of features. Make them with clew features build.")
      }
      return nil
    }
    store = try FeatureStore(reading: database)
    try store.check(transcoderFingerprint: Fingerprint.of(transcodersIn: folder))
    export = try ViewerExport(store, tokenizer: tokenizer)
    (self.folder, self.isAskedFor) = (folder, isAskedFor)
  }

  /// The examples if they are of the transcoders that a graph was made with, else `nil`.
  func ifMade(for input: GraphInput) -> ExampleLibrary? {
    if let made = TraceFolders.transcoders(of: input) {
      return made.fingerprint == store.provenance.transcoderFingerprint ? self : nil
    }
    // A file from elsewhere does not say; the user who names transcoders does.
    return isAskedFor ? self : nil
  }

  /// Gives the features without a label the words of the transcoders' folder.
  func label(_ graph: inout AttributionGraph) throws {
    let named = graph.nodes.map(\.label)
    graph.label(with: try FeatureLabels(at: folder, for: graph.featureIDs))
    for place in graph.nodes.indices where !named[place].isEmpty { graph.nodes[place].label = named[place] }
  }

  func examples(layer: Int, index: Int) throws -> JSON? {
    guard store.provenance.featureCounts.indices.contains(layer),
      (0..<store.provenance.featureCounts[layer]).contains(index)
    else { return nil }
    return export.json(try store.record(of: FeatureID(layer: layer, index: index)))
  }

  func densities(of features: [(layer: Int, index: Int)]) throws -> [Double?] {
    let positions = Double(max(1, store.progress.positions))
    var known: [FeatureID: Double?] = [:]
    return features.map { layer, index in
      let feature = FeatureID(layer: layer, index: index)
      if let density = known[feature] { return density }
      let density = (try? store.record(of: feature)).map { Double($0.statistics.count) / positions }
      known[feature] = density
      return density
    }
  }
}
