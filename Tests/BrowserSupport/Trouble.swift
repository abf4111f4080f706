import AttributionGraphs

/// Something that a page reported and that a good page does not report.
public struct Trouble: Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// A warning or an error on the console.
    case console
    /// An error that no script caught.
    case exception
    /// A request that failed, or that was answered with a status of 400 or more.
    case request
    /// Something that the page's Content-Security-Policy forbids.
    case policy
    /// The end of the page's process.
    case crash
  }

  public let kind: Kind
  /// What the browser says of it, with the place where it knows one.
  public let text: String

  public var description: String { "\(kind.rawValue): \(text)" }
}

/// A line on a page's console.
public struct ConsoleMessage: Sendable, Equatable {
  /// `log`, `info`, `debug`, `warning`, `error`, …
  public let level: String
  public let text: String

  public init(level: String, text: String) {
    self.level = level
    self.text = text
  }
}

extension JSON {
  /// What an object holds under a key; `null` if it holds nothing, or is no object.
  subscript(key: String) -> JSON { object?[key] ?? .null }

  /// The value as text, whatever it is.
  var text: String { string ?? (try? bytes()).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  /// A value of the page, as the browser describes it for a console.
  var remoteObjectText: String {
    if let text = self["unserializableValue"].string ?? self["description"].string { return text }
    let value = self["value"]
    return value == .null ? self["type"].text : value.text
  }

  /// An error of a script, as the browser describes it.
  var exceptionText: String {
    let exception = self["exception"]
    let text = exception == .null ? self["text"].text : exception.remoteObjectText
    guard let url = self["url"].string, let line = self["lineNumber"].int, !text.contains(url) else {
      return text
    }
    return "\(text) (\(url):\(line + 1))"
  }
}
