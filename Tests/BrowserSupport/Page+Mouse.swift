import AttributionGraphs

/// A button of the mouse.
public enum MouseButton: String, Sendable {
  case left, middle, right

  /// Its bit in the mask of pressed buttons.
  var mask: Int { [.left: 1, .right: 2, .middle: 4][self] ?? 0 }
}

/// Keys held down during an act.
public struct Modifiers: OptionSet, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  public static let alt = Modifiers(rawValue: 1)
  public static let control = Modifiers(rawValue: 2)
  public static let meta = Modifiers(rawValue: 4)
  public static let shift = Modifiers(rawValue: 8)
}

/// Acts of the mouse. Those on an element scroll it into view, and wait until it is visible, stands still, and is
/// not covered by another where the mouse goes.
extension Page {
  /// Clicks an element.
  /// - Parameters:
  ///   - offset: Where on the element, from its upper left corner; its middle if `nil`.
  ///   - count: 2 for a double click.
  public func click(
    _ locator: Locator, at offset: Point? = nil, button: MouseButton = .left, count: Int = 1,
    holding modifiers: Modifiers = [], within limit: Duration = patience
  ) async throws {
    let place = try await place(of: locator, at: offset, within: limit)
    try await click(at: place, button: button, count: count, holding: modifiers)
  }

  /// Clicks a place of the visible part.
  public func click(
    at place: Point, button: MouseButton = .left, count: Int = 1, holding modifiers: Modifiers = []
  ) async throws {
    try await move(to: place, holding: modifiers)
    for number in 1...count {
      try await mouse("mousePressed", place, button, pressed: button.mask, clicks: number, holding: modifiers)
      try await mouse("mouseReleased", place, button, clicks: number, holding: modifiers)
    }
  }

  /// Moves the mouse over an element.
  public func hover(
    _ locator: Locator, at offset: Point? = nil, holding modifiers: Modifiers = []
  ) async throws {
    try await move(to: place(of: locator, at: offset), holding: modifiers)
  }

  /// Moves the mouse to a place of the visible part.
  public func move(to place: Point, holding modifiers: Modifiers = []) async throws {
    try await mouse("mouseMoved", place, holding: modifiers)
  }

  /// Drags from the middle of one element to the middle of another.
  public func drag(_ source: Locator, to target: Locator, holding modifiers: Modifiers = []) async throws {
    let end = try await frame(of: target).center
    try await drag(from: place(of: source), to: end, holding: modifiers)
  }

  /// Drags an element by its middle, so many pixels to the right and down.
  public func drag(
    _ locator: Locator, byX x: Double, y: Double, holding modifiers: Modifiers = []
  ) async throws {
    let start = try await place(of: locator)
    try await drag(from: start, to: Point(x: start.x + x, y: start.y + y), holding: modifiers)
  }

  /// Presses the left button in one place, moves in steps to another, and lets go.
  public func drag(
    from start: Point, to end: Point, steps: Int = 8, holding modifiers: Modifiers = []
  ) async throws {
    try await move(to: start, holding: modifiers)
    try await mouse("mousePressed", start, .left, pressed: 1, clicks: 1, holding: modifiers)
    for step in 1...steps {
      let share = Double(step) / Double(steps)
      let place = Point(x: start.x + share * (end.x - start.x), y: start.y + share * (end.y - start.y))
      try await mouse("mouseMoved", place, .left, pressed: 1, holding: modifiers)
    }
    try await mouse("mouseReleased", end, .left, clicks: 1, holding: modifiers)
  }

  /// Turns the wheel over an element; downward and to the right are positive.
  public func wheel(
    _ locator: Locator, x: Double = 0, y: Double, at offset: Point? = nil, holding modifiers: Modifiers = []
  ) async throws {
    let place = try await place(of: locator, at: offset)
    try await move(to: place, holding: modifiers)
    try await mouse("mouseWheel", place, wheel: Point(x: x, y: y), holding: modifiers)
  }

  private func mouse(
    _ type: String, _ place: Point, _ button: MouseButton? = nil, pressed: Int = 0, clicks: Int = 0,
    wheel: Point? = nil, holding modifiers: Modifiers
  ) async throws {
    var parameters: JSONObject = [
      "type": .string(type), "x": JSON(place.x), "y": JSON(place.y), "modifiers": JSON(modifiers.rawValue),
      "button": .string(button?.rawValue ?? "none"), "buttons": JSON(pressed), "clickCount": JSON(clicks),
    ]
    if let wheel {
      parameters["deltaX"] = JSON(wheel.x)
      parameters["deltaY"] = JSON(wheel.y)
    }
    try await command("Input.dispatchMouseEvent", .object(parameters))
  }

  /// Where the mouse meets an element, once it can.
  private func place(
    of locator: Locator, at offset: Point? = nil, within limit: Duration = patience
  ) async throws -> Point {
    struct Finding: Decodable {
      let obstacle: String?
      let place: Point?
    }
    let script = Self.placeScript(locator, offset: offset)
    var place: Point?
    try await wait("\(locator) to be ready for the mouse", within: limit) {
      let finding = try await evaluate(script, as: Finding.self)
      place = finding.place
      return place == nil ? finding.obstacle ?? "it is nowhere" : nil
    }
    return place ?? Point(x: 0, y: 0)
  }

  /// Finds one element, scrolls to it, and says where it is or what is in the way.
  private static func placeScript(_ locator: Locator, offset: Point?) -> String {
    """
    (async found => {
      if (found.length !== 1) return {obstacle: `${found.length} elements match`};
      const e = found[0];
      if (!\(isVisible)) return {obstacle: 'it cannot be seen'};
      if (e.disabled) return {obstacle: 'it is disabled'};
      e.scrollIntoViewIfNeeded();
      const isPainted = () => new Promise(done => {
        requestAnimationFrame(() => done(true));
        setTimeout(() => done(false), 1000);
      });
      const before = e.getBoundingClientRect();
      if (!await isPainted() || !await isPainted()) return {obstacle: 'the page is not painted'};
      const r = e.getBoundingClientRect();
      if (['x', 'y', 'width', 'height'].some(side => r[side] !== before[side])) return {obstacle: 'it moves'};
      // One that has just begun has not moved anything yet.
      const begins = a => a.pending || a.playState === 'running' && a.currentTime < 100;
      if (document.getAnimations().some(a => begins(a) && a.effect?.target?.contains(e))) {
        return {obstacle: 'it is about to move'};
      }
      const place = {
        x: r.x + \(offset.map { "\($0.x)" } ?? "r.width / 2"), y: r.y + \(offset.map { "\($0.y)" } ?? "r.height / 2")};
      const hit = document.elementFromPoint(place.x, place.y);
      if (!hit) return {obstacle: `${place.x}, ${place.y} is outside the visible part`};
      if (!e.contains(hit) && hit.closest('label')?.control !== e) {
        return {obstacle: `over it lies ${hit.cloneNode().outerHTML.slice(0, 200)}`};
      }
      return {place};
    })(\(locator.script))
    """
  }
}
