import AttributionGraphs

extension Page {
  /// Presses a key, with others held down: `Enter`, `Control+z`, `Control+Shift+ArrowLeft`, `?`, `+`.
  /// - Throws: ``BrowserError/unknownKey(_:)``.
  public func press(_ keys: String) async throws {
    var modifiers: Modifiers = []
    var name = keys
    while let (modifier, rest) = Self.modifier(of: name) {
      modifiers.insert(modifier)
      name = rest
    }
    guard let key = Key(name) else { throw BrowserError.unknownKey(keys) }
    try await press(key, holding: modifiers)
  }

  /// The first of the held keys in `Control+Shift+z`, and what is behind it.
  private static func modifier(of keys: String) -> (Modifiers, String)? {
    let known: [(String, Modifiers)] = [
      ("Alt+", .alt), ("Control+", .control), ("Meta+", .meta), ("Shift+", .shift),
    ]
    for (prefix, modifier) in known where keys.hasPrefix(prefix) {
      return (modifier, String(keys.dropFirst(prefix.count)))
    }
    return nil
  }

  /// Types a text, key by key, into whatever has the focus; what no key types is put in as it is.
  public func type(_ text: String) async throws {
    for character in text {
      if let key = Key(String(character)) {
        try await press(key, holding: [])
      } else {
        try await command("Input.insertText", ["text": .string(String(character))])
      }
    }
  }

  /// Clicks a field and types a text in the place of what it holds.
  public func fill(_ locator: Locator, with text: String) async throws {
    try await click(locator)
    try await press("Control+a")
    try await press("Delete")
    try await type(text)
  }

  private func press(_ key: Key, holding modifiers: Modifiers) async throws {
    let modifiers = key.needsShift ? modifiers.union(.shift) : modifiers
    // With Control, Alt or Meta a key commands and types nothing.
    let text = modifiers.isSubset(of: .shift) ? key.text : ""
    var event: JSONObject = [
      "key": .string(key.name), "code": .string(key.code), "windowsVirtualKeyCode": JSON(key.number),
      "modifiers": JSON(modifiers.rawValue),
    ]
    event["type"] = "keyUp"
    let release = JSON.object(event)
    event["type"] = text.isEmpty ? "rawKeyDown" : "keyDown"
    event["text"] = .string(text)
    try await command("Input.dispatchKeyEvent", .object(event))
    try await command("Input.dispatchKeyEvent", release)
  }
}
