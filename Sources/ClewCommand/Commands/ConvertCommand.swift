internal import ArgumentParser
internal import Clew
internal import Foundation

/// How converted weights are stored.
enum StoredType: String, ExpressibleByArgument, CaseIterable {
  case keep, float32, bfloat16

  var elementType: ElementType? {
    switch self {
    case .keep: nil
    case .float32: .float32
    case .bfloat16: .bfloat16
    }
  }
}

/// Writes transcoders of other tools in circuit-tracer's layout.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Writes transcoders of any known layout in circuit-tracer's.",
    discussion: """
      A source is a folder of circuit-tracer's (config.yaml), or one below which lie the files of Gemma Scope (params.npz), \
      Gemma Scope 2 (params.safetensors, params_layer_N.safetensors), SAELens (cfg.json, sae_weights.safetensors) or \
      sparsify (cfg.json, sae.safetensors), one for each layer. Where a layer is there in several widths or sparsities, \
      name the folder of each layer:

        clew convert gemma-scope/layer_*/width_16k/average_l0_7* --output Transcoders/gemma-scope-16k

      Every file is read back and compared with its source. Stopped, the command goes on where it was when it is given \
      again. `clew trace` reads the other layouts too; converted, encoders and decoders lie in the order in which it needs \
      them.
      """)

  @Argument(help: "A folder of transcoders, or a file or folder for each layer.", completion: .directory)
  var sources: [String]
  @Option(name: .shortAndLong, help: "The folder that then holds the files.", completion: .directory)
  var output: String
  @Option(help: "How weights are stored: as they are, float32, or bfloat16.") var type = StoredType.keep
  @Option(
    help: ArgumentHelp(
      "Where they read, if the files do not say it, or say it wrongly: \(Self.list(FeatureInputHook.self)).",
      valueName: "hook"), transform: { try Self.hook($0) })
  var inputHook: FeatureInputHook?
  @Option(
    help: ArgumentHelp(
      "What they reconstruct, if the files do not say it, or say it wrongly: \(Self.list(FeatureOutputHook.self)).",
      valueName: "hook"), transform: { try Self.hook($0) })
  var outputHook: FeatureOutputHook?
  @Option(help: "The model that they were made for, as its maker names it.") var modelName: String?
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print nothing but errors.") var quiet = false

  func validate() throws {
    if output.isEmpty { throw ValidationError("--output must name a folder.") }
    if sources.isEmpty { throw ValidationError("Name a folder of transcoders.") }
  }

  func run() throws {
    threads.apply()
    Interruption.whatIsKept = "finished files are kept; the same command goes on from there"
    let own = TranscoderDescription(inputHook: inputHook, outputHook: outputHook, modelName: modelName)
    let places = try sources.map { try WeightFolder.transcoders($0) }
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: places[0].path, isDirectory: &isFolder)
    let isSet = places.count == 1 && (isFolder.boolValue || !isThere)
    let source =
      try isSet ? Transcoder(folder: places[0], described: own) : Transcoder(layers: places, described: own)
    try OutputCheck.checkNoModel(in: URL(filePath: output))
    let claim = try WriteClaim(folder: URL(filePath: output))
    defer { withExtendedLifetime(claim) {} }
    let conversion = TranscoderConversion(source, to: URL(filePath: output), type: type.elementType)
    let bar = ProgressBar(isQuiet: quiet)
    defer { bar.clear() }
    let result = try conversion.run(command: ["clew"] + CommandLine.arguments.dropFirst()) {
      bar.show($0, fraction: $1)
    }
    bar.clear()
    if !quiet {
      try Terminal.output(text(source, result))
      noteWhatStays(in: source.folder)
    }
  }

  /// Says which files of features lie beside the source, but not beside the result.
  private func noteWhatStays(in folder: URL) {
    func stay(_ names: [String]) -> String? {
      let left = names.filter {
        FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
          && !FileManager.default.fileExists(atPath: URL(filePath: output).appending(path: $0).path)
      }
      return left.isEmpty ? nil : left.joined(separator: " and ")
    }
    if let labels = stay([FeatureLabels.userFile, FeatureLabels.proposedFile]) {
      Terminal.complain(
        "clew: note: \(labels) in \(folder.relativePath) did not come along; features keep their numbers, so you can copy "
          + "\(labels.contains(" ") ? "them" : "it").")
    }
    if let examples = stay([FeatureStore.usualFile]) {
      Terminal.complain(
        "clew: note: \(examples) in \(folder.relativePath) did not come along, since it belongs to those weights; make "
          + "examples for these with clew features build.")
    }
  }

  private func count(_ number: Int, _ name: String) -> String { "\(number) \(name)\(number == 1 ? "" : "s")" }

  private func features(_ source: Transcoder) -> String {
    let counts = source.layers.indices.map { source.featureCount(layer: $0) }
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    return least == most ? "\(count(most, "feature")) each" : "\(least) to \(most) features each"
  }

  private static func list<Hook: RawRepresentable & CaseIterable>(_: Hook.Type) -> String
  where Hook.RawValue == String { Hook.allCases.map(\.rawValue).joined(separator: ", ") }

  private static func hook<Hook: RawRepresentable & CaseIterable>(_ name: String) throws -> Hook
  where Hook.RawValue == String {
    guard let hook = Hook(rawValue: name) else {
      throw ValidationError("'\(name)' is no hook; the known ones are \(list(Hook.self)).")
    }
    return hook
  }

  private func text(_ source: Transcoder, _ result: TranscoderConversion.Result) -> String {
    let check = result.check
    let kept = result.kept > 0 ? " (\(result.kept) were there already)" : ""
    func part(_ value: Double) -> String { value == 0 ? "0" : String(format: "%.1e", value) }
    return """
      \(count(source.layerCount, "layer")) of \(source.format.rawValue), \(features(source)), \
      read \(source.configuration.inputHook.rawValue), write \(source.configuration.outputHook.rawValue)
      \(count(result.written + result.kept, "file"))\(kept), \(ByteText.of(result.bytes)), each compared with its source
      \(check.inputs) inputs that activated \(check.activated) features: \(check.differing) features differ, \
      activations by \(part(check.activationDifference)) and what is written by \(part(check.reconstructionDifference)) \
      of the largest
      Result: \(output)

      """
  }
}
