internal import Foundation
internal import TestSupport

/// A format that a file from a user can have: sound examples of it, and what reads them.
public struct FuzzFormat: Sendable {
  /// What the command calls it.
  public let name: String
  /// How often a file is the one that is damaged, by the end of its name; 1 for others, and never for 0.
  let weights: [String: Int]
  /// Whether reading writes beside what it reads, so that every case needs a folder of its own.
  let writes: Bool
  /// Writes sound examples, each in a folder of its own.
  let writeSeeds: @Sendable (URL) throws -> Void
  /// Reads what lies in a folder, and uses it as a command would.
  let read: @Sendable (URL) throws -> Void

  init(
    _ name: String, weights: [String: Int] = [:], writes: Bool = false,
    seeds: @escaping @Sendable (URL) throws -> Void, read: @escaping @Sendable (URL) throws -> Void
  ) {
    self.name = name
    self.weights = weights
    self.writes = writes
    writeSeeds = seeds
    self.read = read
  }

  /// Every format, the quick ones first.
  public static let all: [FuzzFormat] = [
    .safetensors, .shards, .npy, .npz, .labels, .view, .graph, .trace, .tokenizer, .transcoders, .model,
    .work, .text,
    .tokens, .features, .training, .sampled,
  ]

  /// The format of a name.
  public init?(named name: String) {
    guard let format = (Self.all + [.faulty]).first(where: { $0.name == name }) else { return nil }
    self = format
  }

  /// The sound examples in a folder, always in the same order.
  func seeds(in folder: URL) throws -> [FuzzSeed] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
      try FuzzSeed(folder: folder.appending(path: $0), weights: weights)
    }
  }
}

extension FuzzFormat {
  /// Copies files of the package as a seed.
  static func copy(
    _ path: String, to folder: URL, as name: String? = nil, where isWanted: (String) -> Bool = { _ in true }
  ) throws {
    let source = SharedFiles.packageRoot.appending(path: path)
    let name = name ?? path.split(separator: "/").suffix(2).joined(separator: "-")
    for file in try FuzzSeed(folder: source, where: isWanted).files {
      try write(file.bytes, to: folder.appending(path: name), file.path)
    }
  }

  /// Writes a file of a seed.
  static func write(_ bytes: some Sequence<UInt8>, to folder: URL, _ path: String) throws {
    let url = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  /// The names in a folder of the package, in order.
  static func names(in path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: SharedFiles.packageRoot.appending(path: path).path)
      .filter { !$0.contains(".") }.sorted()
  }
}
