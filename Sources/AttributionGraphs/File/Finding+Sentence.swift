extension Finding: CustomStringConvertible {
  /// One sentence for people: what was found, how often, and what was done about it.
  public var description: String {
    switch kind {
    case .missingKey, .wrongType, .duplicateKey, .repairedText, .notUploadable: fileSentence
    case .unreadableNode, .repeatedNode, .sharedID, .unknownKind, .opaqueFeature, .unknownIndex,
      .positionBeyondPrompt, .impossibleNumber, .isolatedNode, .noRoots, .noErrors, .influenceMissing,
      .influenceRaw:
      nodeSentence
    case .incompleteLink, .unknownEnd, .notFiniteWeight, .roundedNumber, .zeroWeight, .repeatedLink,
      .settledByLegality, .settledByOrder, .unsettled:
      linkSentence
    case .selfLink, .backwardLink, .linkIntoLeaf, .linkFromLogit, .linkToEarlierToken, .cyclicNode:
      directionSentence
    case .pinByViewerName:
      "\(counted("name")) in the saved view \(are) viewer names, and \(were) replaced by the ids of the "
        + "nodes."
    case .unknownPin: "\(counted("id")) in the saved view \(count == 1 ? "belongs" : "belong") to no node."
    }
  }

  private var fileSentence: String {
    switch kind {
    case .missingKey:
      "\(counted("required key")) of the file or its metadata \(are) missing and taken as empty."
    case .wrongType: "\(counted("value")) \(are) of a type that the key does not have, and \(were) left out."
    case .duplicateKey:
      "\(counted("key")) \(count == 1 ? "appears" : "appear") twice in one object; the last value counts."
    case .repairedText: "\(counted("text")) \(are) not valid Unicode; what is wrong became U+FFFD."
    default:
      "\(counted("name")) of the metadata would be refused by Neuronpedia: its slug takes letters, "
        + "digits, '_', '.' and '-', its scan no '/'."
    }
  }

  private var nodeSentence: String {
    switch kind {
    case .unreadableNode: "\(counted("node")) without an id, a kind, a layer or a position \(were) left out."
    case .repeatedNode: "\(counted("node")) that the file lists twice \(were) left out the second time."
    case .sharedID:
      "\(counted("node")) \(has) the id of another node and got a new one; the links were sorted out."
    case .unknownKind:
      "\(counted("node")) \(are) of a kind that Clew does not know, and \(are) shown as features."
    case .opaqueFeature:
      "\(counted("feature number")) \(are) no known way of writing layer and index; the index was taken "
        + "from the id."
    case .unknownIndex:
      "\(counted("feature")) \(has) no index that could be read, so the feature number stands for it."
    case .positionBeyondPrompt:
      "\(counted("node")) \(lies) at positions that the prompt does not have."
    case .impossibleNumber:
      "\(counted("number")) \(count == 1 ? "is" : "are") below 0 or too large for a probability or a root weight, and \(were) "
        + "passed over."
    case .isolatedNode: "\(counted("node")) \(has) no links."
    case .noRoots: "No node has a probability, so there is no influence and there are no scores."
    case .noErrors:
      "There are no error nodes, so the scores say nothing about what the features leave unexplained."
    case .influenceMissing:
      "The file states no influence; it was computed from the links for \(counted("node"))."
    default:
      "The influence of \(counted("node")) was stated raw and not as a running share; it was computed "
        + "from the links."
    }
  }

  private var linkSentence: String {
    switch kind {
    case .incompleteLink: "\(counted("link")) without source, target or weight \(were) left out."
    case .unknownEnd: "\(counted("link")) from or to nodes that the file does not list \(were) left out."
    case .notFiniteWeight: "\(counted("link")) with a weight beyond single precision \(were) left out."
    case .roundedNumber: "\(counted("number")) \(were) rounded to single precision."
    case .zeroWeight: "\(counted("link")) of weight zero \(were) left out."
    case .repeatedLink: "\(counted("link")) between nodes that have one already \(were) taken in its place."
    case .settledByLegality: "Of the links to a shared id, \(count) could only mean one of its nodes."
    case .settledByOrder:
      "Of the links to a shared id, \(count) were settled by their place among the others."
    default: "Of the links to a shared id, \(count) could mean several nodes and were given to the first."
    }
  }

  private var directionSentence: String {
    switch kind {
    case .selfLink: "\(counted("link")) \(goes) from a node to itself."
    case .backwardLink: "\(counted("link")) \(goes) to the same or a lower layer."
    case .linkIntoLeaf:
      "\(counted("link")) \(count == 1 ? "enters" : "enter") an error or an embedding, which have no inputs."
    case .linkFromLogit: "\(counted("link")) \(count == 1 ? "leaves" : "leave") a logit, which nothing reads."
    case .linkToEarlierToken:
      "\(counted("link")) \(goes) to an earlier token, as in models that read in both directions."
    default:
      "\(counted("node")) \(lies) on a cycle or below one, so influence is summed in rounds."
    }
  }

  private var has: String { count == 1 ? "has" : "have" }
  private var lies: String { count == 1 ? "lies" : "lie" }
  private var goes: String { count == 1 ? "goes" : "go" }
  private var are: String { count == 1 ? "is" : "are" }
  private var were: String { count == 1 ? "was" : "were" }
  private func counted(_ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
