public import Foundation

/// How much room a disk has.
public enum DiskSpace {
  /// Bytes that the disk of a folder, made or yet to be made, has to give; `nil` if the system does not say.
  public static func free(at folder: URL) -> Int? {
    var place = folder.absoluteURL.standardizedFileURL
    while place.path != "/", !FileManager.default.fileExists(atPath: place.path) {
      place.deleteLastPathComponent()
    }
    let values = try? FileManager.default.attributesOfFileSystem(forPath: place.path)
    return (values?[.systemFreeSize] as? NSNumber)?.intValue
  }
}
