internal import ArgumentParser
internal import Clew
internal import Foundation

/// Keeps a command from writing over what it reads, and two of its results from each other.
enum OutputCheck {
  /// - Parameters:
  ///   - outputs: The options and the files that they name.
  ///   - inputs: The files that the command reads, or that belong to what it reads.
  static func check(_ outputs: [(option: String, path: String?)], reading inputs: [String]) throws {
    let outputs = outputs.compactMap { option, path in path.map { (option, $0) } }
    for (number, (option, path)) in outputs.enumerated() {
      if inputs.contains(where: { isSame($0, path) }) {
        throw ValidationError(
          "\(option) names \(path), which belongs to what the command reads. Name another file.")
      }
      if let other = outputs[..<number].first(where: { isSame($0.1, path) }) {
        throw ValidationError("\(other.0) and \(option) both name \(path). Name two files.")
      }
    }
  }

  /// Refuses a folder that holds a model: transcoders among its files would make it another one.
  static func checkNoModel(in folder: URL) throws {
    let names = ["config.json", "tokenizer.json"]
    let holdsModel = names.allSatisfy {
      FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
    }
    if holdsModel {
      throw ValidationError(
        "--output names \(folder.relativePath), which holds a model. Name another folder.")
    }
  }

  /// The files of a graph that no picture of it takes the place of.
  static func files(of input: GraphInput) -> [String] {
    guard input.isTraceFolder else { return input.isPiped ? [] : [input.file] }
    let drawn = ["graph.svg", "graph.dot"]
    let names = PromptTrace.fileNames.filter { !drawn.contains($0) } + ["view.json"]
    return names.map { URL(filePath: input.path).appending(path: $0).path }
  }

  /// All files of a folder of weights, with examples and labels.
  static func files(in folder: URL) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.map { folder.appending(path: $0).path }
  }

  /// Whether two paths lead to one plain file, there or not yet; what is written to a device replaces nothing.
  private static func isSame(_ one: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    let areThere = (stat(one, &first) == 0, stat(other, &second) == 0)
    switch areThere {
    case (true, true):
      return first.st_mode & S_IFMT == S_IFREG && first.st_dev == second.st_dev
        && first.st_ino == second.st_ino
    case (false, false):
      return URL(filePath: one).standardizedFileURL == URL(filePath: other).standardizedFileURL
    default: return false
    }
  }
}
