internal import Tensors

/// What can be wrong with the folder of a trace.
public enum TraceFolderError: Error, Equatable, CustomStringConvertible {
  /// `graph.safetensors` is a sound file, but its numbers describe no trace.
  case damaged(path: String, reason: String)
  /// The files of the folder come from different traces.
  case mixed(folder: String, reason: String)
  /// The folder has no `graph.safetensors`, which holds the rows.
  case noRows(folder: String)
  /// The disk has less room than `graph.safetensors` may take.
  case diskTooFull(folder: String, needed: Int, free: Int)

  public var description: String {
    switch self {
    case .damaged(let path, let reason):
      "\(path) does not hold a sound trace: \(reason). Trace the prompt again."
    case .mixed(let folder, let reason):
      "\(folder) holds files of different traces: \(reason). Trace the prompt again, or put back the "
        + "graph.json and the graph.safetensors of one trace."
    case .noRows(let folder):
      "\(folder) has no graph.safetensors, so the rows that pruning left out are not known. Use its graph.json, or trace "
        + "the prompt again without --no-tensors."
    case .diskTooFull(let folder, let needed, let free):
      "the rows of this trace may take \(ByteText.of(needed)) in \(folder), but its disk has \(ByteText.of(free)) left. Free "
        + "some space, name another --output, follow less (--coverage, --max-rows), or leave the rows out (--no-tensors)."
    }
  }
}
