public import AttributionGraphs
public import Foundation

/// A graph that the explorer was given, read.
public struct OpenGraph: Sendable {
  public var graph: AttributionGraph
  /// Whether every row that was computed is there, and not what a pruning left.
  public var isWhole: Bool
  /// What a reader should know of the file, in sentences.
  public var notes: [String]
  /// The shares with which it opens: those that it was made with, and of a pruned file all that its maker left.
  let openingShares: (node: Double, edge: Double)

  public init(graph: AttributionGraph, isWhole: Bool, notes: [String] = []) {
    self.graph = graph
    self.isWhole = isWhole
    func share(_ number: Double?, _ usual: Double) -> Double {
      number.flatMap { (0...1).contains($0) ? $0 : nil } ?? usual
    }
    let settings = graph.metadata.pruningSettings
    openingShares =
      isWhole
      ? (share(graph.metadata.nodeThreshold, 0.8), share(settings["edge_threshold"]?.double, 0.98))
      : (graph.openingNodeShare, 1)
    // What a trace's file says of its pruning does not hold for the whole graph.
    if isWhole { self.graph.metadata.pruningSettings = [:] }
    self.notes = notes
  }
}

extension OpenGraph {
  /// What a reader's view keeps of the graph, as the page shows it: what is pinned always.
  func pruned(by view: SavedView) throws(GraphError) -> Pruning {
    let nodeShare = view.settings["nodeShare"]?.double ?? openingShares.node
    let edgeShare = view.settings["edgeShare"]?.double ?? openingShares.edge
    let pinned = Set(view.pinnedIDs)
    return isWhole
      ? try graph.pruned(nodeShare: nodeShare, edgeShare: edgeShare, sparing: pinned)
      : try graph.narrowed(nodeShare: nodeShare, edgeShare: edgeShare, sparing: pinned)
  }
}

/// Where a graph comes from, and what belongs to it.
public struct GraphSource: Sendable {
  /// What the list calls it.
  public var name: String
  /// What it was traced for, if that is not the likeliest answers: what tells it from others of the same prompt.
  public var purpose: String?
  /// The file that was sent, where it is kept.
  public var file: URL?
  /// Where the reader's view is kept; `nil` for a graph without a place on the disk.
  public var viewFile: URL?
  /// The prompt as it was typed, if that is known.
  public var prompt: String?
  /// The order that leads to the graph once more, if the live model is the one it was traced with.
  public var order: Data?
  /// What is known of the features, if anything is.
  public var features: (any FeatureLibrary)?
  /// Reads the graph.
  public var open: @Sendable () throws -> OpenGraph

  public init(
    name: String, purpose: String? = nil, viewFile: URL? = nil, prompt: String? = nil, order: Data? = nil,
    features: (any FeatureLibrary)? = nil,
    open: @escaping @Sendable () throws -> OpenGraph
  ) {
    self.name = name
    self.purpose = purpose
    self.viewFile = viewFile
    self.prompt = prompt
    self.order = order
    self.features = features
    self.open = open
  }
}

/// Examples and statistics of a transcoder's features.
public protocol FeatureLibrary: Sendable {
  /// A feature's examples in the form of the public viewers' example files; `nil` if nothing is known of it.
  func examples(layer: Int, index: Int) throws -> JSON?
  /// The share of tokens at which each feature is active; `nil` where it is not known.
  func densities(of features: [(layer: Int, index: Int)]) throws -> [Double?]
}
