internal import Checkpoints
public import Foundation
internal import Tensors

extension Transcoder {
  /// Loads a folder of transcoders in any layout that is known.
  ///
  /// `config.yaml` decides, where there is one: circuit-tracer's own files lie beside it, or it lists a file or folder of
  /// any tool for each layer. Without it, the files of Gemma Scope, SAELens and sparsify are looked for below the folder,
  /// one for each layer. Weights are used where they lie; ``TranscoderFormat`` names the layouts.
  /// - Parameter own: What the user knows better than the files.
  public init(
    folder: URL, described own: TranscoderDescription = TranscoderDescription()
  ) throws(TranscodingError) {
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw .checkpoint(.cannotRead(path: folder.path, reason: String(cString: strerror(ENOENT))))
    }
    do throws(CheckpointError) { try ForeignWeights.checkIsFolder(folder, of: .transcoders) } catch {
      throw .checkpoint(error)
    }
    let settings = folder.appending(path: "config.yaml")
    guard FileManager.default.fileExists(atPath: settings.path) else {
      let kind = CircuitTracer.kind(of: folder)
      if let hub = HubReference(cachedFolder: folder), kind != nil {
        throw .notFetched(HubError([hub.appending("config.yaml")], of: hub.description))
      }
      if let kind {
        try self.init(circuitTracer: folder, try Self.described(kind, by: own, in: folder))
        return
      }
      let layers = try LayerSearch.layers(below: folder)
      guard !layers.isEmpty else { throw Self.nothingFound(in: folder) }
      try self.init(layers, described: own, folder: folder)
      return
    }
    let configuration: TranscoderConfiguration
    do throws(TranscodingError) { configuration = try TranscoderConfiguration(settings) } catch {
      // Other tools have a file of this name too.
      guard case .badConfiguration = error,
        let found = ForeignWeights.explanation(of: folder, wanted: .transcoders)
      else { throw error }
      throw .checkpoint(found)
    }
    var layers: [FoundLayer] = []
    if !configuration.files.isEmpty {
      for file in try Self.places(of: configuration.files, listedIn: settings) {
        layers.append(try LayerSearch.read(file))
      }
    } else {
      try Self.checkFetched(configuration.kind, in: folder)
      layers = try Self.own(configuration, in: folder)
      if layers.isEmpty { layers = try LayerSearch.layers(below: folder) }
    }
    try self.init(layers, configuration: configuration.replaced(by: own), folder: folder)
  }

  /// Loads files in circuit-tracer's own layout, whether or not `config.yaml` lies beside them.
  public init(circuitTracer folder: URL, _ configuration: TranscoderConfiguration) throws(TranscodingError) {
    try self.init(try Self.own(configuration, in: folder), configuration: configuration, folder: folder)
  }

  /// Puts together layers that lie apart, each in a file or folder of its own, in the order of their numbers.
  /// - Parameter own: What the user knows better than the files.
  public init(
    layers places: [URL], described own: TranscoderDescription = TranscoderDescription()
  ) throws(TranscodingError) {
    precondition(!places.isEmpty, "no layers")
    let folder = places[0].deletingLastPathComponent()
    var found: [FoundLayer] = []
    for place in places { found.append(try LayerSearch.read(place)) }
    try self.init(try LayerSearch.ordered(found, folder: folder), described: own, folder: folder)
  }

  /// Layers without a configuration: what they say themselves has to do.
  private init(
    _ layers: [FoundLayer], described own: TranscoderDescription, folder: URL
  ) throws(TranscodingError) {
    func agreed<Hook: Equatable>(
      _ what: String, _ wanted: Hook?, _ hooks: [Hook?]
    ) throws(TranscodingError) -> Hook {
      if let wanted { return wanted }
      guard let hook = hooks[0], hooks.allSatisfy({ $0 == hook }) else {
        let unknown = layers.flatMap(\.unknownHooks).first
        throw .badConfiguration(
          path: folder.path,
          reason: "its files do not say which \(what) all layers have"
            + (unknown.map { " ('\($0)' is unknown)" } ?? "")
            + "; say it in a config.yaml (feature_input_hook, feature_output_hook), or to `clew convert`")
      }
      return hook
    }
    let configuration = TranscoderConfiguration(
      kind: layers[0].isCrossLayer ? .crossLayer : .perLayer,
      modelName: own.modelName ?? layers[0].modelName ?? "",
      inputHook: try agreed("input hook", own.inputHook, layers.map(\.inputHook)),
      outputHook: try agreed("output hook", own.outputHook, layers.map(\.outputHook)))
    try self.init(layers, configuration: configuration, folder: folder)
  }

  /// Layers as a configuration describes them.
  private init(
    _ layers: [FoundLayer], configuration: TranscoderConfiguration, folder: URL
  ) throws(TranscodingError) {
    func bad(_ reason: String) -> TranscodingError { .badConfiguration(path: folder.path, reason: reason) }
    guard let first = layers.first else { throw bad("there is no file for layer 0") }
    let width = first.weights.encoder.inputs
    for (layer, found) in layers.enumerated() {
      let weights = found.weights
      guard weights.encoder.inputs == width else {
        throw bad("layer 0 reads a width of \(width), layer \(layer) one of \(weights.encoder.inputs)")
      }
      guard found.format == first.format else {
        throw bad("layer 0 comes from \(first.format.rawValue), layer \(layer) from \(found.format.rawValue)")
      }
      var vectors = [("encoder's bias", weights.encoderBias), ("decoder's bias", weights.decoderBias)]
      // An infinite threshold is that of a feature which is never active.
      if case .jumpReLU(let thresholds) = weights.activation {
        vectors.append(("thresholds", thresholds.map { $0.isNaN ? $0 : 0 }))
      }
      for (what, values) in vectors where !values.allSatisfy(\.isFinite) {
        throw bad(
          "the \(what) of layer \(layer) \(what == "thresholds" ? "hold" : "holds") numbers that are not finite; the file may be damaged"
        )
      }
      for (what, one, other) in [
        ("skip connection", first.weights.skip != nil, weights.skip != nil),
        ("threshold of its features", first.weights.hasThresholds, weights.hasThresholds),
      ] where one != other {
        throw bad(
          "layer \(one ? layer : 0) has no \(what), but layer \(one ? 0 : layer) has; a file or its settings may be damaged"
        )
      }
      let outputs = configuration.kind == .crossLayer ? layers.count - layer : 1
      guard weights.decoder.inputs == outputs * width else {
        throw bad(
          "layer \(layer) writes \(weights.decoder.inputs) numbers, but \(outputs) "
            + "output \(outputs == 1 ? "layer" : "layers") of width \(width) would take \(outputs * width)")
      }
    }
    if !configuration.layerScans.isEmpty, configuration.layerScans.count != layers.count {
      throw bad(
        "config.yaml lists \(configuration.layerScans.count) scans, but there are \(layers.count) layers")
    }
    let weights = try layers.enumerated().map { layer, found throws(TranscodingError) in
      try Self.weights(found.weights, layer: layer, configuration, folder: folder)
    }
    self.init(
      configuration: configuration, layers: weights, dModel: width, folder: folder, format: first.format,
      files: layers.flatMap(\.files))
  }

  /// A layer's weights with the activation that the configuration asks for.
  private static func weights(
    _ layer: TranscoderLayer, layer index: Int, _ configuration: TranscoderConfiguration, folder: URL
  ) throws(TranscodingError) -> TranscoderLayer {
    func bad(_ reason: String) -> TranscodingError { .badConfiguration(path: folder.path, reason: reason) }
    var activation = layer.activation
    let features = layer.encoder.outputs
    switch configuration.activationName {
    case nil: break
    case .topK:
      guard let k = configuration.topK, k <= features else {
        throw bad("its k is \(configuration.topK ?? 0), but layer \(index) has \(features) features")
      }
      activation = .topK(k, keepsNegative: configuration.keepsNegative)
    case .reLU:
      guard case .reLU = layer.activation else {
        throw bad(
          "its activation is relu, but layer \(index) has thresholds or a k of its own; leave 'activation' out"
        )
      }
    case .jumpReLU:
      guard layer.hasThresholds else {
        throw bad("its activation is jump_relu, but layer \(index) has no thresholds; leave 'activation' out")
      }
    }
    return TranscoderLayer(
      encoder: layer.encoder, encoderBias: layer.encoderBias, decoder: layer.decoder,
      decoderBias: layer.decoderBias, activation: activation, skip: layer.skip)
  }

  /// The layers in circuit-tracer's files beside a configuration; none if there are none.
  private static func own(
    _ configuration: TranscoderConfiguration, in folder: URL
  ) throws(TranscodingError) -> [FoundLayer] {
    var layers: [FoundLayer] = []
    do throws(CheckpointError) {
      switch configuration.kind {
      case .crossLayer:
        let count = max(
          CircuitTracer.layerCount("W_enc_", in: folder), CircuitTracer.layerCount("W_dec_", in: folder))
        for layer in 0..<count {
          layers.append(try CircuitTracer.crossLayer(layer, of: count, in: folder))
        }
      case .perLayer:
        for layer in 0..<CircuitTracer.layerCount("layer_", in: folder) {
          let url = folder.appending(path: "layer_\(layer).safetensors")
          layers.append(try CircuitTracer.perLayer(url, try SafetensorsFile(url)))
        }
      }
    } catch {
      throw .checkpoint(error)
    }
    return layers
  }

  /// What is thrown about a folder without transcoders.
  private static func nothingFound(in folder: URL) -> TranscodingError {
    ForeignWeights.explanation(of: folder, wanted: .transcoders).map { .checkpoint($0) }
      ?? .nothingFound(path: folder.path)
  }

  /// A configuration for circuit-tracer's files without `config.yaml`, from what the user says.
  private static func described(
    _ kind: TranscoderConfiguration.Kind, by own: TranscoderDescription, in folder: URL
  ) throws(TranscodingError) -> TranscoderConfiguration {
    guard let input = own.inputHook, let output = own.outputHook else {
      throw .badConfiguration(
        path: folder.path,
        reason:
          "it has circuit-tracer's files, but no config.yaml, which says what they read and write. Write one with "
          + "the lines `model_kind: \(kind.rawValue)`, `feature_input_hook: …` "
          + "(\(FeatureInputHook.allCases.map(\.rawValue).joined(separator: ", "))) and `feature_output_hook: …` "
          + "(\(FeatureOutputHook.allCases.map(\.rawValue).joined(separator: ", "))), or let `clew convert \(folder.path) "
          + "--input-hook … --output-hook … --output NEW` do it")
    }
    return TranscoderConfiguration(
      kind: kind, modelName: own.modelName ?? "", inputHook: input, outputHook: output)
  }

  /// Where listed files lie, in order: on this machine, or in the hub's cache.
  /// - Throws: ``TranscodingError/notFetched(_:)`` with all that are missing there.
  private static func places(of files: [String], listedIn settings: URL) throws(TranscodingError) -> [URL] {
    func bad(_ reason: String) -> TranscodingError { .badConfiguration(path: settings.path, reason: reason) }
    let folder = settings.deletingLastPathComponent()
    let hub = HubReference(cachedFolder: folder)
    var missing: [HubReference] = []
    var places: [URL] = []
    for file in files {
      if let reference = HubReference(link: file), !reference.path.isEmpty {
        if let place = reference.place() { places.append(place) } else { missing.append(reference) }
        continue
      }
      guard !file.contains("://") else {
        throw bad("it lists '\(file)', which is not a file here; download it and name the local path")
      }
      let place = file.hasPrefix("/") ? URL(filePath: file) : folder.appending(path: file)
      places.append(place)
      if let hub, !file.hasPrefix("/"), !FileManager.default.fileExists(atPath: place.path) {
        missing.append(hub.appending(file))
      }
    }
    if !missing.isEmpty {
      throw .notFetched(HubError(missing, of: hub?.description ?? settings.path, present: places))
    }
    return places
  }

  /// Refuses a part of a repository, of which the hub's cache lacks files of some layers.
  private static func checkFetched(
    _ kind: TranscoderConfiguration.Kind, in folder: URL
  ) throws(TranscodingError) {
    guard let hub = HubReference(cachedFolder: folder) else { return }
    let (wanted, present) = CircuitTracer.files(kind, in: folder)
    let missing = wanted.filter { !FileManager.default.fileExists(atPath: folder.appending(path: $0).path) }
    if wanted.isEmpty, try LayerSearch.layers(below: folder).isEmpty {
      throw .notFetched(
        HubError(
          name: hub.description, missing: [HubError.weights],
          command: hub.download(matching: ["*.safetensors"])))
    }
    if !missing.isEmpty {
      throw .notFetched(
        HubError(
          missing.map { hub.appending($0) }, of: hub.description,
          present: present.map { folder.appending(path: $0) }))
    }
  }

  /// Refuses transcoders of which the hub's cache has those of the first layers alone.
  /// - Parameter layers: How many the model has.
  public func checkFetched(layers: Int) throws(TranscodingError) {
    guard layerCount < layers, configuration.kind == .perLayer, configuration.files.isEmpty,
      format == .circuitTracer, let hub = HubReference(cachedFolder: folder)
    else { return }
    throw .notFetched(
      HubError(
        (layerCount..<layers).map { hub.appending("layer_\($0).safetensors") }, of: hub.description,
        present: files))
  }

  /// The name that viewers look features up by: the one of its configuration, else that of its repository on the hub.
  public var scan: String? {
    configuration.scan ?? (configuration.layerScans.isEmpty ? HubReference(cachedFolder: folder)?.scan : nil)
  }

  /// What people call the transcoders: their folder's name, or that of their repository.
  public var name: String { HubReference.name(of: folder) }
}

extension TranscoderLayer {
  /// Whether its features become active beyond a threshold of their own.
  fileprivate var hasThresholds: Bool { if case .jumpReLU = activation { true } else { false } }
}

extension FoundLayer {
  /// Whether its features write to more than their own layer.
  fileprivate var isCrossLayer: Bool { weights.decoder.inputs > weights.encoder.inputs }
}
