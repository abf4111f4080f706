package import AttributionGraphs

/// What a page may ask of a graph, and the answers, as JSON. Nodes are named by their places in the list that the page
/// has.
package enum GraphQuestions {
  // MARK: Paths

  /// ```json
  /// { "starts": [3, 4], "end": 12, "count": 10, "minimumSteps": 2 }
  /// ```
  package static func paths(_ asked: JSONObject, of graph: AttributionGraph) throws -> JSON {
    var question = PathQuestion(from: try places(asked, "starts"), to: try place(asked, "end"))
    if let count = asked["count"] { question.count = try number(count, "count") }
    if let steps = asked["minimumSteps"] { question.minimumSteps = try number(steps, "minimumSteps") }
    let answer = try graph.paths(question)
    return [
      "paths": .array(
        answer.paths.map { path in
          [
            "places": .array(path.places.map { JSON($0) }), "shares": .array(path.shares.map { JSON($0) }),
            "strength": JSON(path.strength), "share": JSON(path.share),
            "signedShare": path.signedShare.map { JSON($0) } ?? .null,
          ]
        }),
      "share": JSON(answer.share), "all": JSON(answer.all.absolute), "allSigned": JSON(answer.all.signed),
      "allowed": JSON(answer.allowed.absolute), "cyclicNodes": JSON(answer.cyclicNodeCount),
    ]
  }

  // MARK: Cuts

  /// ```json
  /// { "target": 12, "part": 0.5, "groups": [[3, 4]], "errors": false }
  /// ```
  package static func cut(_ asked: JSONObject, of graph: AttributionGraph) throws -> JSON {
    guard let part = asked["part"]?.double else { throw bad("the part to lower by is no number") }
    let target: CutQuestion.Target = asked["target"] == nil ? .roots : .node(try place(asked, "target"))
    var question = CutQuestion(of: target, loweringBy: part)
    question.groups = try (asked["groups"]?.array ?? []).map { try places($0, "groups") }
    question.includesErrors = asked["errors"]?.bool ?? false
    // A page waits for it.
    question.searchBudget = 20_000_000
    let answer = try graph.cut(question)
    return [
      "value": JSON(answer.value), "isReached": .bool(answer.isReached),
      "isSmallest": .bool(answer.isSmallest), "leastCount": JSON(answer.leastCount),
      "candidates": JSON(answer.candidateCount), "loweredByAll": JSON(answer.loweredByAll),
      "unfollowed": JSON(answer.unfollowedCount), "belowZero": JSON(answer.belowZeroCount),
      "steps": .array(
        answer.steps.map { step in
          [
            "places": .array(step.places.map { JSON($0) }), "group": step.group.map { JSON($0) } ?? .null,
            "lowered": JSON(step.lowered), "loweredAlone": JSON(step.loweredAlone),
          ]
        }),
    ]
  }

  // MARK: Supernodes

  /// ```json
  /// { "candidates": [3, 4, 9], "grouped": [9], "threshold": 0.65 }
  /// ```
  package static func proposals(_ asked: JSONObject, of graph: AttributionGraph) throws -> JSON {
    var question = SupernodeQuestion()
    if let candidates = asked["candidates"] { question.candidates = try places(candidates, "candidates") }
    if let grouped = asked["grouped"] { question.grouped = Set(try places(grouped, "grouped")) }
    if let threshold = asked["threshold"]?.double { question.threshold = threshold }
    let proposals = try graph.supernodeProposals(question)
    return [
      "proposals": .array(
        proposals.map { proposal in
          [
            "places": .array(proposal.places.map { JSON($0) }), "label": .string(proposal.label),
            "score": JSON(proposal.score), "answerShare": JSON(proposal.answerShare),
            "reason": .string("\(proposal)"),
          ]
        })
    ]
  }

  // MARK: Comparison

  package static func comparison(_ first: AttributionGraph, _ second: AttributionGraph) throws -> JSON {
    let comparison = try first.compared(with: second)
    func pair(_ pair: GraphComparison.Pair) -> JSON {
      [pair.first.map { JSON($0) } ?? .null, pair.second.map { JSON($0) } ?? .null]
    }
    return [
      "description": .string("\(comparison)"), "isUnchanged": .bool(comparison.isUnchanged),
      "columns": .array(
        comparison.alignment.columns.map { column in
          [column.first.map { JSON($0) } ?? .null, column.second.map { JSON($0) } ?? .null]
        }),
      "nodes": .array(
        comparison.nodes.map { change in
          [
            "first": change.first.map { JSON($0) } ?? .null,
            "second": change.second.map { JSON($0) } ?? .null,
            "column": JSON(change.column), "change": .string(change.change.rawValue),
            "answerShare": pair(change.answerShare), "activation": pair(change.activation),
            "probability": pair(change.probability), "isOtherToken": .bool(change.isOtherToken),
          ]
        }),
      "edges": .array(
        comparison.edges.prefix(2000).map { edge in
          [
            "source": JSON(edge.source), "target": JSON(edge.target), "change": .string(edge.change.rawValue),
            "share": pair(edge.share), "importance": JSON(edge.importance),
          ]
        }),
      "edgeCount": JSON(comparison.edges.count),
    ]
  }

  // MARK: Numbers of a request

  private static func bad(_ reason: String) -> ExplorerError { .badRequest(reason: reason) }

  private static func number(_ value: JSON, _ name: String) throws -> Int {
    guard let number = value.int else { throw bad("'\(name)' is no whole number") }
    return number
  }

  private static func place(_ asked: JSONObject, _ name: String) throws -> Int {
    guard let place = asked[name]?.int else { throw bad("'\(name)' names no node") }
    return place
  }

  private static func places(_ asked: JSONObject, _ name: String) throws -> [Int] {
    guard let value = asked[name] else { throw bad("'\(name)' is missing") }
    return try places(value, name)
  }

  private static func places(_ value: JSON, _ name: String) throws -> [Int] {
    guard let list = value.array else { throw bad("'\(name)' is no list of nodes") }
    return try list.map { try number($0, name) }
  }
}
