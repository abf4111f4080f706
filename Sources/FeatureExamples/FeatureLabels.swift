internal import Checkpoints
internal import Files
public import Foundation
internal import Tensors
public import Transcoding

/// Words for features, in two text files beside the weights: what users wrote, and what was proposed.
///
/// A line is `LAYER INDEX LABEL`, apart by tabs; lines are sorted, so that two people's labels merge line by line.
/// Blank lines and those that begin with `#` count for nothing. What a user wrote stands before what was proposed, and
/// nothing but a user's own command changes it.
public struct FeatureLabels: Sendable, Equatable {
  /// The file of labels that users wrote.
  public static let userFile = "labels.tsv"
  /// The file of labels that were proposed.
  public static let proposedFile = "proposed-labels.tsv"

  /// What users wrote.
  public var user: [FeatureID: String] = [:]
  /// What was proposed.
  public var proposed: [FeatureID: String] = [:]

  public init() {}

  /// The labels of a folder of transcoders, or of one file, which counts as a user's.
  ///
  /// A folder without such files has no labels.
  /// - Parameter wanted: The features whose labels are wanted; `nil` for all.
  public init(at url: URL, for wanted: Set<FeatureID>? = nil) throws(FeatureExamplesError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw .badLabelFile(path: url.path, reason: "it is not there")
    }
    guard isFolder.boolValue else {
      user = try Self.read(url, for: wanted)
      return
    }
    for (name, isUsers) in [(Self.userFile, true), (Self.proposedFile, false)] {
      let file = url.appending(path: name)
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      let labels = try Self.read(file, for: wanted)
      if isUsers { user = labels } else { proposed = labels }
    }
  }

  /// The label of a feature, `nil` if it has none.
  public subscript(feature: FeatureID) -> String? { user[feature] ?? proposed[feature] }

  /// All features with a label, each with the one that counts.
  public var all: [FeatureID: String] { proposed.merging(user) { _, user in user } }

  /// Reads a file of labels; of two for one feature the later one counts.
  public static func read(
    _ url: URL, for wanted: Set<FeatureID>? = nil
  ) throws(FeatureExamplesError) -> [FeatureID: String] {
    let data: Data
    do { data = try PlainFile.data(of: url) } catch {
      throw .badLabelFile(path: url.path, reason: "it cannot be opened")
    }
    var labels: [FeatureID: String] = [:]
    // Arrays are cut into lines many times faster than `Data` is.
    let lines = [UInt8](data).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() {
      guard let (feature, text) = try feature(in: line, number + 1, url.path) else { continue }
      if let wanted, !wanted.contains(feature) { continue }
      guard let text = String(validating: text, as: UTF8.self) else {
        throw .badLabel(path: url.path, line: number + 1, reason: "it is not UTF-8 text")
      }
      let label = cleaned(text)
      labels[feature] = label.isEmpty ? nil : label
    }
    return labels
  }

  /// The feature that a line names, and the rest of the line; `nil` for a blank line or a comment.
  private static func feature(
    in line: ArraySlice<UInt8>, _ number: Int, _ path: String
  ) throws(FeatureExamplesError) -> (FeatureID, ArraySlice<UInt8>)? {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
    var rest = line.drop(while: isSpace)
    guard let first = rest.first, first != UInt8(ascii: "#") else { return nil }
    var numbers: [Int] = []
    for name in ["layer", "index"] {
      let word = rest.prefix { !isSpace($0) }
      guard let value = Int(String(decoding: word, as: UTF8.self)), (0..<1 << 31).contains(value) else {
        throw .badLabel(
          path: path, line: number,
          reason: "'\(cleaned(String(decoding: word.prefix(40), as: UTF8.self)))' is no \(name)")
      }
      numbers.append(value)
      rest = rest[word.endIndex...].drop(while: isSpace)
    }
    return (FeatureID(layer: numbers[0], index: numbers[1]), rest)
  }

  /// A label on one line, without control characters and without space around it, at most 400 characters.
  public static func cleaned(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.properties.generalCategory == .control
      scalars.append(isControl || scalar.value == 0x2028 || scalar.value == 0x2029 ? " " : scalar)
    }
    return String(String(scalars).trimmingCharacters(in: .whitespaces).prefix(400))
  }

  /// The bytes of a file of labels, sorted by layer and index.
  public static func file(of labels: [FeatureID: String], heading: String? = nil) -> [UInt8] {
    var text = heading.map { "# \($0)\n" } ?? ""
    for feature in labels.keys.sorted() {
      guard let label = labels[feature].map(cleaned), !label.isEmpty else { continue }
      text += "\(feature.layer)\t\(feature.index)\t\(label)\n"
    }
    return Array(text.utf8)
  }

  /// Changes what users wrote in a folder of transcoders; of several who do so at the same time none loses anything.
  /// - Returns: What the change says.
  public static func change<Value>(
    in folder: URL, _ change: (inout FeatureLabels) throws -> Value
  ) throws -> Value {
    do {
      // The file may be a link to one that several folders share.
      let path = folder.appending(path: userFile).path
      guard case .file(let place) = try OutputPlace(path) else {
        throw FileError.cannotWrite(path: path, reason: "it is no plain file")
      }
      let lock = try FolderLock(URL(filePath: place).deletingLastPathComponent())
      defer { withExtendedLifetime(lock) {} }
      var labels = try FeatureLabels(at: folder)
      let value = try change(&labels)
      // Comments come to stand at the top; they belong to nobody's label.
      let bytes = (try? Data(contentsOf: URL(filePath: place))) ?? Data()
      // Bytes, since \r\n is one character.
      let comments = bytes.split(separator: UInt8(ascii: "\n")).filter { $0.first == UInt8(ascii: "#") }
        .flatMap { line in line.filter { $0 != UInt8(ascii: "\r") } + [UInt8(ascii: "\n")] }
      try OutputPlace.write(comments + file(of: labels.user), to: place)
      return value
    } catch let error as FileError { throw CheckpointError(error) }
  }
}
