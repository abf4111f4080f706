public import Foundation

extension HubReference {
  /// The folder of weights that somebody named: one on this machine, or else a repository in the hub's cache.
  ///
  /// A name that is neither is handed on as a path, for the loader to say that it is not there, unless it is shaped like a
  /// repository's.
  /// - Parameter wanted: What the folder is to hold; `nil` if it may be either.
  /// - Throws: ``HubError`` with the command that fetches what is missing.
  public static func folder(_ name: String, of wanted: ForeignWeights.Wanted?) throws(HubError) -> URL {
    let here = URL(filePath: name)
    if FileManager.default.fileExists(atPath: here.path) { return here }
    guard let reference = HubReference(name) else {
      // No path looks like that.
      if name.contains("://") { throw .notOfHub(name) }
      return here
    }
    guard let place = reference.place() else {
      throw HubError(
        name: name, command: reference.downloadCommand(of: wanted), otherRevisions: reference.knownRevisions()
      )
    }
    if wanted == .model || wanted == nil && isOfModel(place.appending(path: "config.json")) {
      try reference.checkModel(in: place, name)
    }
    return place
  }

  /// Whether a `config.json` is a model's: some tools leave one beside transcoders.
  private static func isOfModel(_ settings: URL) -> Bool {
    guard let data = try? Data(contentsOf: settings) else { return false }
    return ((try? JSONSerialization.jsonObject(with: data)) as? [String: Any])?["model_type"] is String
  }

  /// What fetches all that is needed, and as little else as a pattern can say.
  private func downloadCommand(of wanted: ForeignWeights.Wanted?) -> String {
    switch wanted {
    case nil: path.isEmpty ? download([]) : download(matching: ["*"])
    case .model: download(matching: ["*.json", "model*.safetensors"])
    case .transcoders:
      // Files of features for viewers lie beside the weights, and are many times as large.
      download([appending("config.yaml").path]) + " && " + download(matching: ["[Wl]*.safetensors"])
    }
  }

  /// Refuses a model of which only a part was fetched.
  private func checkModel(in place: URL, _ name: String) throws(HubError) {
    func isThere(_ file: String) -> Bool {
      FileManager.default.fileExists(atPath: place.appending(path: file).path)
    }
    // What was fetched in another format is the loader's to refuse.
    if ForeignWeights.explanation(of: place, wanted: .model) != nil { return }
    var files = ["config.json", "tokenizer.json"].filter { !isThere($0) }
    var byteCount: Int?
    var weights: String?
    if let index = ShardIndex(place.appending(path: "model.safetensors.index.json")) {
      let shards = index.files.filter { !isThere($0) }
      if !shards.isEmpty {
        let present = index.files.filter(isThere).reduce(0) { sum, file in
          let path = place.appending(path: file).resolvingSymlinksInPath().path
          let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
          return sum + (size ?? 0)
        }
        byteCount = index.byteCount.map { max(0, $0 - present) }
      }
      files += shards
    } else if !isThere("model.safetensors") {
      weights = download(matching: ["model*.safetensors*"])
    }
    guard !files.isEmpty || weights != nil else { return }
    let named = files.isEmpty ? nil : download(files.map { appending($0).path })
    throw HubError(
      name: name, missing: files + (weights == nil ? [] : [HubError.weights]), byteCount: byteCount,
      command: [named, weights].compactMap(\.self).joined(separator: " && "))
  }
}

/// What `model.safetensors.index.json` says of the files beside it.
private struct ShardIndex {
  /// The files' names, in order.
  let files: [String]
  /// Bytes of all tensors, if it says so.
  let byteCount: Int?

  /// Reads a file; `nil` if it is none.
  init?(_ url: URL) {
    guard let data = try? Data(contentsOf: url),
      let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any],
      let map = object["weight_map"] as? [String: String]
    else { return nil }
    files = Set(map.values).filter { !$0.isEmpty && !$0.contains("/") && $0 != ".." }.sorted()
    let total = (object["metadata"] as? [String: Any])?["total_size"] as? NSNumber
    byteCount = total.flatMap { Int(exactly: $0.doubleValue) }.flatMap { $0 > 0 ? $0 : nil }
  }
}
