/// One change of a view, as a page sends it.
/// ```json
/// { "path": ["pinned", "20_15589_10"], "value": true }
/// ```
/// A value of `null` takes the entry out. Paths are `pinned`, `labels`, `positions`, `settings`, `supernodes` or
/// `snapshots` with the key of an entry; without a key a section as a whole is replaced; and a supernode's
/// `label` or `members` can be set alone. Patches with different entries may come in any order: none undoes
/// another.
public struct ViewPatch: Sendable, Equatable {
  /// The section, the key of an entry, and a field of it.
  public var path: [String]
  /// The new value, `null` for none.
  public var value: JSON

  public init(path: [String], value: JSON) {
    self.path = path
    self.value = value
  }

  /// Reads a patch.
  /// - Throws: ``GraphError/badView(place:reason:)``.
  public init(json: JSON) throws(GraphError) {
    guard let object = json.object, let path = object["path"]?.array?.map(\.string),
      let value = object["value"], path.allSatisfy({ $0 != nil })
    else {
      throw .badView(place: "a patch", reason: "is no object with a path of texts and a value")
    }
    self.init(path: path.compactMap { $0 }, value: value)
  }
}

extension SavedView {
  /// Makes one change; if the outcome would be no view, nothing changes.
  /// - Throws: ``GraphError/badView(place:reason:)``.
  public mutating func apply(_ patch: ViewPatch) throws(GraphError) { try apply([patch]) }

  /// Makes some changes in their order, all of them or none.
  /// - Throws: ``GraphError/badView(place:reason:)``.
  public mutating func apply(_ patches: [ViewPatch]) throws(GraphError) {
    guard patches.count <= Limit.pins else {
      throw .badView(place: "a change", reason: "has \(patches.count) patches, more than \(Limit.pins)")
    }
    var document = document
    for patch in patches { try Self.change(&document, by: patch) }
    var patched = try SavedView(document: document)
    (patched.linkType, patched.clickedID) = (linkType, clickedID)
    patched.subgraphPositions = subgraphPositions
    self = patched
  }

  private static func change(_ document: inout JSONObject, by patch: ViewPatch) throws(GraphError) {
    let place = patch.path.joined(separator: "/")
    let value: JSON? = patch.value == .null ? .none : patch.value
    guard let name = patch.path.first, (sections + ["snapshots"]).contains(name) else {
      throw .badView(place: "the path '\(place)' of a patch", reason: "begins with no section of a view")
    }
    var section = document[name]?.object ?? [:]
    // Held once only, it is changed in place.
    document[name] = .null
    switch patch.path.count {
    case 1:
      document[name] = value ?? [:]
      return
    case 2: section[patch.path[1]] = value
    case 3 where name == "supernodes" && ["label", "members"].contains(patch.path[2]):
      guard var group = section[patch.path[1]]?.object else {
        throw .badView(
          place: "supernodes/\(patch.path[1])", reason: "is not there, so it has nothing to change")
      }
      group[patch.path[2]] = value
      section[patch.path[1]] = .object(group)
    default: throw .badView(place: "the path '\(place)' of a patch", reason: "leads to nothing in a view")
    }
    document[name] = .object(section)
  }
}
