/// Numbers for texts: equal bytes get equal numbers, from 0 in the order of their coming.
///
/// A file names both ends of every link by text. Looked up here they cost no memory of their own.
struct IDTable {
  /// The bytes of all texts, one behind the other.
  private var texts: [UInt8] = []
  /// Where each text ends in ``texts``.
  private var ends: [Int] = []
  /// The hash of each text.
  private var hashes: [UInt64] = []
  /// The number of the text whose hash leads here, -1 where there is none; the count is a power of two.
  private var table: [Int32] = Array(repeating: -1, count: 1024)

  /// How many texts there are.
  var count: Int { ends.count }

  /// The number of a text, which is new if the text is.
  mutating func number(of text: ArraySlice<UInt8>) -> Int {
    let hash = hash(text)
    var place = Int(truncatingIfNeeded: hash) & (table.count - 1)
    while table[place] >= 0 {
      let number = Int(table[place])
      if hashes[number] == hash, texts[range(number)] == text { return number }
      place = (place + 1) & (table.count - 1)
    }
    table[place] = Int32(count)
    texts.append(contentsOf: text)
    ends.append(texts.count)
    hashes.append(hash)
    if count * 2 > table.count { grow() }
    return count - 1
  }

  private func range(_ number: Int) -> Range<Int> { (number == 0 ? 0 : ends[number - 1])..<ends[number] }

  private mutating func grow() {
    table = Array(repeating: -1, count: table.count * 2)
    for (number, hash) in hashes.enumerated() {
      var place = Int(truncatingIfNeeded: hash) & (table.count - 1)
      while table[place] >= 0 { place = (place + 1) & (table.count - 1) }
      table[place] = Int32(number)
    }
  }

  private func hash(_ text: ArraySlice<UInt8>) -> UInt64 {
    // Seeded anew in every process, so that no file can be made to crowd the table.
    var hasher = Hasher()
    text.withUnsafeBytes { hasher.combine(bytes: $0) }
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }
}
