extension Decoder {
  private static let supported = [
    "Sequence", "Replace", "ByteFallback", "Fuse", "Strip", "ByteLevel", "Metaspace",
  ]

  /// Reads a `decoder`.
  init(_ place: JSONPlace?) throws(TokenizationError) {
    guard let place else {
      self = .spaced
      return
    }
    let type = try place.type()
    switch type {
    case "Sequence":
      var steps: [Decoder] = []
      for item in try place.required("decoders").items() { steps.append(try Decoder(item)) }
      self = .sequence(steps)
    case "Replace":
      let content = Scalars(try place.required("content").string().unicodeScalars)
      self = .replace(try Pattern(place.required("pattern")), with: content)
    case "ByteFallback": self = .byteFallback
    case "Fuse": self = .fuse
    case "Strip": self = try Self.strip(place)
    case "ByteLevel": self = .byteLevel
    case "Metaspace": self = .metaspace(try Metaspace(place))
    default: throw place.unsupported(type, supported: Self.supported)
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
