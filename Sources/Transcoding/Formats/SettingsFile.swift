internal import Foundation

/// A small JSON file of settings beside weights.
struct SettingsFile {
  let url: URL
  private let fields: [String: Any]

  /// Reads a file; `nil` if it is not there, or not a JSON object of less than a mebibyte.
  init?(_ url: URL) {
    guard let data = try? FileHandle(forReadingFrom: url).read(upToCount: 1 << 20), data.count < 1 << 20,
      let fields = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
    else { return nil }
    (self.url, self.fields) = (url, fields)
  }

  /// Reads a file that has to be there.
  init(required url: URL) throws(TranscodingError) {
    guard let settings = SettingsFile(url) else {
      throw .badConfiguration(path: url.path, reason: "it is missing, or not a JSON object")
    }
    self = settings
  }

  private init(url: URL, fields: [String: Any]) { (self.url, self.fields) = (url, fields) }

  func text(_ name: String) -> String? { fields[name] as? String }
  func holds(_ name: String) -> Bool { fields[name] != nil && !(fields[name] is NSNull) }
  func flag(_ name: String) -> Bool? { fields[name] as? Bool }
  func count(_ name: String) -> Int? {
    guard let number = fields[name] as? NSNumber else { return nil }
    return Int(exactly: number.doubleValue)
  }
  /// An object inside.
  func object(_ name: String) -> SettingsFile? {
    (fields[name] as? [String: Any]).map { SettingsFile(url: url, fields: $0) }
  }
}
