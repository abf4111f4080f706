internal import AtlasWorld
public import Clew

/// The first thing to see: a question of two hops, traced, and the proof that its path is what the model goes by.
public struct Demo: Sendable {
  public let trace: PromptTrace
  /// The likeliest answer and its probability.
  public let answer: (text: String, probability: Double)
  /// The strongest path from the city to the answer through a feature of the place in between, in words; empty if no path of features leads there.
  public let path: [String]
  /// How many features of the place in between were found on the prompt.
  public let placeFeatureCount: Int
  /// The place whose features were put in.
  public let otherPlace: String
  /// The answer with them.
  public let answerAfterSwap: (text: String, probability: Double)
  /// The answer that is right for the other place.
  public let wanted: String
  /// How many features were set.
  public let editCount: Int

  /// Whether the proof came out.
  public var isProven: Bool { wanted.hasPrefix(answerAfterSwap.text) && !answerAfterSwap.text.isEmpty }

  /// Traces the capital of the state containing Dallas, and swaps Texas for California.
  public init(
    _ atlas: Atlas, progress: @escaping (AttributionProgress) -> Void = { _ in }
  ) throws {
    try self.init(
      atlas, city: "Dallas", otherPlace: "California", attribute: .capital, progress: progress)
  }

  init(
    _ atlas: Atlas, city: String, otherPlace: String, attribute: Place.Attribute,
    progress: @escaping (AttributionProgress) -> Void
  ) throws {
    guard let hop = TwoHop.all.first(where: { $0.city == city && $0.attribute == attribute }),
      let other = Place.all.first(where: { $0.name == otherPlace })
    else { preconditionFailure("\(city) or \(otherPlace) is not in the world's tables") }
    let tokenizer = atlas.model.tokenizer
    trace = try PromptTrace.trace(
      TraceRequest(prompt: hop.question.prompt), with: atlas.model, progress: progress)
    let model = trace.result.model
    let before = Atlas.likeliest(model.recording.lastLogits)
    answer = (tokenizer.text(of: before.token), before.probability)
    progress(AttributionProgress(phase: "swapping \(hop.place.name) for \(otherPlace)", fraction: 0.9))
    var swaps = PlaceSwap(atlas)
    let swap = try swaps.swap(hop.place, for: other, asking: attribute)
    let after = try atlas.answer(to: model, after: swap)
    answerAfterSwap = (tokenizer.text(of: after.token), after.probability)
    self.otherPlace = otherPlace
    wanted = " " + (other[attribute] ?? "")
    editCount = swap.differences.count
    let places = model.activations.entries.map { entry in
      FeatureProfile.Place(
        feature: entry.feature, fromEnd: model.activations.positionCount - entry.position)
    }
    let own = try swaps.ownFeatures(of: hop.place, asking: attribute)
    placeFeatureCount = places.count { own.contains($0) }
    // The city's tokens stand before the last word.
    let last = trace.prompt.tokens.count - 1
    let cityTokens = try tokenizer.encode(" " + city, addingSpecialTokens: false).count
    path = Self.path(
      trace, from: last - cityTokens..<last, placeName: hop.place.name, own: own)
  }

  /// The strongest path's nodes in words.
  private static func path(
    _ trace: PromptTrace, from city: Range<Int>, placeName: String, own: Set<FeatureProfile.Place>
  ) -> [String] {
    let (graph, layout, prompt) = (trace.result.graph, trace.result.layout, trace.prompt)
    let starts = city.map(layout.embedding(position:))
    func key(_ layer: Int, _ index: Int, _ position: Int) -> FeatureProfile.Place {
      FeatureProfile.Place(
        feature: FeatureID(layer: layer, index: index), fromEnd: prompt.tokens.count - position)
    }
    func waypoints(at positions: Range<Int>) -> Set<Int> {
      Set(
        graph.nodes.indices.filter { place in
          guard case .feature(let layer, let index, let position) = graph.nodes[place].node else {
            return false
          }
          return positions.contains(position) && own.contains(key(layer, index, position))
        })
    }
    guard layout.logitCount > 0 else { return [] }
    let end = layout.logits.lowerBound
    // Over the place in between where its features carry a path, at the city itself or behind it, else whatever path is
    // the strongest.
    guard
      let places = graph.strongestPath(from: Set(starts), through: waypoints(at: city), to: end)
        ?? graph.strongestPath(
          from: Set(starts), through: waypoints(at: city.upperBound..<prompt.tokens.count), to: end)
        ?? graph.strongestPath(from: Set(starts), to: end)
    else { return [] }
    return places.map { place in
      switch graph.nodes[place].node {
      case .embedding(let position): return plain(prompt.texts[position])
      case .logit: return plain(trace.result.logits[place - layout.logits.lowerBound].text)
      case .error(let layer, let position):
        return "error of layer \(layer) at \(plain(prompt.texts[position]))"
      case .feature(let layer, let index, let position):
        let label = graph.nodes[place].label
        let number = label.isEmpty ? "\(layer)/\(index)" : "\(layer)/\(index): \(label)"
        let name =
          own.contains(key(layer, index, position))
          ? "a feature of \(placeName) (\(number))" : "feature \(number)"
        return "\(name) at \(plain(prompt.texts[position]))"
      }
    }
  }

  private static func plain(_ text: String) -> String {
    text.hasPrefix(" ") ? String(text.dropFirst()) : text
  }
}
