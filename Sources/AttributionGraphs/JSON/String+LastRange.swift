extension String {
  /// Where a text of ASCII characters stands last in this one, compared byte by byte: a mark after which characters are
  /// combined with its own is still the mark.
  package func range(ofLast mark: StaticString, before end: Index? = nil) -> Range<Index>? {
    let bytes = utf8[..<(end ?? endIndex)]
    let wanted = mark.withUTF8Buffer { Array($0) }
    var start = bytes.endIndex
    var left = bytes.count
    while left > 0 {
      start = bytes.index(before: start)
      left -= 1
      if bytes[start] == wanted.first, bytes[start...].starts(with: wanted) {
        return start..<bytes.index(start, offsetBy: wanted.count)
      }
    }
    return nil
  }
}
