extension SavedView {
  /// How much a view may hold. What a page sends and what lies in a file is checked against it.
  public enum Limit {
    /// Pinned nodes, and entries of ``SavedView/labels`` and ``SavedView/positions``.
    public static let pins = 10_000
    public static let supernodes = 1_000
    /// Of a label, an id or a key, in Unicode scalars.
    public static let textLength = 500
    public static let snapshots = 100
    public static let settings = 100
    /// Of the JSON of one setting, in bytes.
    public static let settingLength = 10_000
  }

  /// The keys of a view and of a snapshot.
  static let sections = ["labels", "pinned", "positions", "settings", "supernodes"]
  /// The keys of a view.
  private static let keys = sections + ["snapshots", "version"]

  /// Reads the members of a sidecar.
  init(document: JSONObject) throws(GraphError) {
    if let version = document["version"], version.int != 1 {
      throw .badView(place: "version", reason: "is not 1, the only version that this program knows")
    }
    try self.init(sectionsOf: document, in: "")
    let kept = try Self.entries(document["snapshots"], of: "snapshots", limit: Limit.snapshots)
    for (name, value) in kept {
      guard let object = value.object else {
        throw .badView(place: "snapshots/\(name)", reason: "is no object")
      }
      var snapshot = try SavedView(sectionsOf: object, in: "snapshots/\(name)/")
      snapshot.extra = [:]
      snapshots[name] = snapshot
    }
    // Many files have settings.
    let own = Self.keys.filter { $0 != "settings" }
    guard document.isEmpty || own.contains(where: { document[$0] != nil }) else {
      throw .badView(
        place: "the whole", reason: "is no view: it has none of \(own.joined(separator: ", "))")
    }
  }

  /// Reads what a view and a snapshot both have.
  private init(sectionsOf document: JSONObject, in place: String) throws(GraphError) {
    self.init()
    for (key, value) in try Self.entries(document["pinned"], of: place + "pinned", limit: Limit.pins) {
      guard let isPinned = value.bool else {
        throw .badView(place: "\(place)pinned/\(key)", reason: "is neither true nor false")
      }
      if isPinned { pinnedIDs.append(key) }
    }
    for (key, value) in try Self.entries(document["labels"], of: place + "labels", limit: Limit.pins) {
      labels[key] = try Self.text(value, of: "\(place)labels/\(key)")
    }
    for (key, value) in try Self.entries(document["positions"], of: place + "positions", limit: Limit.pins) {
      positions[key] = try Self.position(value, of: "\(place)positions/\(key)")
    }
    supernodes = try Self.supernodes(document["supernodes"], of: place + "supernodes")
    settings = try Self.settings(document["settings"], of: place + "settings")
    extra = JSONObject(distinct: document.members.filter { !Self.keys.contains($0.key) })
  }

  // MARK: Entries

  private static func entries(
    _ value: JSON?, of place: String, limit: Int
  ) throws(GraphError) -> [(key: String, value: JSON)] {
    guard let value, value != .null else { return [] }
    guard let object = value.object else { throw .badView(place: place, reason: "is no object") }
    guard object.members.count <= limit else {
      throw .badView(
        place: place, reason: "has \(object.members.count) entries, and \(limit) is the most there may be")
    }
    for (key, _) in object.members where key.isEmpty || key.unicodeScalars.count > Limit.textLength {
      throw .badView(
        place: place, reason: "has a key that is empty or longer than \(Limit.textLength) characters")
    }
    return object.members.sorted { precedes($0.key, $1.key) }
  }

  private static func text(_ value: JSON?, of place: String) throws(GraphError) -> String {
    guard let text = value?.string else { throw .badView(place: place, reason: "is no text") }
    guard text.unicodeScalars.count <= Limit.textLength else {
      throw .badView(place: place, reason: "is longer than \(Limit.textLength) characters")
    }
    return text
  }

  private static func position(_ value: JSON, of place: String) throws(GraphError) -> Position {
    let numbers = value.array?.compactMap(\.double) ?? []
    guard numbers.count == 2, value.array?.count == 2, numbers.allSatisfy({ $0.magnitude <= 1e6 }) else {
      throw .badView(place: place, reason: "is no pair of numbers of at most a million points")
    }
    return Position(x: numbers[0], y: numbers[1])
  }

  private static func supernodes(_ value: JSON?, of place: String) throws(GraphError) -> [Supernode] {
    var groups: [Supernode] = []
    var memberCount = 0
    for (key, value) in try entries(value, of: place, limit: Limit.supernodes) {
      let place = "\(place)/\(key)"
      guard let object = value.object, let list = object["members"]?.array else {
        throw .badView(place: place, reason: "is no object with a label and a list of members")
      }
      let label = try text(object["label"], of: place + "/label")
      var members: [String] = []
      for member in list { members.append(try text(member, of: place + "/members")) }
      memberCount += members.count
      guard memberCount <= Limit.pins else {
        throw .badView(
          place: place, reason: "brings the members of all groups above \(Limit.pins), the most there may be")
      }
      groups.append(Supernode(key: key, label: label, members: members))
    }
    return groups
  }

  private static func settings(_ value: JSON?, of place: String) throws(GraphError) -> JSONObject {
    let settings = try entries(value, of: place, limit: Limit.settings)
    for (key, value) in settings {
      switch key {
      case "nodeShare", "edgeShare":
        guard let share = value.double, (0...1).contains(share) else {
          throw .badView(place: "\(place)/\(key)", reason: "is no share between 0 and 1")
        }
      case "hideErrors", "hideFirstToken":
        guard value.bool != nil else {
          throw .badView(place: "\(place)/\(key)", reason: "is neither true nor false")
        }
      default:
        guard try value.bytes().count <= Limit.settingLength else {
          throw .badView(
            place: "\(place)/\(key)", reason: "is longer than \(Limit.settingLength) bytes of JSON")
        }
      }
    }
    return JSONObject(distinct: settings)
  }
}
