internal import Clew
internal import Foundation
internal import TinyModels

extension FuzzFormat {
  /// A model of every family: loaded, and run on two tokens.
  static let model = FuzzFormat("model", weights: ["config.json": 5, "model.safetensors": 2]) { folder in
    for family in try names(in: "Tests/Fixtures/Families") {
      try copy("Tests/Fixtures/Families/\(family)", to: folder) {
        ["config.json", "model.safetensors"].contains($0)
      }
    }
  } read: { folder in
    _ = try Transformer(folder: folder).record([0, 5])
  }

  /// A model with its transcoders: traced, checked, and asked to write.
  static let work = FuzzFormat(
    "work", weights: ["model.safetensors": 6, "config.yaml": 2, "tokenizer.json": 1]
  ) { folder in
    let tiny = try TinyModel.shared()
    for part in ["model", "transcoders"] {
      for file in try FuzzSeed(folder: tiny.folder.appending(path: part)).files {
        try write(file.bytes, to: folder.appending(path: "tiny/\(part)"), file.path)
      }
    }
  } read: { folder in
    try WholeWork.use(
      try TracingModel(
        model: folder.appending(path: "model"), transcoders: folder.appending(path: "transcoders")))
  }

  /// Transcoders in every layout: loaded, described, and used on one position.
  static let transcoders = FuzzFormat(
    "transcoders", weights: ["config.yaml": 6, "cfg.json": 3, "config.json": 3]
  ) { folder in
    for layout in try names(in: "Tests/Fixtures/Transcoders") {
      try copy("Tests/Fixtures/Transcoders/\(layout)", to: folder) { $0 != "expected.safetensors" }
    }
    try copy("Tests/Fixtures/Families/gpt2/transcoders", to: folder)
  } read: { folder in
    let transcoder = try Transcoder(folder: folder)
    _ = try? FolderInfo.of(folder)
    let row = Matrix(
      rows: 1, columns: transcoder.dModel, values: (0..<transcoder.dModel).map { Float($0 % 7) - 3 })
    for layer in 0..<transcoder.layerCount {
      let preactivations = transcoder.preactivations(of: row, layer: layer)
      for (index, _) in transcoder.activeFeatures(preactivations.row(0)[...], layer: layer) {
        let feature = FeatureID(layer: layer, index: index)
        _ = transcoder.encoderVector(feature)
        for output in transcoder.outputLayers(of: layer) { _ = transcoder.decoderVector(feature, to: output) }
      }
    }
  }

  /// A tokenizer with the files beside it: loaded, a text encoded and decoded.
  static let tokenizer = FuzzFormat("tokenizer", weights: ["tokenizer.json": 6]) { folder in
    for name in try names(in: "Tests/Fixtures/Tokenizers") {
      try copy("Tests/Fixtures/Tokenizers/\(name)", to: folder) { $0.hasPrefix("tokenizer") }
    }
  } read: { folder in
    let tokenizer = try Tokenizer(folder: folder)
    var tokens = (try? tokenizer.encode("Hello, wörld!  12 <s>\n\u{1F600} é\u{301} don't")) ?? []
    tokens += [-1, 0, 1 << 30]
    _ = tokenizer.decode(tokens)
    _ = try tokenizer.encode("a")
  }
}
