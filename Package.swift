// swift-tools-version: 6.2
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let nio = ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket"].map {
  Target.Dependency.product(name: $0, package: "swift-nio")
}
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

/// The rooms of the house, lower levels first; `Sources/Clew/Clew.docc/House.md` says what belongs in each.
let modules: [Target] = [
  .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
  .systemLibrary(
    name: "CGraphviz", path: "Sources/CGraphviz/System", pkgConfig: "libgvc",
    providers: [.apt(["libgraphviz-dev"])]),
  .target(name: "GraphvizShim", dependencies: ["CGraphviz"], path: "Sources/CGraphviz/Shim"),

  .target(name: "Files"),
  .target(name: "Tensors", dependencies: ["CKernels"]),
  .target(name: "Tokenization"),
  .target(name: "AttributionGraphs", dependencies: ["Files"]),

  .target(name: "Checkpoints", dependencies: ["Files", "Tensors"]),
  .target(name: "Rendering", dependencies: ["AttributionGraphs", "GraphvizShim"]),

  .target(name: "Transformers", dependencies: ["Tensors", "Checkpoints", "Tokenization"]),
  .target(name: "Transcoding", dependencies: ["CKernels", "Tensors", "Checkpoints", yams]),

  .target(
    name: "ReplacementModels", dependencies: ["Tensors", "Tokenization", "Transformers", "Transcoding"]),

  .target(
    name: "Attribution",
    dependencies: [
      "Tensors", "Checkpoints", "Tokenization", "Transformers", "Transcoding", "ReplacementModels",
      "AttributionGraphs",
    ]),

  .target(
    name: "FeatureExamples",
    dependencies: [
      "Files", "Tensors", "Checkpoints", "Tokenization", "Transformers", "Transcoding", "ReplacementModels",
      "AttributionGraphs", grdb,
    ]),

  .target(
    name: "Explorer", dependencies: ["Files", "AttributionGraphs", "Rendering"] + nio,
    resources: [.copy("Web")]),

  .target(
    name: "Clew",
    dependencies: [
      "Files", "Tensors", "Checkpoints", "Tokenization", "Transformers", "Transcoding", "ReplacementModels",
      "AttributionGraphs", "Attribution", "FeatureExamples", "Rendering", "AtlasWorld",
    ]),

  .executableTarget(
    name: "ClewCommand", dependencies: ["Clew", "Explorer", "AtlasExperiments", argumentParser]),
]

/// The demo world; `Examples/Atlas` says what it is for.
let examples: [Target] = [
  .target(name: "AtlasWorld", dependencies: ["Tensors", "Tokenization"], path: "Examples/Atlas/World"),
  .target(name: "AtlasTraining", dependencies: ["AtlasWorld", "Clew"], path: "Examples/Atlas/Training"),
  .executableTarget(
    name: "atlas-train", dependencies: ["AtlasTraining", "AtlasWorld", "Clew", argumentParser],
    path: "Examples/Atlas/Train"),
  .target(
    name: "AtlasExperiments", dependencies: ["AtlasWorld", "Clew"], path: "Examples/Atlas/Experiments"),
  .executableTarget(
    name: "atlas-results", dependencies: ["AtlasExperiments", "Clew", argumentParser],
    path: "Examples/Atlas/Results"),
]

/// What only tests import, and the tests of each room.
let tests: [Target] = [
  .target(name: "TestSupport", path: "Tests/TestSupport"),
  .target(
    name: "BrowserSupport", dependencies: ["AttributionGraphs", "TestSupport"], path: "Tests/BrowserSupport"),
  .target(
    name: "TinyModels", dependencies: ["TestSupport", "Clew"], path: "Tests/TinyModels"),
  .target(
    name: "Fuzzing", dependencies: ["Clew", "Explorer", "Rendering", "Tensors", "TinyModels", "TestSupport"],
    path: "Tests/Fuzzing"),
  .executableTarget(
    name: "clew-fuzz", dependencies: ["Fuzzing", argumentParser], path: "Tests/FuzzCommand"),
  .target(name: "Siege", dependencies: ["TestSupport"], path: "Tests/Siege"),
  .executableTarget(
    name: "clew-siege", dependencies: ["Siege", "TestSupport", argumentParser], path: "Tests/SiegeCommand"),
  .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"]),
  .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"]),
  .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CKernels", "TestSupport"]),
  .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints", "Tensors", "TestSupport"]),
  .testTarget(name: "TokenizationTests", dependencies: ["Tokenization", "Tensors", "TestSupport"]),
  .testTarget(name: "AttributionGraphsTests", dependencies: ["AttributionGraphs", "Tensors", "TestSupport"]),
  .testTarget(
    name: "RenderingTests", dependencies: ["Rendering", "AttributionGraphs", "Tensors", "TestSupport"]),
  .testTarget(
    name: "ExplorerTests", dependencies: ["Explorer", "AttributionGraphs", "Siege", "TestSupport"]),
  .testTarget(name: "TransformersTests", dependencies: ["Clew", "TinyModels", "TestSupport"]),
  .testTarget(
    name: "TranscodingTests", dependencies: ["Clew", "Tensors", "Transcoding", "TinyModels", "TestSupport"]),
  .testTarget(name: "AttributionTests", dependencies: ["Clew", "TinyModels", "TestSupport"]),
  .testTarget(
    name: "AtlasTests",
    dependencies: ["AtlasWorld", "AtlasTraining", "AtlasExperiments", "Clew", "Tokenization", "TestSupport"]),
  .testTarget(
    name: "ExploringTests",
    dependencies: ["Clew", "AtlasWorld", "AtlasExperiments", "TinyModels", "TestSupport"]),
  .testTarget(name: "FuzzingTests", dependencies: ["Fuzzing", "clew-fuzz", "TestSupport"]),
  .testTarget(name: "FeatureExamplesTests", dependencies: ["Clew", "TinyModels", "TestSupport"]),
  .testTarget(name: "BrowserTests", dependencies: ["BrowserSupport", "Clew", "ClewCommand", "TestSupport"]),
  .testTarget(name: "EndToEndTests", dependencies: ["Clew", "ClewCommand", "TinyModels", "TestSupport"]),
]

let package = Package(
  name: "clew-attribution",
  products: [
    .library(name: "Clew", targets: ["Clew"]),
    .executable(name: "clew", targets: ["ClewCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: modules + examples + tests,
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)

/// Debug builds optimise the library modules too: their kernels are 20 to 30 times slower without, and the
/// tests run them. The command and the tests themselves stay debuggable.
let optimizedInDebug: Set = [
  "Tensors", "Tokenization", "AttributionGraphs", "Checkpoints", "Transformers", "Transcoding",
  "ReplacementModels", "Attribution", "FeatureExamples", "Rendering", "AtlasWorld",
  "Fuzzing",
]
for target in package.targets where [.regular, .executable, .test].contains(target.type) {
  if ["CKernels", "GraphvizShim"].contains(target.name) { continue }
  target.swiftSettings = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
  ]
  if optimizedInDebug.contains(target.name) {
    target.swiftSettings?.append(.unsafeFlags(["-O"], .when(configuration: .debug)))
  }
}
