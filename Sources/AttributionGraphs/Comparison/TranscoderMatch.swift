/// Whether two graphs name features by the same transcoders, so that one layer and index mean one feature.
public enum TranscoderMatch: Sendable, Equatable {
  /// Both state the same.
  case same
  /// Nothing is stated that could tell; they are taken to be the same.
  case unstated
  /// They differ in what the files state.
  case different(key: String, first: String, second: String)

  /// What two files state of their transcoders.
  init(_ first: GraphMetadata, _ second: GraphMetadata) {
    let (ours, theirs) = (first.transcoderNames, second.transcoderNames)
    var isStated = false
    for key in GraphMetadata.transcoderKeys {
      guard let our = ours[key], let their = theirs[key] else { continue }
      if our != their {
        self = .different(key: key, first: our, second: their)
        return
      }
      isStated = true
    }
    self = isStated ? .same : .unstated
  }
}

extension GraphMetadata {
  fileprivate static let transcoderKeys = [
    "transcoder_list", "transcoder_set", "neuronpedia_source_set", "scan",
  ]

  /// What the file states of its transcoders, by key.
  fileprivate var transcoderNames: [String: String] {
    var names: [String: String] = [:]
    if let list = extra["transcoder_list"]?.array, !list.isEmpty {
      names["transcoder_list"] = list.compactMap(\.string).joined(separator: ", ")
    }
    for key in ["transcoder_set", "neuronpedia_source_set"] {
      names[key] = (info[key] ?? extra["feature_details"]?.object?[key])?.string
    }
    // The name that circuit-tracer makes up for a list of transcoders is another in every run.
    if !scan.isEmpty, !scan.hasPrefix("custom-") { names["scan"] = scan }
    return names
  }
}
