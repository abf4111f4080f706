internal import AttributionGraphs
internal import Foundation

/// The graphs that the server was given, by name. Nothing else can be reached through it.
actor GraphShelf {
  /// What the list says of a graph.
  struct Entry {
    let id: String
    let source: GraphSource
  }

  private(set) var entries: [Entry] = []
  private var payloads: [String: GraphPayload] = [:]
  private var opened: [String: OpenGraph] = [:]
  private var keepers: [String: ViewKeeper] = [:]
  private let uploadLimit: Int
  private var uploadCount = 0

  init(sources: [GraphSource], uploadLimit: Int) {
    self.uploadLimit = uploadLimit
    for source in sources { _ = Self.add(source, to: &entries) }
  }

  /// Puts a graph on the shelf.
  /// - Returns: The name by which requests ask for it.
  func add(_ source: GraphSource) -> String { Self.add(source, to: &entries) }

  private static func add(_ source: GraphSource, to entries: inout [Entry]) -> String {
    let plain = source.name.unicodeScalars.map { scalar -> Character in
      let isPlain =
        scalar.isASCII
        && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
          || "-_.".unicodeScalars.contains(scalar))
      return isPlain ? Character(scalar) : "-"
    }
    let stem = String(plain.prefix(80)).isEmpty ? "graph" : String(plain.prefix(80))
    let taken = Set(entries.map(\.id))
    var id = stem
    var number = 2
    while taken.contains(id) {
      id = "\(stem)-\(number)"
      number += 1
    }
    entries.append(Entry(id: id, source: source))
    return id
  }

  /// Reads a graph file that was sent, and puts it on the shelf.
  /// - Throws: ``ExplorerError/shelfFull(limit:)``, and what reading it throws.
  func addUpload(_ bytes: [UInt8], name: String) throws -> (id: String, notes: [String]) {
    guard uploadCount < uploadLimit else { throw ExplorerError.shelfFull(limit: uploadLimit) }
    let reading = try GraphReading(json: bytes)
    let open = OpenGraph(graph: reading.graph, isWhole: false, notes: reading.findings.map { "\($0)" })
    let id = add(GraphSource(name: name.isEmpty ? open.graph.metadata.slug : name) { open })
    uploadCount += 1
    return (id, open.notes)
  }

  func source(_ id: String) throws(ExplorerError) -> GraphSource {
    guard let entry = entries.first(where: { $0.id == id }) else { throw .noGraph(id: id) }
    return entry.source
  }

  /// A graph, read at the first time that it is asked for.
  func graph(_ id: String) throws -> OpenGraph {
    if let open = opened[id] { return open }
    let open = try source(id).open()
    opened[id] = open
    return open
  }

  /// A graph as the page reads it.
  func payload(_ id: String) throws -> GraphPayload {
    if let payload = payloads[id] { return payload }
    let source = try source(id)
    let payload = try GraphPayload(id: id, of: try graph(id), typed: source.prompt, features: source.features)
    payloads[id] = payload
    return payload
  }

  /// The readers' view of a graph.
  func keeper(_ id: String) throws -> ViewKeeper {
    if let keeper = keepers[id] { return keeper }
    let keeper = ViewKeeper(of: try graph(id).graph, file: try source(id).viewFile)
    keepers[id] = keeper
    return keeper
  }

  /// Changes the view of a graph.
  /// - Returns: The view's revision behind the change.
  func change(_ id: String, by patches: [ViewPatch]) throws -> Int {
    var keeper = try keeper(id)
    try keeper.apply(patches)
    keepers[id] = keeper
    return keeper.revision
  }
}
