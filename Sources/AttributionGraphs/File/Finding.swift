/// Something in a graph file that a reader should know: a repair, a doubt, or what the file lacks.
public struct Finding: Sendable, Equatable {
  /// What was found.
  public enum Kind: String, Sendable, CaseIterable {
    // The file as a whole.
    case missingKey, wrongType, duplicateKey, repairedText, notUploadable
    // Nodes.
    case unreadableNode, repeatedNode, sharedID, unknownKind, opaqueFeature, unknownIndex,
      positionBeyondPrompt
    case isolatedNode, noRoots, noErrors
    // Influence.
    case influenceMissing, influenceRaw
    // Links.
    case incompleteLink, unknownEnd, notFiniteWeight, roundedNumber, zeroWeight, repeatedLink
    case settledByLegality, settledByOrder, unsettled
    case selfLink, backwardLink, linkIntoLeaf, linkFromLogit, linkToEarlierToken, cyclicNode
    // The saved view.
    case pinByViewerName, unknownPin
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
