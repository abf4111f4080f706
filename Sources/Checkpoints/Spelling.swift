/// How far words are from one another.
public enum Spelling {
  /// How many letters have to be put in, left out or changed to make one word of another, in bytes.
  public static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.utf8), Array(second.utf8))
    var row = Array(0...b.count)
    for i in a.indices {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
        diagonal = row[j + 1]
        row[j + 1] = next
      }
    }
    return row[b.count]
  }

  /// The one of some names that a misspelt word probably stands for; `nil` if none is near.
  public static func nearest(to word: String, in names: [String]) -> String? {
    guard word.utf8.count <= 64 else { return nil }
    let limit = word.utf8.count < 4 ? 1 : 2
    let near = names.map { (distance(word.lowercased(), $0), $0) }.filter { $0.0 <= limit }.min { $0 < $1 }
    return near?.1 ?? (word.count > 1 ? names.first { $0.hasPrefix(word.lowercased()) } : nil)
  }
}
