extension GraphMetadata {
  /// The keys that have a property of their own.
  private static let knownKeys: Set = [
    "slug", "scan", "prompt", "prompt_tokens", "node_threshold", "schema_version", "layer_count", "info",
    "generation_settings", "pruning_settings",
  ]

  /// Reads the `metadata` of a graph file.
  init(_ value: JSON?, findings: inout FindingCounts) {
    let object = value?.object ?? [:]
    if let value, value.object == nil { findings.add(.wrongType) }
    var reader = MemberReader(object)
    let tokens = reader.required("prompt_tokens", \.array) ?? []
    self.init(
      slug: reader.required("slug", \.string) ?? "", scan: reader.required("scan", \.string) ?? "",
      prompt: reader.required("prompt", \.string) ?? "", promptTokens: tokens.map { $0.string ?? "" },
      layerCount: reader.optional("layer_count", \.int).flatMap { 0..<1 << 20 ~= $0 ? $0 : nil },
      nodeThreshold: reader.optional("node_threshold", \.double).flatMap { $0.isFinite ? $0 : nil },
      schemaVersion: reader.optional("schema_version", \.int), info: reader.optional("info", \.object) ?? [:],
      generationSettings: reader.optional("generation_settings", \.object) ?? [:],
      pruningSettings: reader.optional("pruning_settings", \.object) ?? [:],
      extra: JSONObject(distinct: object.members.filter { !Self.knownKeys.contains($0.key) }))
    findings.add(.wrongType, reader.wrongTypes + tokens.count { $0.string == nil })
    if value?.object != nil { findings.add(.missingKey, reader.missing) }
    let isUploadable = slug.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    findings.add(.notUploadable, (isUploadable ? 0 : 1) + (scan.utf8.contains(UInt8(ascii: "/")) ? 1 : 0))
  }

  /// The members of the `metadata` object, in the order of other tools.
  var members: JSONObject {
    var members: [(String, JSON)] = [
      ("slug", .string(slug)), ("scan", .string(scan)), ("prompt_tokens", JSON(promptTokens)),
      ("prompt", .string(prompt)),
    ]
    if let nodeThreshold { members.append(("node_threshold", JSON(nodeThreshold))) }
    if let schemaVersion { members.append(("schema_version", JSON(schemaVersion))) }
    if let layerCount { members.append(("layer_count", JSON(layerCount))) }
    for (key, object) in [
      ("info", info), ("generation_settings", generationSettings), ("pruning_settings", pruningSettings),
    ] where !object.isEmpty {
      members.append((key, .object(object)))
    }
    return JSONObject(members + extra.members.map { ($0.key, $0.value) })
  }
}

/// Takes members of an object by the type that they should have.
struct MemberReader {
  private let object: JSONObject
  /// How many required keys were not there.
  private(set) var missing = 0
  /// How many values were of another type, `null` aside.
  private(set) var wrongTypes = 0

  init(_ object: JSONObject) { self.object = object }

  mutating func required<Value>(_ key: String, _ type: (JSON) -> Value?) -> Value? {
    if object[key] == nil { missing += 1 }
    return optional(key, type)
  }

  mutating func optional<Value>(_ key: String, _ type: (JSON) -> Value?) -> Value? {
    guard let value = object[key], value != .null else { return nil }
    let result = type(value)
    if result == nil { wrongTypes += 1 }
    return result
  }
}
