/// The number of a token in the vocabulary: the row of the embedding matrix that it selects.
///
/// Vocabularies count from 0; a negative number or one past the vocabulary is no token, and is shown as such.
public typealias Token = Int32

/// A text inside the tokenizer: scalars, not characters, because tokenizers split inside characters and tell
/// texts apart that `String` holds equal.
typealias Scalars = [Unicode.Scalar]

extension String {
  /// The text that the scalars spell.
  init(_ scalars: some Sequence<Unicode.Scalar>) {
    var view = String.UnicodeScalarView()
    for scalar in scalars { view.append(scalar) }
    self = String(view)
  }
}

extension Unicode.Scalar {
  /// The scalar with its code point, for messages: `é (U+00E9)`.
  var named: String {
    let digits = String(value, radix: 16, uppercase: true)
    return "\(self) (U+\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits))"
  }
}
