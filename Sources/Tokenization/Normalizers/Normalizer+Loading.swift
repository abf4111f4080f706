extension Normalizer {
  private static let supported =
    ["Sequence", "Prepend", "Replace", "Lowercase", "Strip", "StripAccents"]
    + UnicodeForm.allCases.map(\.rawValue)

  /// Reads a `normalizer`; none leaves texts as they are.
  init(_ place: JSONPlace?) throws(TokenizationError) {
    guard let place else {
      self = .sequence([])
      return
    }
    let type = try place.type()
    switch type {
    case "Sequence":
      var normalizers: [Normalizer] = []
      for item in try place.required("normalizers").items() { normalizers.append(try Normalizer(item)) }
      self = .sequence(normalizers)
    case "Prepend": self = .prepend(Scalars(try place.required("prepend").string().unicodeScalars))
    case "Replace":
      let content = Scalars(try place.required("content").string().unicodeScalars)
      self = .replace(try Pattern(place.required("pattern")), with: content)
    case "Lowercase": self = .lowercase
    case "Strip":
      self = .strip(
        left: try place.flag("strip_left", default: true), right: try place.flag("strip_right", default: true)
      )
    case "StripAccents": self = .stripAccents
    default:
      guard let form = UnicodeForm(rawValue: type) else {
        throw place.unsupported(type, supported: Self.supported)
      }
      self = .unicode(form)
    }
  }
}
