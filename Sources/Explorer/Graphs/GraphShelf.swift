internal import AttributionGraphs
internal import Foundation

/// The graphs that the server was given and those that were made in it, by name. Nothing else can be reached through it.
///
/// Those that were asked for last are held in memory, as many as a budget allows; the others are read again when they
/// are asked for. Of those that were made here the list has the latest; older ones stay on the disk.
actor GraphShelf {
  /// What the list says of a graph.
  struct Entry {
    let id: String
    let source: GraphSource
    /// Whether the server was started with it.
    fileprivate let isGiven: Bool
    /// Of the view when it was put away.
    fileprivate var revision = 0
  }

  /// A graph in memory.
  private struct Held {
    let open: OpenGraph
    let payload: GraphPayload
    var lastAsked: Int
    var byteCount: Int { payload.byteCount }
  }

  private var order: [String] = []
  private var entries: [String: Entry] = [:]
  private var held: [String: Held] = [:]
  private var keepers: [String: ViewKeeper] = [:]
  private var reading: [String: Task<Void, any Error>] = [:]
  private var clock = 0
  private var uploadCount = 0
  private let settings: ExplorerSettings
  private let reads = LongWork(named: "clew.graphs", threads: 2)
  private let uploads = LongWork(named: "clew.uploads", threads: 1, limit: 4)

  init(sources: [GraphSource], settings: ExplorerSettings) {
    self.settings = settings
    for source in sources { Self.add(source, isGiven: true, to: &entries, &order) }
  }

  // MARK: The list

  /// The graphs that came last, in their order, and how many there are.
  /// - Parameter wanted: One that is listed all the same.
  func latest(_ count: Int, with wanted: String? = nil) -> (entries: [Entry], count: Int) {
    var ids = Array(order.suffix(count))
    // The one that the page opens with.
    if let first = order.first, !ids.contains(first) { ids.insert(first, at: 0) }
    if let wanted, entries[wanted] != nil, !ids.contains(wanted) { ids.insert(wanted, at: min(1, ids.count)) }
    return (ids.compactMap { entries[$0] }, order.count)
  }

  /// Puts a graph on the shelf.
  /// - Returns: The name by which requests ask for it.
  func add(_ source: GraphSource) -> String {
    let id = Self.add(source, isGiven: false, to: &entries, &order)
    let made = order.count { entries[$0]?.isGiven == false }
    if made > settings.maximumListed, let oldest = order.first(where: { entries[$0]?.isGiven == false }) {
      remove(oldest)
    }
    return id
  }

  @discardableResult
  private static func add(
    _ source: GraphSource, isGiven: Bool, to entries: inout [String: Entry], _ order: inout [String]
  ) -> String {
    let plain = source.name.unicodeScalars.map { scalar -> Character in
      let isPlain =
        scalar.isASCII
        && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
          || "-_.".unicodeScalars.contains(scalar))
      return isPlain ? Character(scalar) : "-"
    }
    let stem = String(plain.prefix(80)).isEmpty ? "graph" : String(plain.prefix(80))
    var id = stem
    var number = 2
    while entries[id] != nil {
      id = "\(stem)-\(number)"
      number += 1
    }
    entries[id] = Entry(id: id, source: source, isGiven: isGiven)
    order.append(id)
    return id
  }

  private func remove(_ id: String) {
    order.removeAll { $0 == id }
    entries[id] = nil
    held[id] = nil
    keepers[id] = nil
  }

  /// Reads a graph file that was sent, keeps it, and puts it on the shelf.
  /// - Throws: ``ExplorerError/shelfFull(limit:)``, ``ExplorerError/cannotKeep(path:reason:)``, and what reading it throws.
  func addUpload(_ bytes: [UInt8], name: String) async throws -> (id: String, notes: [String]) {
    guard uploadCount < settings.maximumUploads else {
      throw ExplorerError.shelfFull(limit: settings.maximumUploads)
    }
    uploadCount += 1
    do {
      let source = try await uploads.run { [folder = settings.uploads] in
        let reading = try GraphReading(json: bytes)
        let open = OpenGraph(reading)
        let stem = name.isEmpty ? open.graph.metadata.slug : name
        guard let folder else { return (GraphSource(name: stem) { open }, open.notes) }
        return (try UploadFolder(folder).keep(bytes, named: stem), open.notes)
      }
      return (add(source.0), source.1)
    } catch {
      uploadCount -= 1
      throw error
    }
  }

  func source(_ id: String) throws(ExplorerError) -> GraphSource {
    guard let entry = entries[id] else { throw .noGraph(id: id) }
    return entry.source
  }

  // MARK: Graphs in memory

  /// A graph.
  func graph(_ id: String) async throws -> OpenGraph { try await taken(id).open }

  /// A graph as the page reads it.
  func payload(_ id: String) async throws -> GraphPayload { try await taken(id).payload }

  /// A graph in memory, read if it is not there. Who asks while it is being read waits for the same reading.
  private func taken(_ id: String) async throws -> Held {
    while true {
      clock += 1
      held[id]?.lastAsked = clock
      if let known = held[id] { return known }
      if let task = reading[id] {
        try await task.value
        continue
      }
      let source = try source(id)
      let task = Task { try await self.read(id, source) }
      reading[id] = task
      defer { reading[id] = nil }
      try await task.value
    }
  }

  private func read(_ id: String, _ source: GraphSource) async throws {
    let (open, payload) = try await reads.run {
      let open = try source.open()
      return (open, try GraphPayload(id: id, of: open, typed: source.prompt, features: source.features))
    }
    guard entries[id] != nil else { throw ExplorerError.noGraph(id: id) }
    clock += 1
    held[id] = Held(open: open, payload: payload, lastAsked: clock)
    putAway(besides: id)
  }

  /// Lets go of the graphs that were not asked for the longest, until the others are within the budget.
  private func putAway(besides kept: String) {
    var sum = held.values.reduce(0) { $0 + $1.byteCount }
    while sum > settings.graphMemory {
      guard let oldest = held.filter({ $0.key != kept }).min(by: { $0.value.lastAsked < $1.value.lastAsked })
      else { return }
      sum -= oldest.value.byteCount
      held[oldest.key] = nil
      // A view without a file is nowhere else.
      if entries[oldest.key]?.source.viewFile != nil, let keeper = keepers.removeValue(forKey: oldest.key) {
        entries[oldest.key]?.revision = keeper.revision
      }
    }
  }

  // MARK: Views

  /// The readers' view of a graph.
  func keeper(_ id: String) async throws -> ViewKeeper {
    let graph = try await graph(id).graph
    return try keeper(id, of: graph)
  }

  private func keeper(_ id: String, of graph: AttributionGraph) throws -> ViewKeeper {
    if let keeper = keepers[id] { return keeper }
    let keeper = ViewKeeper(
      of: graph, file: try source(id).viewFile, revision: entries[id]?.revision ?? 0)
    keepers[id] = keeper
    return keeper
  }

  /// Changes the view of a graph.
  /// - Returns: The view's revision after the change.
  func change(_ id: String, by patches: [ViewPatch]) async throws -> Int {
    let graph = try await graph(id).graph
    // Nothing else happens on the shelf between the reading of the view and its writing.
    var keeper = try keeper(id, of: graph)
    try keeper.apply(patches)
    keepers[id] = keeper
    return keeper.revision
  }
}

extension OpenGraph {
  /// A graph file that was read.
  init(_ reading: GraphReading) {
    self.init(graph: reading.graph, isWhole: false, notes: reading.findings.map { "\($0)" })
  }
}
