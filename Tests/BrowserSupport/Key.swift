/// A key of an American keyboard, with the names and the number that a page sees.
struct Key {
  /// What the page reads as `event.key`.
  let name: String
  /// What the page reads as `event.code`: the key itself, whatever is printed on it.
  let code: String
  /// The number that Windows gives the key.
  let number: Int
  /// What it types, if anything.
  var text = ""
  /// Whether it is typed with Shift.
  var needsShift = false

  /// The key of a name, such as `Enter`, `ArrowLeft`, `F2`, `a` or `?`.
  init?(_ name: String) {
    if let key = Self.named[name] {
      self = key
    } else if name.count == 1, let key = Self.typing(name) {
      self = key
    } else {
      return nil
    }
  }

  private init(_ name: String, _ code: String, _ number: Int, _ text: String = "", needsShift: Bool = false) {
    (self.name, self.code, self.number, self.text) = (name, code, number, text)
    self.needsShift = needsShift
  }

  private static let named: [String: Key] = {
    var keys = [
      Key("Enter", "Enter", 13, "\r"), Key("Tab", "Tab", 9), Key("Escape", "Escape", 27),
      Key("Backspace", "Backspace", 8), Key("Delete", "Delete", 46), Key("Insert", "Insert", 45),
      Key("ArrowLeft", "ArrowLeft", 37), Key("ArrowUp", "ArrowUp", 38),
      Key("ArrowRight", "ArrowRight", 39), Key("ArrowDown", "ArrowDown", 40),
      Key("Home", "Home", 36), Key("End", "End", 35),
      Key("PageUp", "PageUp", 33), Key("PageDown", "PageDown", 34),
    ]
    for number in 1...12 { keys.append(Key("F\(number)", "F\(number)", 111 + number)) }
    var named = Dictionary(uniqueKeysWithValues: keys.map { ($0.name, $0) })
    named["Space"] = Key(" ", "Space", 32, " ")
    return named
  }()

  /// What the keys beside letters and digits type, without and with Shift.
  private static let others: [(plain: String, shifted: String, code: String, number: Int)] = [
    ("`", "~", "Backquote", 192), ("-", "_", "Minus", 189), ("=", "+", "Equal", 187),
    ("[", "{", "BracketLeft", 219), ("]", "}", "BracketRight", 221), ("\\", "|", "Backslash", 220),
    (";", ":", "Semicolon", 186), ("'", "\"", "Quote", 222), (",", "<", "Comma", 188),
    (".", ">", "Period", 190), ("/", "?", "Slash", 191),
  ]

  private static func typing(_ character: String) -> Key? {
    if character == " " { return named["Space"] }
    if character == "\n" { return named["Enter"] }
    if let key = others.first(where: { $0.plain == character || $0.shifted == character }) {
      return Key(character, key.code, key.number, character, needsShift: character == key.shifted)
    }
    guard let byte = character.utf8.first, character.utf8.count == 1 else { return nil }
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"):
      return Key(character, "Key\(character.uppercased())", Int(byte) - 32, character)
    case UInt8(ascii: "A")...UInt8(ascii: "Z"):
      return Key(character, "Key\(character)", Int(byte), character, needsShift: true)
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      return Key(character, "Digit\(character)", Int(byte), character)
    default:
      guard let digit = Array(")!@#$%^&*(").firstIndex(of: Character(character)) else { return nil }
      return Key(character, "Digit\(digit)", 48 + digit, character, needsShift: true)
    }
  }
}
