extension PreTokenizer {
  private static let supported = [
    "Sequence", "ByteLevel", "Split", "Whitespace", "WhitespaceSplit", "Digits", "Punctuation", "Metaspace",
  ]

  /// Reads a `pre_tokenizer`; none leaves texts whole.
  init(_ place: JSONPlace?) throws(TokenizationError) {
    guard let place else {
      self = .sequence([])
      return
    }
    let type = try place.type()
    switch type {
    case "Sequence":
      var steps: [PreTokenizer] = []
      for item in try place.required("pretokenizers").items() { steps.append(try PreTokenizer(item)) }
      self = .sequence(steps)
    case "ByteLevel":
      self = .byteLevel(
        addsSpace: try place.flag("add_prefix_space", default: true),
        splits: try place.flag("use_regex", default: true))
    case "Split":
      self = .split(
        SplitRule(
          pattern: try Pattern(place.required("pattern")),
          behavior: try SplitRule.Behavior(place.required("behavior")),
          isInverted: try place.flag("invert", default: false)))
    case "Whitespace": self = .split(SplitRule(pattern: .words, behavior: .removed, isInverted: true))
    case "WhitespaceSplit": self = .split(SplitRule(pattern: .each(.whitespace), behavior: .removed))
    case "Digits":
      let areSingle = try place.flag("individual_digits", default: false)
      self = .split(SplitRule(pattern: .each(.numbers), behavior: areSingle ? .isolated : .contiguous))
    case "Punctuation":
      let behavior = try place["behavior"].map(SplitRule.Behavior.init(_:)) ?? .isolated
      self = .split(SplitRule(pattern: .each(.punctuation), behavior: behavior))
    case "Metaspace": self = .metaspace(try Metaspace(place))
    default: throw place.unsupported(type, supported: Self.supported)
    }
  }
}

extension SplitRule.Behavior {
  fileprivate init(_ place: JSONPlace) throws(TokenizationError) {
    let name = try place.string()
    guard let behavior = Self(rawValue: name) else {
      throw place.unsupported(name, supported: Self.allCases.map(\.rawValue))
    }
    self = behavior
  }
}

extension Metaspace {
  /// Reads a `Metaspace` component, which may be a pre-tokenizer or a decoder.
  init(_ place: JSONPlace) throws(TokenizationError) {
    let replacement = Scalars(try place["replacement"]?.string().unicodeScalars ?? "▁".unicodeScalars)
    guard let sign = replacement.first, replacement.count == 1 else {
      throw place.malformed("must have one scalar as 'replacement', not \(replacement.count)")
    }
    self.sign = sign
    splits = try place.flag("split", default: true)
    if let scheme = try place["prepend_scheme"] {
      let name = try scheme.string()
      guard let prepending = Prepending(rawValue: name) else {
        throw scheme.unsupported(name, supported: Prepending.allCases.map(\.rawValue))
      }
      self.prepending = prepending
    } else {
      // Files from before there were schemes have a flag.
      prepending = try place.flag("add_prefix_space", default: true) ? .always : .never
    }
  }
}
