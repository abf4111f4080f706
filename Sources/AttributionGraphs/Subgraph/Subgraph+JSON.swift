extension Subgraph {
  /// The small graph as JSON, for a page: boxes and edges by keys, members by ids.
  /// - Parameter graph: The graph that it was cut from.
  public func json(in graph: AttributionGraph) -> JSON {
    [
      "boxes": .array(boxes.map { $0.json(in: graph) }),
      "edges": .array(
        edges.map { edge in
          [
            "source": .string(boxes[edge.source].key), "target": .string(boxes[edge.target].key),
            "share": JSON(edge.share), "gross_share": JSON(edge.grossShare),
          ]
        }),
      "extent": extent.json, "known_input": JSON(knownInput), "missing_ids": JSON(missingIDs),
      "scores": [
        "completeness": JSON(scores.completeness), "missing": JSON(scores.missing),
        "replacement": JSON(scores.replacement),
      ],
    ]
  }
}

extension Subgraph.Box {
  fileprivate func json(in graph: AttributionGraph) -> JSON {
    [
      "key": .string(key), "label": .string(label), "is_supernode": .bool(isSupernode),
      "members": JSON(members.map { graph.nodes[$0].id }), "influence": JSON(influence),
      "answer_share": JSON(answerShare),
      "cohesion": cohesion.map { JSON($0) } ?? .null,
      "inputs": [
        "shown": JSON(inputs.shown), "features": JSON(inputs.features), "errors": JSON(inputs.errors),
        "embeddings": JSON(inputs.embeddings), "unseen": JSON(inputs.unseen),
      ],
    ]
  }
}

extension Subgraph.Extent {
  fileprivate var json: JSON {
    [
      "features": JSON(features), "shown_features": JSON(shownFeatures), "errors": JSON(errors),
      "shown_errors": JSON(shownErrors), "logits": JSON(logits), "shown_logits": JSON(shownLogits),
      "edges": JSON(edges), "shown_edges": JSON(shownEdges), "influence": JSON(influence),
      "edge_influence": JSON(edgeInfluence),
    ]
  }
}
