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
    let settings = folder.appending(path: "config.yaml")
    guard FileManager.default.fileExists(atPath: settings.path) else {
      let layers = try LayerSearch.layers(below: folder)
      guard !layers.isEmpty else {
        throw .nothingFound(path: folder.path)
      }
      try self.init(layers, described: own, folder: folder)
      return
    }
    let configuration = try TranscoderConfiguration(settings)
    var layers: [FoundLayer] = []
    if !configuration.files.isEmpty {
      for file in configuration.files {
        layers.append(try LayerSearch.read(try Self.place(of: file, listedIn: settings)))
      }
    } else {
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

  /// Where a listed file lies: on this machine, or in the hub's cache.
  private static func place(of file: String, listedIn settings: URL) throws(TranscodingError) -> URL {
    func bad(_ reason: String) -> TranscodingError { .badConfiguration(path: settings.path, reason: reason) }
    if let reference = HubReference(file) {
      guard let place = reference.file() else {
        throw bad(
          "it lists '\(file)', which is not in the Hugging Face cache (\(HubReference.cache.path)); fetch it with "
            + "`\(reference.download)`, or name a local path")
      }
      return place
    }
    guard !file.contains("://") else {
      throw bad("it lists '\(file)', which is not a file here; download it and name the local path")
    }
    return file.hasPrefix("/")
      ? URL(filePath: file) : settings.deletingLastPathComponent().appending(path: file)
  }
}

extension TranscoderLayer {
  /// Whether its features become active beyond a threshold of their own.
  fileprivate var hasThresholds: Bool { if case .jumpReLU = activation { true } else { false } }
}

extension FoundLayer {
  /// Whether its features write to more than their own layer.
  fileprivate var isCrossLayer: Bool { weights.decoder.inputs > weights.encoder.inputs }
}
