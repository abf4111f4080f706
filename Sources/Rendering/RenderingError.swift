/// What can go wrong while a figure is drawn or a DOT text is read.
public enum RenderingError: Error, Hashable {
  /// libgraphviz is installed, but none of its plugins could be loaded.
  case graphvizUnavailable
  /// libgraphviz complained, or returned a failure, in one step of its work.
  case graphvizFailed(step: String, graph: String, messages: String)
  /// A DOT text could not be read.
  case unreadableDOT(messages: String)
}

extension RenderingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .graphvizUnavailable:
      """
      libgraphviz found none of its plugins beside its own library, so it can draw nothing. Install the \
      package 'graphviz' (Debian, Ubuntu, Homebrew), and run 'dot -c' once as its owner.
      """
    case .graphvizFailed(let step, let graph, let messages):
      """
      libgraphviz could not \(step) for the figure of '\(graph)': \(Self.quoted(messages)). No figure was \
      made; DOTWriter writes the same graph as text, which other versions of Graphviz may draw.
      """
    case .unreadableDOT(let messages):
      """
      libgraphviz could not read the DOT text: \(Self.quoted(messages)). The message names the line to mend.
      """
    }
  }

  private static func quoted(_ messages: String) -> String {
    let lines = messages.split(whereSeparator: \.isNewline)
    return lines.isEmpty ? "it gave no reason" : lines.joined(separator: "; ")
  }
}
