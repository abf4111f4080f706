extension Decoder {
  private static let supported = [
    "Sequence", "Replace", "ByteFallback", "Fuse", "Strip", "ByteLevel", "Metaspace",
  ]

  /// The most times as long as its pieces that a text may become.
  private static let mostGrowth = 1024

  /// Reads a `decoder`.
  init(_ place: JSONPlace?) throws(TokenizationError) {
    self = try Self.read(place)
    guard let place, growth > Self.mostGrowth else { return }
    throw place.malformed("would make a text more than \(Self.mostGrowth) times as long")
  }

  private static func read(_ place: JSONPlace?) throws(TokenizationError) -> Decoder {
    guard let place else { return .spaced }
    let type = try place.type()
    switch type {
    case "Sequence":
      var steps: [Decoder] = []
      for item in try place.required("decoders").items() { steps.append(try read(item)) }
      return .sequence(steps)
    case "Replace":
      let content = Scalars(try place.required("content").string().unicodeScalars)
      let pattern = try place.required("pattern")
      let read = try Pattern(pattern)
      guard read.isLinear else {
        throw pattern.malformed("is too costly for a decoder: it looks around, or is long")
      }
      return .replace(read, with: content)
    case "ByteFallback": return .byteFallback
    case "Fuse": return .fuse
    case "Strip": return try strip(place)
    case "ByteLevel": return .byteLevel
    case "Metaspace": return .metaspace(try Metaspace(place))
    default: throw place.unsupported(type, supported: supported)
    }
  }

  private static func strip(_ place: JSONPlace) throws(TokenizationError) -> Decoder {
    let content = Scalars(try place.required("content").string().unicodeScalars)
    guard let scalar = content.first, content.count == 1 else {
      throw place.malformed("must have one scalar as 'content', not \(content.count)")
    }
    let start = try place.required("start").integer()
    let stop = try place.required("stop").integer()
    guard start >= 0, stop >= 0 else {
      throw place.malformed("must have a 'start' and 'stop' of 0 or more, not \(start) and \(stop)")
    }
    return .strip(scalar, start: start, stop: stop)
  }
}
