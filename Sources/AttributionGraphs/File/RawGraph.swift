/// A graph file as it stands: nothing resolved, links as numbers of ids.
struct RawGraph {
  var metadata: JSON?
  var savedView: JSON?
  var nodes: [JSON]?
  var links: RawLinks?
  var extra: JSONObject
  var findings = FindingCounts()

  init(_ bytes: [UInt8]) throws(GraphError) {
    var scanner = JSONScanner(bytes)
    var extra: [(key: String, value: JSON)] = []
    var parts: (metadata: JSON?, savedView: JSON?, nodes: [JSON]?, links: RawLinks?)
    guard scanner.peek() == UInt8(ascii: "{") else { throw try Self.noObject(&scanner) }
    var repeated = 0
    try scanner.members { (scanner: inout JSONScanner, key: JSONScanner.RawText) throws(GraphError) in
      let key = try scanner.text(of: key)
      switch key {
      case "metadata":
        repeated += parts.metadata == nil ? 0 : 1
        parts.metadata = try scanner.value()
      case "qParams":
        repeated += parts.savedView == nil ? 0 : 1
        parts.savedView = try scanner.value()
      case "nodes" where scanner.peek() == UInt8(ascii: "["):
        repeated += parts.nodes == nil ? 0 : 1
        parts.nodes = try scanner.value().array
      case "links" where scanner.peek() == UInt8(ascii: "["):
        repeated += parts.links == nil ? 0 : 1
        parts.links = try RawLinks(&scanner)
      case "nodes", "links": throw .notAGraph(reason: "its '\(key)' are not a list")
      default: extra.append((key, try scanner.value()))
      }
    }
    try scanner.takeEnd()
    guard parts.nodes != nil else { throw .notAGraph(reason: "it has no 'nodes'") }
    guard parts.links != nil else { throw .notAGraph(reason: "it has no 'links'") }
    (metadata, savedView, nodes, links) = parts
    self.extra = JSONObject(distinct: scanner.withoutDuplicates(extra))
    findings.add(.duplicateKey, scanner.duplicateKeyCount + repeated)
    findings.add(.repairedText, scanner.repairedTextCount)
    findings.add(.missingKey, [metadata, savedView].count { $0 == nil })
  }

  /// What to throw for JSON, or for none, that does not begin as an object.
  private static func noObject(_ scanner: inout JSONScanner) throws(GraphError) -> GraphError {
    _ = try scanner.value()
    try scanner.takeEnd()
    return .notAGraph(reason: "it is not an object")
  }
}

/// The links of a file in its order.
struct RawLinks {
  /// The texts that name the ends, and the nodes.
  var ids = IDTable()
  /// The number of the source's id, `[link]`.
  var sources: [Int32] = []
  /// The number of the target's id, `[link]`.
  var targets: [Int32] = []
  /// The weight, `[link]`.
  var weights: [Float] = []
  /// What links say beyond this, by link.
  var extras: [Int: JSONObject] = [:]
  var findings = FindingCounts()

  private static let source = Array("source".utf8)
  private static let target = Array("target".utf8)
  private static let weight = Array("weight".utf8)

  /// No links.
  init() {}

  /// Takes a list of links.
  init(_ scanner: inout JSONScanner) throws(GraphError) {
    try scanner.elements { (scanner: inout JSONScanner) throws(GraphError) in
      if scanner.peek() == UInt8(ascii: "{") {
        try takeLink(&scanner)
      } else {
        _ = try scanner.value()
        findings.add(.incompleteLink)
      }
    }
  }

  private mutating func takeLink(_ scanner: inout JSONScanner) throws(GraphError) {
    var source: Int32 = -1
    var target: Int32 = -1
    var weight: Float?
    var isRounded = false
    var extra: [(key: String, value: JSON)] = []
    try scanner.members { (scanner: inout JSONScanner, key: JSONScanner.RawText) throws(GraphError) in
      let next = scanner.peek()
      if scanner.isText(key, Self.source), next == UInt8(ascii: "\"") {
        source = Int32(ids.number(of: try scanner.textBytes(of: try scanner.rawText())))
      } else if scanner.isText(key, Self.target), next == UInt8(ascii: "\"") {
        target = Int32(ids.number(of: try scanner.textBytes(of: try scanner.rawText())))
      } else if scanner.isText(key, Self.weight), next == UInt8(ascii: "-") || 0x30...0x39 ~= next {
        let number = scanner.float(try scanner.number())
        weight = number.value
        isRounded = number.isRounded
      } else {
        let value = try scanner.value()
        let isKnown = [Self.source, Self.target, Self.weight].contains { scanner.isText(key, $0) }
        if !isKnown { extra.append((try scanner.text(of: key), value)) }
      }
    }
    guard source >= 0, target >= 0, let weight else { return findings.add(.incompleteLink) }
    guard weight.isFinite else { return findings.add(.notFiniteWeight) }
    if isRounded { findings.add(.roundedNumber) }
    if !extra.isEmpty { extras[sources.count] = JSONObject(distinct: scanner.withoutDuplicates(extra)) }
    sources.append(source)
    targets.append(target)
    weights.append(weight)
  }
}
