public import AttributionGraphs
public import FeatureExamples
public import Transcoding

extension AttributionGraph {
  /// The features among the nodes.
  public var featureIDs: Set<FeatureID> {
    Set(
      nodes.compactMap { node in
        if case .feature(let layer, let index, _) = node.node {
          FeatureID(layer: layer, index: index)
        } else {
          nil
        }
      })
  }

  /// Gives every feature that has a label its words; those without keep what they are called.
  public mutating func label(with labels: FeatureLabels) {
    for place in nodes.indices {
      guard case .feature(let layer, let index, _) = nodes[place].node,
        let label = labels[FeatureID(layer: layer, index: index)]
      else { continue }
      nodes[place].label = label
    }
  }
}
