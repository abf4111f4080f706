internal import Checkpoints
internal import Foundation
internal import Tensors

/// A small JSON file of settings beside weights: what is there has to be of the type that it should be of.
struct SettingsFile {
  let url: URL
  private let fields: [String: Any]

  /// Reads a file; `nil` if it is not there.
  /// - Throws: ``TranscodingError/badConfiguration(path:reason:)`` if it is no JSON object of less than a mebibyte.
  init?(_ url: URL) throws(TranscodingError) {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let data = try? PlainFile.data(of: url, upTo: 1 << 20)
    do throws(CheckpointError) { try GitLFS.check(data ?? Data(), path: url.path) } catch {
      throw .checkpoint(error)
    }
    guard let data, data.count < 1 << 20,
      let fields = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
    else {
      throw .badConfiguration(
        path: url.path, reason: "it cannot be read as a JSON object of less than a mebibyte")
    }
    (self.url, self.fields) = (url, fields)
  }

  /// Reads a file that has to be there.
  init(required url: URL) throws(TranscodingError) {
    guard let settings = try SettingsFile(url) else {
      throw .badConfiguration(path: url.path, reason: "it is missing")
    }
    self = settings
  }

  private init(url: URL, fields: [String: Any]) { (self.url, self.fields) = (url, fields) }

  /// What is thrown about the file.
  func bad(_ reason: String) -> TranscodingError { .badConfiguration(path: url.path, reason: reason) }

  private func value<T>(_ name: String, _ what: String, _ read: (Any) -> T?) throws(TranscodingError) -> T? {
    guard let value = fields[name], !(value is NSNull) else { return nil }
    guard let result = read(value) else { throw bad("its '\(name)' is not \(what)") }
    return result
  }

  /// A name that is shown and decides nothing; `nil` if it is none.
  func name(_ name: String) -> String? { fields[name] as? String }

  /// A text; `nil` where the field is missing or null, as for all that follow.
  func text(_ name: String) throws(TranscodingError) -> String? {
    try value(name, "a text") { $0 as? String }
  }
  /// A truth value.
  func flag(_ name: String) throws(TranscodingError) -> Bool? {
    try value(name, "true or false") { JSONScalar.flag($0) }
  }
  /// A whole number.
  func count(_ name: String) throws(TranscodingError) -> Int? {
    try value(name, "a whole number") { JSONScalar.number($0).flatMap { Int(exactly: $0) } }
  }
  /// An object inside.
  func object(_ name: String) throws(TranscodingError) -> SettingsFile? {
    try value(name, "an object") { ($0 as? [String: Any]).map { SettingsFile(url: url, fields: $0) } }
  }

  /// Refuses a size that is stated, and is not that of the weights.
  func check(_ name: String, is size: Int) throws(TranscodingError) {
    if let stated = try count(name), stated != size {
      throw bad("its '\(name)' is \(stated), but the weights have \(size)")
    }
  }

  /// Refuses a hook of another layer than the one that the transcoder is for.
  func check(hook: String?, isIn layer: Int?) throws(TranscodingError) {
    if let hook, let layer, let stated = HookNames.layer(in: hook), stated != layer {
      throw bad("it is for layer \(layer), but names the hook '\(hook)'")
    }
  }
}
