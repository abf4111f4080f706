/// SVG as it is written down, element by element.
struct SVGText {
  private(set) var text = ""

  /// An element with its attributes; the content is escaped.
  mutating func add(_ element: String, _ attributes: [(String, String)], content: String? = nil) {
    text += "<\(element)" + Self.attributes(attributes)
    text += content.map { ">\(Self.escaped($0))</\(element)>\n" } ?? "/>\n"
  }

  /// An element that shows a text when it is pointed at.
  mutating func add(_ element: String, _ attributes: [(String, String)], tooltip: String) {
    text +=
      "<\(element)" + Self.attributes(attributes) + "><title>\(Self.escaped(tooltip))</title></\(element)>\n"
  }

  mutating func open(_ element: String, _ attributes: [(String, String)]) {
    text += "<\(element)" + Self.attributes(attributes) + ">\n"
  }

  mutating func close(_ element: String) { text += "</\(element)>\n" }

  private static func attributes(_ list: [(String, String)]) -> String {
    list.map { " \($0)=\"\(escaped($1))\"" }.joined()
  }

  /// A text that XML and HTML read as itself, without characters that they do not allow.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result += " "
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): result += "\u{FFFD}"
      case _ where scalar.value & 0xFFFE == 0xFFFE: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
