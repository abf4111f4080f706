/// The sidecar: a view as a JSON file that merges line by line.
///
/// Keys are sorted and each entry of a section stands on a line of its own, so that two readers who change
/// different entries change different lines.
/// ```json
/// {
///   "labels": {
///     "20/15589": "Texas"
///   },
///   "pinned": {
///     "20_15589_10": true
///   },
///   …
///   "version": 1
/// }
/// ```
extension SavedView {
  /// Reads a sidecar.
  /// - Throws: ``GraphError/badView(place:reason:)`` for an entry that is none, ``GraphError/notJSON(offset:reason:)``,
  ///   ``GraphError/nestedTooDeeply(offset:limit:)``.
  public init(sidecar bytes: [UInt8]) throws(GraphError) {
    guard let document = try JSON(parsing: bytes).object else {
      throw .badView(place: "the whole", reason: "is no object")
    }
    try self.init(document: document)
  }

  /// Writes the view as a sidecar; equal views give equal bytes.
  /// - Throws: ``GraphError/notFinite(place:)``.
  public func sidecar() throws(GraphError) -> [UInt8] {
    var output = JSONBytes()
    output.append(raw: "{")
    for (place, member) in document.members.enumerated() {
      output.append(raw: place == 0 ? "\n  " : ",\n  ")
      output.append(quoted: member.key)
      output.append(raw: ": ")
      if let section = member.value.object, !section.isEmpty {
        for (place, entry) in section.members.enumerated() {
          output.append(raw: place == 0 ? "{\n    " : ",\n    ")
          output.append(quoted: entry.key)
          output.append(raw: ": ")
          try output.append(entry.value)
        }
        output.append(raw: "\n  }")
      } else {
        try output.append(member.value)
      }
    }
    output.append(raw: "\n}\n")
    return output.bytes
  }

  /// The members of the sidecar, all keys sorted.
  public var document: JSONObject {
    var members = content
    members.append(("snapshots", .object(Self.section(snapshots) { .object(Self.sorted($0.content)) })))
    members.append(("version", 1))
    let known = Set(members.map(\.key))
    members += extra.members.filter { !known.contains($0.key) }
    return Self.sorted(members)
  }

  /// What a view and a snapshot both have.
  private var content: [(key: String, value: JSON)] {
    let pins = Dictionary(pinnedIDs.map { ($0, true) }, uniquingKeysWith: { first, _ in first })
    let groups = Dictionary(supernodes.map { ($0.key, $0) }, uniquingKeysWith: { _, last in last })
    return [
      ("labels", .object(Self.section(labels) { .string($0) })),
      ("pinned", .object(Self.section(pins) { .bool($0) })),
      ("positions", .object(Self.section(positions) { [JSON($0.x), JSON($0.y)] })),
      ("settings", .object(Self.sorted(settings.members))),
      (
        "supernodes",
        .object(Self.section(groups) { ["label": .string($0.label), "members": JSON($0.members)] })
      ),
    ]
  }

  private static func section<Value>(_ entries: [String: Value], _ json: (Value) -> JSON) -> JSONObject {
    JSONObject(
      distinct: entries.sorted { precedes($0.key, $1.key) }.map { (key: $0.key, value: json($0.value)) })
  }

  private static func sorted(_ members: [(key: String, value: JSON)]) -> JSONObject {
    JSONObject(distinct: members.sorted { precedes($0.key, $1.key) })
  }
}
