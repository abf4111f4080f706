/// Something in a graph file that a reader should know: a repair, a doubt, or what the file lacks.
public struct Finding: Sendable, Equatable {
  /// What was found.
  public enum Kind: String, Sendable, CaseIterable {
    /// A key that every graph file has is not there.
    case missingKey
    /// A value is of another type than its key asks for.
    case wrongType
    /// An object has one key twice.
    case duplicateKey
    /// A text is not valid Unicode.
    case repairedText
    /// A name is one that Neuronpedia refuses, though its schema does not.
    case notUploadable
    /// A node does not say which one it is.
    case unreadableNode
    /// A node is listed twice.
    case repeatedNode
    /// A node has the id of another.
    case sharedID
    /// A node is of no known kind.
    case unknownKind
    /// A feature's number is in no known relation to its layer and index.
    case opaqueFeature
    /// A feature's index can be read neither from its id nor from its number.
    case unknownIndex
    /// A node lies at a position that the prompt does not have.
    case positionBeyondPrompt
    /// A probability or a root weight is beyond what such a number can be.
    case impossibleNumber
    /// A node has no links.
    case isolatedNode
    /// Nothing has a probability or a root weight.
    case noRoots
    /// There are no error nodes.
    case noErrors
    /// No influence is stated.
    case influenceMissing
    /// Influence is stated as such and not as a running share.
    case influenceRaw
    /// A link lacks an end or a weight.
    case incompleteLink
    /// A link names a node that is not there.
    case unknownEnd
    /// A weight is beyond single precision.
    case notFiniteWeight
    /// A weight has more digits than single precision keeps.
    case roundedNumber
    /// A weight is zero.
    case zeroWeight
    /// Two links have the same ends.
    case repeatedLink
    /// A link to a shared id can only mean one node, by the order of the layers.
    case settledByLegality
    /// A link to a shared id can only mean one node, by the order of the file.
    case settledByOrder
    /// A link to a shared id may mean several nodes.
    case unsettled
    /// A link goes from a node to itself.
    case selfLink
    /// A link goes to the same or a lower layer.
    case backwardLink
    /// A link enters an error or an embedding.
    case linkIntoLeaf
    /// A link leaves a logit.
    case linkFromLogit
    /// A link goes to an earlier token.
    case linkToEarlierToken
    /// A node lies on a cycle or below one.
    case cyclicNode
    /// The saved view names a node as viewers do and not by its id.
    case pinByViewerName
    /// The saved view names a node that is not there.
    case unknownPin
  }

  /// What was found.
  public let kind: Kind
  /// How often.
  public let count: Int

  public init(kind: Kind, count: Int) {
    self.kind = kind
    self.count = count
  }
}

/// Findings while they are being made.
struct FindingCounts {
  private var counts: [Finding.Kind: Int] = [:]

  mutating func add(_ kind: Finding.Kind, _ count: Int = 1) {
    if count > 0 { counts[kind, default: 0] += count }
  }

  mutating func add(_ others: FindingCounts) { counts.merge(others.counts, uniquingKeysWith: +) }

  /// What was found, in the order of the kinds.
  var findings: [Finding] {
    Finding.Kind.allCases.compactMap { kind in counts[kind].map { Finding(kind: kind, count: $0) } }
  }
}
