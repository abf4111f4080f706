import AttributionGraphs
public import Foundation
import Synchronization

extension Page {
  /// Chooses files in an `<input type=file>`, as its dialog would.
  public func choose(_ files: [URL], in locator: Locator) async throws {
    try await waitFor(locator, toBe: .present)
    let input = try await result(of: "\(locator.script)[0]", byValue: false)["objectId"]
    try await command(
      "DOM.setFileInputFiles", ["objectId": input, "files": JSON(files.map(\.path))])
  }

  /// Drops files on the middle of an element, as from a file manager.
  public func drop(_ files: [URL], on locator: Locator) async throws {
    try await waitFor(locator)
    let place = try await frame(of: locator).center
    for type in ["dragEnter", "dragOver", "drop"] {
      try await command(
        "Input.dispatchDragEvent",
        [
          "type": .string(type), "x": JSON(place.x), "y": JSON(place.y),
          "data": ["items": [], "files": JSON(files.map(\.path)), "dragOperationsMask": 1],
        ])
    }
  }

  /// A file that a page gave the user.
  public struct Download: Sendable {
    /// The name that the page gave it.
    public let name: String
    public let contents: Data
  }

  /// Does something that makes the page give the user a file, and waits until the file is whole.
  public func download(
    within limit: Duration = patience, during action: () async throws -> Void
  ) async throws -> Download {
    // Each page has a folder of its own, which goes with the browser's profile.
    let folder = window.browser.folder.appending(path: "downloads-\(session)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try await command(
      "Browser.setDownloadBehavior",
      [
        "behavior": "allowAndName", "browserContextId": .string(window.context),
        "downloadPath": .string(folder.path), "eventsEnabled": true,
      ])
    let before = record.withLock { $0.downloads.count }
    try await action()
    var finished: (name: String, path: String)?
    try await wait("a download", within: limit) {
      guard let download = record.withLock({ $0.downloads.dropFirst(before).first }) else {
        return "none began"
      }
      guard download.state == "completed", let path = download.path else {
        return "that of \(download.suggestedName) is \(download.state)"
      }
      finished = (download.suggestedName, path)
      return nil
    }
    return Download(
      name: finished?.name ?? "", contents: try Data(contentsOf: URL(filePath: finished?.path ?? "")))
  }
}
