internal import AttributionGraphs
internal import Foundation

/// The readers' view of one graph, kept in its sidecar.
///
/// Pages send patches of single entries, which are made one after the other, so that two pages that change different
/// entries lose nothing. The file is written before a patch is answered, and read again first if somebody else has
/// changed it. A file that cannot be read is left alone: the graph opens without it, and nothing is kept.
struct ViewKeeper {
  private(set) var view: SavedView
  /// Counts the changes since the server started.
  private(set) var revision = 0
  /// Why the sidecar cannot be read; then no change is kept.
  private(set) var trouble: GraphError?
  private let file: URL?
  private var stamp: Stamp?

  /// When a file was changed last, and its size.
  private struct Stamp: Equatable {
    let changed: Date?
    let size: Int?

    init?(_ file: URL) {
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: file.path) else { return nil }
      changed = attributes[.modificationDate] as? Date
      size = (attributes[.size] as? NSNumber)?.intValue
    }
  }

  /// Reads the sidecar, or takes what the graph's own file holds.
  init(of graph: AttributionGraph, file: URL?) {
    self.file = file
    view = graph.openedView()
    guard let file else { return }
    stamp = Stamp(file)
    guard stamp != nil else { return }
    do throws(GraphError) {
      view = try SavedView(contentsOfFile: file.path)
    } catch {
      trouble = error
    }
  }

  /// Makes changes, all of them or none, and keeps them.
  /// - Throws: ``GraphError``; then the view is as before.
  mutating func apply(_ patches: [ViewPatch]) throws(GraphError) {
    if let trouble { throw trouble }
    var changed = view
    if let file, let now = Stamp(file), now != stamp { changed = try SavedView(contentsOfFile: file.path) }
    try changed.apply(patches)
    if let file {
      try changed.write(toFile: file.path)
      stamp = Stamp(file)
    }
    view = changed
    revision += 1
  }
}
