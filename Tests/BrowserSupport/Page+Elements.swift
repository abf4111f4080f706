/// What a test waits for an element to be.
public enum Presence: String, Sendable {
  /// It is there and can be seen.
  case visible
  /// It is in the document.
  case present
  /// None is in the document, or none can be seen.
  case gone
}

extension Page {
  /// How many elements there are now.
  public func count(_ locator: Locator) async throws -> Int {
    try await evaluate("\(locator.script).length")
  }

  /// What an element says, as it is seen; waits until the element is there.
  public func text(_ locator: Locator) async throws -> String {
    try await read("e.innerText ?? e.textContent", of: locator)
  }

  /// What each of the elements says, in their order; does not wait.
  public func texts(_ locator: Locator) async throws -> [String] {
    try await evaluate("\(locator.script).map(e => e.innerText ?? e.textContent)")
  }

  /// An attribute of an element, `nil` if it has none of that name; waits until the element is there.
  public func attribute(_ name: String, of locator: Locator) async throws -> String? {
    try await read("e.getAttribute(\(name.quotedForScript))", of: locator)
  }

  /// What a field of a form holds; waits until it is there.
  public func value(of locator: Locator) async throws -> String {
    try await read("String(e.value)", of: locator)
  }

  /// A property of an element's computed style, such as `color`; waits until the element is there.
  public func style(_ property: String, of locator: Locator) async throws -> String {
    try await read("getComputedStyle(e).getPropertyValue(\(property.quotedForScript))", of: locator)
  }

  /// Where an element is seen, in CSS pixels from the corner of the page's visible part; waits until it is there.
  public func frame(of locator: Locator) async throws -> Frame {
    try await read(
      "(r => ({x: r.x, y: r.y, width: r.width, height: r.height}))(e.getBoundingClientRect())", of: locator)
  }

  /// Chooses an option of a list by its value, as if it had been picked; waits until the list is there and has it.
  public func select(_ value: String, in locator: Locator) async throws {
    let value = value.quotedForScript
    // The list that the browser unfolds is no part of the page: its outcome is made instead.
    let isChosen = """
      (() => {
        if (e.disabled || ![...e.options].some(option => option.value === \(value) && !option.disabled)) return false;
        e.value = \(value);
        for (const name of ["input", "change"]) e.dispatchEvent(new Event(name, { bubbles: true }));
        return true;
      })()
      """
    try await wait("an option \(value) of \(locator)") {
      try await read(isChosen, of: locator) ? nil : "the list does not offer it"
    }
  }

  /// The value of an expression about the element `e`, once there is one element.
  private func read<Value: Decodable>(_ expression: String, of locator: Locator) async throws -> Value {
    // Looked for and read in one script, so that nothing changes between.
    let script = """
      (found => ({count: found.length, values: found.length === 1 ? found.map(e => \(expression)) : []}))\
      (\(locator.script))
      """
    var values: [Value] = []
    try await wait("one element \(locator)") {
      let reading = try await evaluate(script, as: Reading<Value>.self)
      values = reading.values
      return reading.count == 1 ? nil : "there are \(reading.count)"
    }
    return values[0]
  }

  /// Waits until an element is visible, present or gone.
  public func waitFor(
    _ locator: Locator, toBe presence: Presence = .visible, within limit: Duration = patience
  ) async throws {
    struct Counts: Decodable {
      let all: Int
      let visible: Int
    }
    try await wait("\(locator) to be \(presence.rawValue)", within: limit) {
      let counts = try await evaluate(
        """
        (found => ({all: found.length, visible: found.filter(e => \(Self.isVisible)).length}))(\(locator.script))
        """, as: Counts.self)
      let isDone =
        switch presence {
        case .visible: counts.visible > 0
        case .present: counts.all > 0
        case .gone: counts.visible == 0
        }
      return isDone ? nil : "of \(counts.all) that match, \(counts.visible) can be seen"
    }
  }

  /// Waits until a condition of the page is true.
  /// - Parameter condition: JavaScript, in which `await` may stand; an error that it throws counts as not yet true.
  public func waitUntil(_ condition: String, within limit: Duration = patience) async throws {
    try await wait("'\(condition)'", within: limit) {
      do {
        return try await evaluate("Boolean(\(condition))") ? nil : "it is not true"
      } catch BrowserError.scriptThrew(_, let message) {
        return message
      }
    }
  }

  /// A script's test of whether the element `e` can be seen.
  static let isVisible = """
    (e.checkVisibility({opacityProperty: true, visibilityProperty: true}) && \
    (r => r.width > 0 && r.height > 0)(e.getBoundingClientRect()))
    """
}

/// How many elements there are, and what was asked of the only one.
private struct Reading<Value: Decodable>: Decodable {
  let count: Int
  let values: [Value]
}

/// A rectangle of a page, in CSS pixels, y downward.
public struct Frame: Sendable, Equatable, Codable {
  public var x, y, width, height: Double

  public init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// Its middle.
  public var center: Point { Point(x: x + width / 2, y: y + height / 2) }
}

/// A place in the visible part of a page, in CSS pixels, y downward.
public struct Point: Sendable, Equatable, Codable {
  public var x, y: Double

  public init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }
}
