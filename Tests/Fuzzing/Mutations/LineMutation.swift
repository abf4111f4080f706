internal import Tensors

/// Damage to one line of a text, or to the value behind its colon if it is YAML.
enum LineMutation {
  static func damaged(
    _ bytes: [UInt8], donor: [UInt8], isYAML: Bool, using generator: inout SeededGenerator
  ) -> [UInt8] {
    let newline = UInt8(ascii: "\n")
    var lines = bytes.split(separator: newline, omittingEmptySubsequences: false).map { Array($0) }
    let place = Int.random(in: 0..<lines.count, using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: lines.remove(at: place)
    case 1: lines.insert(lines[place], at: Int.random(in: 0...lines.count, using: &generator))
    case 2: lines.swapAt(place, Int.random(in: 0..<lines.count, using: &generator))
    case 3:
      let others = donor.split(separator: newline).map { Array($0) }
      lines[place] = others.randomElement(using: &generator) ?? []
    case 4 where !isYAML, 5 where !isYAML: lines[place] = word(of: lines[place], using: &generator)
    default:
      guard isYAML, let colon = lines[place].firstIndex(of: UInt8(ascii: ":")) else {
        lines[place] = HostileValues.text(using: &generator)
        break
      }
      lines[place] = Array(lines[place][...colon]) + Array(" ".utf8) + value(using: &generator)
    }
    return Array(lines.joined(separator: [newline]))
  }

  /// One of a line's words replaced by a number.
  private static func word(of line: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    let separator = generator.pick(Array("\t ,".utf8))
    var words = line.split(separator: separator, omittingEmptySubsequences: false).map { Array($0) }
    words[Int.random(in: 0..<words.count, using: &generator)] = Array(
      HostileValues.number(near: nil, using: &generator).utf8)
    return Array(words.joined(separator: [separator]))
  }

  /// A YAML value: what JSON has, and what it has not.
  private static func value(using generator: inout SeededGenerator) -> [UInt8] {
    if generator.chance(2) { return HostileValues.json(using: &generator) }
    if generator.chance(8) { return bomb(using: &generator) }
    return Array(
      generator.pick([
        "~", "yes", "0o17", "0x7fffffffffffffff", ".nan", "-.inf", "12:30:45", "2001-12-14t21:59:43.10-05:00",
        "!!binary aGVsbG8=", "!!int \"a\"", "!!set {a, b}", "!!float 1", "&a [*a]", "*nowhere", "|\n  long",
        ">-\n",
        "<<: {a: 1}", "? a", "- - - a", "\t", "%YAML 9.9", "---", "...\n---\na: b", "\"\\x41\\uD800\"", "'",
        "{a: b, a: c}", "[a, b", "transcoder_set", "cross_layer_transcoder", "topk", "relu",
        "layer_0.safetensors",
        "!!null ''", "1_000", "1e3", "{? [1]: 2}", "[[a]: b]",
      ]).utf8)
  }

  /// A few lines whose aliases stand for very many values.
  private static func bomb(using generator: inout SeededGenerator) -> [UInt8] {
    let count = generator.pick([4, 12, 24])
    var text = "&a0 [x, x]"
    for level in 1...count {
      text += "\nb\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]"
    }
    return Array(text.utf8)
  }
}
