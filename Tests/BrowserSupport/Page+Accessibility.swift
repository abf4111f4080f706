import AttributionGraphs

/// What a screen reader is told of a part of a page.
public struct AccessibleNode: Sendable, Equatable {
  /// What it is: `button`, `heading`, `slider`, …
  public let role: String
  /// What it is called.
  public let name: String
  /// What it holds, if it holds something.
  public let value: String
  /// What else is told of it, such as `focused`, `checked`, `expanded` or `level`.
  public let properties: [String: String]
  /// How many nodes it lies in.
  public let depth: Int
}

extension Page {
  /// What a screen reader is told of the page, in the order in which it is read.
  public func accessibilityTree() async throws -> [AccessibleNode] {
    try await command("Accessibility.enable")
    let nodes = try await command("Accessibility.getFullAXTree")["nodes"].array ?? []
    let byID = Dictionary(nodes.map { ($0["nodeId"].text, $0) }, uniquingKeysWith: { first, _ in first })
    var tree: [AccessibleNode] = []
    var stack = nodes.first.map { [(node: $0, depth: 0)] } ?? []
    while let (node, depth) = stack.popLast() {
      // What is ignored is not told, but what lies in it is.
      let isTold = node["ignored"] != true
      if isTold { tree.append(AccessibleNode(node, depth: depth)) }
      for child in (node["childIds"].array ?? []).reversed() {
        if let child = byID[child.text] { stack.append((child, isTold ? depth + 1 : depth)) }
      }
    }
    return tree
  }
}

extension AccessibleNode {
  fileprivate init(_ node: JSON, depth: Int) {
    role = node["role"]["value"].text
    name = node["name"]["value"].string ?? ""
    value = node["value"]["value"] == .null ? "" : node["value"]["value"].text
    properties = Dictionary(
      (node["properties"].array ?? []).map { ($0["name"].text, $0["value"]["value"].text) },
      uniquingKeysWith: { first, _ in first })
    self.depth = depth
  }
}
