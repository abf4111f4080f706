import Foundation

/// Says which element of a page is meant: a CSS selector, and what else tells it from others.
///
///     page.click("#trace")
///     page.click(.element("button", saying: "Trace"))
///     page.hover(.element("g.node", number: 3))
public struct Locator: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  let selector: String
  let text: String?
  let number: Int?

  public init(stringLiteral selector: String) { self = .element(selector) }

  /// An element that a selector matches.
  /// - Parameters:
  ///   - text: What the element says, or part of it; its `aria-label` counts too.
  ///   - number: Which of several it is, from 0; without it there must be one only.
  public static func element(_ selector: String, saying text: String? = nil, number: Int? = nil) -> Locator {
    Locator(selector: selector, text: text, number: number)
  }

  private init(selector: String, text: String?, number: Int?) {
    self.selector = selector
    self.text = text
    self.number = number
  }

  /// A script whose value is the list of elements that are meant, in the order of the page.
  var script: String {
    let all = "[...document.querySelectorAll(\(selector.quotedForScript))]"
    let saying = text.map {
      """
      .filter(e => [e.innerText ?? e.textContent, e.getAttribute('aria-label') ?? '']\
      .some(t => t.includes(\($0.quotedForScript))))
      """
    }
    return all + (saying ?? "") + (number.map { ".slice(\($0), \($0 + 1))" } ?? "")
  }
}

extension Locator: CustomStringConvertible {
  public var description: String {
    "'\(selector)'" + (text.map { " saying “\($0)”" } ?? "") + (number.map { " number \($0)" } ?? "")
  }
}

extension String {
  /// The text in quotes, as a script states it.
  public var quotedForScript: String {
    String(decoding: (try? JSONEncoder().encode(self)) ?? Data(), as: UTF8.self)
  }
}
