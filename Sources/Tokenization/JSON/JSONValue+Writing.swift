extension JSONValue {
  /// An object with members in the order in which they are written.
  static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { Member(key: $0, value: $1) })
  }

  /// The value as JSON: one line for each member and item, but for short lists of plain values.
  var text: String {
    var text = ""
    write(to: &text, indent: 0)
    return text + "\n"
  }

  private var isPlain: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  private func write(to text: inout String, indent: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(value, to: &text)
    case .array(let items) where items.count <= 2 && items.allSatisfy(\.isPlain):
      text += "["
      for (place, item) in items.enumerated() {
        if place > 0 { text += ", " }
        item.write(to: &text, indent: indent)
      }
      text += "]"
    case .array(let items):
      Self.write(items, between: "[", "]", to: &text, indent: indent) { item, text in
        item.write(to: &text, indent: indent + 1)
      }
    case .object(let members):
      Self.write(members, between: "{", "}", to: &text, indent: indent) { member, text in
        Self.write(member.key, to: &text)
        text += ": "
        member.value.write(to: &text, indent: indent + 1)
      }
    }
  }

  private static func write<Item>(
    _ items: [Item], between opening: String, _ closing: String, to text: inout String, indent: Int,
    item: (Item, inout String) -> Void
  ) {
    let spaces = String(repeating: " ", count: indent)
    text += opening
    for (place, one) in items.enumerated() {
      text += place > 0 ? ",\n \(spaces)" : "\n \(spaces)"
      item(one, &text)
    }
    text += items.isEmpty ? closing : "\n\(spaces)\(closing)"
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"", "\\":
        text += "\\"
        text.unicodeScalars.append(scalar)
      case "\u{00}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
