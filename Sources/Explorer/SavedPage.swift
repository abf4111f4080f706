public import AttributionGraphs
internal import Foundation

/// A page with one graph inside: one file that shows it from the disk, without a server and without a network.
public struct SavedPage: Sendable {
  private let open: OpenGraph
  private let view: SavedView
  private let features: (any FeatureLibrary)?

  /// - Parameters:
  ///   - view: What the page shows at first.
  ///   - features: Where examples are taken from, of those features that the view's shares keep.
  public init(of open: OpenGraph, view: SavedView, features: (any FeatureLibrary)? = nil) {
    (self.open, self.view, self.features) = (open, view, features)
  }

  /// The page; the same graph, view and examples give the same bytes.
  /// - Throws: ``ExplorerError/pagesMissing(path:)``, and what the features' library throws.
  public func html() throws -> [UInt8] {
    let files = try WebFiles().files
    let payload = try GraphPayload(id: open.graph.metadata.slug, of: open, features: features)
    let data: JSON = [
      "head": try JSON(parsing: Array(payload.head)), "edges": .string(payload.edges.base64EncodedString()),
      "view": .object(view.document),
      "subgraph": try GraphFigures(of: open.graph, view: view).json(width: nil),
      "examples": .object(try examples()),
    ]
    let text = String(decoding: try data.bytes(), as: UTF8.self)
    let nonce = Self.nonce(of: text)
    let policy =
      "default-src 'none'; script-src 'nonce-\(nonce)' data:; style-src 'nonce-\(nonce)'; img-src data: blob:; "
      + "base-uri 'none'; form-action 'none'"
    func source(_ name: String) -> String {
      files[name].map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
    }
    var page = source("index.html")
    let replacements = [
      (
        #"<link rel="icon" href="/web/icon.svg">"#,
        #"<meta http-equiv="Content-Security-Policy" content="\#(policy)">"#
      ),
      (
        #"<link rel="stylesheet" href="/web/style.css">"#,
        "<style nonce=\"\(nonce)\">\n\(source("style.css"))</style>"
      ),
      (
        #"<script type="module" src="/web/main.js"></script>"#,
        """
        <script type="application/json" id="saved-page">\(Self.inert(text))</script>
        <script type="importmap" nonce="\(nonce)">\(try Self.importMap(files))</script>
        <script type="module" nonce="\(nonce)">import "clew/main.js";</script>
        """
      ),
    ]
    for (old, new) in replacements {
      guard let range = page.range(of: old) else {
        throw ExplorerError.pagesMissing(path: "index.html: \(old)")
      }
      page.replaceSubrange(range, with: new)
    }
    return Array(page.utf8)
  }

  /// Examples of the features that the view keeps.
  private func examples() throws -> JSONObject {
    guard let features else { return [:] }
    let kept = try open.pruned(by: view).graph
    var keys: Set<String> = []
    var members: [(String, JSON)] = []
    for node in kept.nodes {
      guard case .feature(let layer, let index, _) = node.node, keys.insert("\(layer)/\(index)").inserted,
        let examples = try features.examples(layer: layer, index: index)
      else { continue }
      members.append(("\(layer)/\(index)", examples))
    }
    return JSONObject(members)
  }

  /// The modules as addresses that hold them. They name one another by bare names, since an address that holds a text
  /// has no neighbours.
  private static func importMap(_ files: [String: WebFiles.File]) throws -> String {
    var imports: [(String, JSON)] = []
    for name in files.keys.sorted() where name.hasSuffix(".js") {
      let text = files[name].map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
      let renamed = text.replacing("from \"./", with: "from \"clew/")
      let address = "data:text/javascript;base64," + Data(renamed.utf8).base64EncodedString()
      imports.append(("clew/\(name)", .string(address)))
    }
    let map: JSON = ["imports": .object(JSONObject(imports))]
    return String(decoding: try map.bytes(), as: UTF8.self)
  }

  /// JSON in which nothing ends the element that it stands in.
  private static func inert(_ json: String) -> String { json.replacing("<", with: "\\u003c") }

  /// Names the page's own scripts to the browser. It follows from the contents, so that equal pages are equal.
  private static func nonce(of text: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 36)
  }
}
