extension SavedView {
  private static let knownKeys: Set = ["pinnedIds", "supernodes", "linkType", "clickedId", "sg_pos"]

  /// Reads the `qParams` of a graph file; some makers keep lists as the text of an address.
  init(_ value: JSON?, findings: inout FindingCounts) {
    let object = value?.object ?? [:]
    if let value, value.object == nil { findings.add(.wrongType) }
    var reader = MemberReader(object)
    self.init(
      pinnedIDs: reader.optional("pinnedIds", Self.ids) ?? [],
      supernodes: reader.optional("supernodes", Self.supernodes) ?? [],
      linkType: reader.optional("linkType", \.string) ?? "both",
      clickedID: reader.optional("clickedId", \.string) ?? "",
      subgraphPositions: reader.optional("sg_pos", \.string) ?? "",
      extra: JSONObject(distinct: object.members.filter { !Self.knownKeys.contains($0.key) }))
    findings.add(.wrongType, reader.wrongTypes)
  }

  /// The members of the `qParams` object.
  var members: JSONObject {
    let groups = supernodes.map { JSON([$0.label] + $0.members) }
    let members: [(String, JSON)] = [
      ("linkType", .string(linkType)), ("pinnedIds", JSON(pinnedIDs)), ("clickedId", .string(clickedID)),
      ("supernodes", .array(groups)), ("sg_pos", .string(subgraphPositions)),
    ]
    return JSONObject(members + extra.members.map { ($0.key, $0.value) })
  }

  /// Puts ids in the place of the names that viewers use, where a name is no id.
  mutating func resolve(ids: Set<ExactText>, viewerNames: [ExactText: String], findings: inout FindingCounts)
  {
    func resolved(_ name: String) -> String {
      if name.isEmpty || ids.contains(ExactText(name)) { return name }
      guard let id = viewerNames[ExactText(name)] else {
        findings.add(.unknownPin)
        return name
      }
      findings.add(.pinByViewerName)
      return id
    }
    pinnedIDs = pinnedIDs.map(resolved)
    for group in supernodes.indices { supernodes[group].members = supernodes[group].members.map(resolved) }
    clickedID = resolved(clickedID)
  }

  /// Ids in a list, or in a text with commas between them.
  private static func ids(_ value: JSON) -> [String]? {
    if let text = value.string { return text.split(separator: ",").map { String($0) } }
    return value.array?.compactMap(\.string)
  }

  /// Lists of a label and ids, or the text of such lists.
  private static func supernodes(_ value: JSON) -> [Supernode]? {
    var groups = value.array
    if let text = value.string {
      if text.isEmpty { return [] }
      groups = (try? JSON(parsing: Array(text.utf8)))?.array
    }
    let texts = groups?.compactMap { $0.array?.compactMap(\.string) }.filter { !$0.isEmpty }
    return texts?.enumerated().map { place, texts in
      Supernode(key: "g\(place + 1)", label: texts[0], members: Array(texts.dropFirst()))
    }
  }
}
