public import Foundation

/// Programs of this package, as the tests' own build made them.
public enum BuiltCommand {
  /// `clew`, beside the tests that run.
  public static let clew = named("clew")

  /// A program by its name.
  public static func named(_ name: String) -> URL {
    let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let candidates = [tests, SharedFiles.packageRoot.appending(path: ".build/debug")]
    let places = candidates.map { $0.appending(path: name) }
    return places.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? places[1]
  }
}
