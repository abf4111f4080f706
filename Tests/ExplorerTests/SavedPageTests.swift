import AttributionGraphs
import Foundation
import Testing

@testable import Explorer

@Suite struct SavedPageTests {
  private func page() throws -> String {
    var view = SavedView()
    view.pinnedIDs = ["1_9_1"]
    let open = OpenGraph(graph: smallGraph(), isWhole: true)
    return String(decoding: try SavedPage(of: open, view: view, features: OneFeature()).html(), as: UTF8.self)
  }

  @Test func `the page needs nothing from elsewhere`() throws {
    let page = try page()
    #expect(page.firstRange(of: "default-src 'none'") != nil)
    #expect(page.firstRange(of: "connect-src") == nil)
    for address in ["src=\"/", "href=\"/", "http://", "https://"] {
      // The namespace of SVG is a name, and nothing is fetched from it.
      let rest = page.replacing("http://www.w3.org/2000/svg", with: "")
      #expect(rest.firstRange(of: address) == nil, "\(address)")
    }
  }

  @Test func `text of the graph cannot end the element that holds it`() throws {
    let page = try page()
    let start = try #require(page.firstRange(of: "id=\"saved-page\">"))
    let end = try #require(page[start.upperBound...].firstRange(of: "</script>"))
    let data = try #require(try JSON(parsing: Array(page[start.upperBound..<end.lowerBound].utf8)).object)
    #expect(data["head"]?.object?["tokens"]?.array?.first == "a </script>")
    #expect(data["examples"]?.object?["1/9"]?.object?["index"] == 9)
    #expect(data["view"]?.object?["pinned"] == ["1_9_1": true])
  }

  @Test func `every module that another one names is in the page`() throws {
    let page = try page()
    let start = try #require(page.firstRange(of: "<script type=\"importmap\""))
    let open = try #require(page[start.upperBound...].firstRange(of: ">"))
    let end = try #require(page[open.upperBound...].firstRange(of: "</script>"))
    let map = try JSON(parsing: Array(page[open.upperBound..<end.lowerBound].utf8))
    let imports = try #require(map.object?["imports"]?.object)
    var named = Set(["clew/main.js"])
    for (_, value) in imports.members {
      let encoded = try #require(value.string?.split(separator: ",").last)
      let source = String(decoding: try #require(Data(base64Encoded: String(encoded))), as: UTF8.self)
      #expect(source.firstRange(of: "from \"./") == nil)
      for match in source.matches(of: #/from "(clew\/[^"]+)"/#) { named.insert(String(match.1)) }
    }
    #expect(named == Set(imports.members.map(\.key)))
  }

  @Test func `the same graph gives the same bytes`() throws { #expect(try page() == page()) }
}
