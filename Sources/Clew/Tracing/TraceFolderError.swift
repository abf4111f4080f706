/// What can be wrong with the folder of a trace.
public enum TraceFolderError: Error, Equatable, CustomStringConvertible {
  /// `graph.safetensors` is a sound file, but its numbers describe no trace.
  case damaged(path: String, reason: String)
  /// The files of the folder come from different traces.
  case mixed(folder: String, reason: String)

  public var description: String {
    switch self {
    case .damaged(let path, let reason):
      "\(path) does not hold a sound trace: \(reason). Trace the prompt again."
    case .mixed(let folder, let reason):
      "\(folder) holds files of different traces: \(reason). Trace the prompt again, or put back the "
        + "graph.json and the graph.safetensors of one trace."
    }
  }
}
