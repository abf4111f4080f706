/// What a reader looks for among the nodes of a graph: `Texas layer>15 -kind:error`.
///
/// This is the one place where the language is written down; every reader of it follows it to the letter.
/// ```
/// query     = [ term { spaces term } ]             a node must match every term; no term matches every node
/// term      = [ "-" ] ( condition | text )         "-" turns a term around
/// condition = key ":" text                         key: label, token, id, kind
///           | key comparison number                key: layer, pos, index, influence, activation
/// comparison= ":" | "<" | ">" | "<=" | ">="        ":" is for layer, pos and index only
/// text      = word | '"' { character | '\"' | '\\' } '"'
/// word      = characters other than spaces, the first no quote
/// number    = [ "-" ] digits [ "." digits ]        whole for layer, pos and index; "-" for pos and activation only
/// ```
/// - Spaces are U+0020, tab, line feed and carriage return. A character is a Unicode scalar; places count from 1.
/// - A term that begins with ASCII letters and then `:`, `<` or `>` is a condition, and its key must be one of those
///   above, in any case. Anything else is a text; quotes make one of whatever would be a condition or have spaces.
/// - Texts are compared scalar by scalar after each scalar was mapped to lower case by itself.
///
/// | term | matches a node if |
/// |---|---|
/// | text | its label or its id has the text in it, or it is the embedding of a token that has |
/// | `label:` | its label has the text in it |
/// | `token:` | the prompt's token at its position has the text in it; of a logit, its label before `(p=` |
/// | `id:` | its id is the text, letter case included |
/// | `kind:` | it is a `feature`, an `error`, an `embedding` or a `logit` |
/// | `layer`, `index` | it is a feature, or for `layer` an error, whose number compares so |
/// | `pos` | its position compares so; numbers below 0 count from the end, −1 is the last of the prompt |
/// | `influence` | its running share of influence compares so, small = important; logits have none |
/// | `activation` | its activation compares so; other nodes than features have none |
///
/// A query has at most 1,000 characters and a number at most 15 digits.
public struct NodeQuery: Sendable, Equatable {
  /// The most characters that a query may have.
  public static let maximumLength = 1000

  /// One thing asked of a node.
  public struct Term: Sendable, Equatable {
    /// What is asked.
    public var condition: Condition
    /// Whether nodes that match the condition do not match the term.
    public var isNegated: Bool

    public init(_ condition: Condition, isNegated: Bool = false) {
      self.condition = condition
      self.isNegated = isNegated
    }
  }

  /// What a node can be asked.
  public enum Condition: Sendable, Equatable {
    /// Whether a text is in the label or the id, or in the token of an embedding.
    case text(String)
    /// Whether a text is in the label.
    case label(String)
    /// Whether a text is in the token.
    case token(String)
    /// Whether the id is this.
    case id(String)
    /// What the node stands for.
    case kind(Kind)
    /// How a number of the node compares with one.
    case number(Quantity, Comparison, Double)
  }

  /// What nodes stand for.
  public enum Kind: String, Sendable, CaseIterable {
    case feature, error, embedding, logit
  }

  /// Numbers that nodes have.
  public enum Quantity: String, Sendable, CaseIterable {
    case layer, position = "pos", index, influence, activation

    /// Whether it is a whole number, which may be asked for exactly.
    var isWhole: Bool {
      switch self {
      case .layer, .position, .index: true
      case .influence, .activation: false
      }
    }
    /// Whether numbers below 0 make sense.
    var isSigned: Bool { self == .position || self == .activation }
  }

  /// How two numbers compare.
  public enum Comparison: String, Sendable, CaseIterable {
    case equal = ":"
    case less = "<"
    case greater = ">"
    case atMost = "<="
    case atLeast = ">="
  }

  /// What is asked, in the order of the query.
  public let terms: [Term]

  public init(terms: [Term]) { self.terms = terms }

  /// Reads a query.
  /// - Throws: ``GraphError/badQuery(place:reason:)``.
  public init(_ text: String) throws(GraphError) {
    var scanner = try QueryScanner(text)
    terms = try scanner.terms()
  }
}
