/// What goes wrong with the fuzzing itself, or with a reader that gives what it must not.
public enum FuzzError: Error, CustomStringConvertible {
  /// There is no such format.
  case unknownFormat(String)
  /// A sound example is refused.
  case badSeed(name: String, reason: String)
  /// A reader gave a value that its callers could not use.
  case wrongValue(String)
  /// A piece of work on what was read takes long, though the files are small.
  case tooSlow(work: String, seconds: Double)
  /// A process could not be started or did not do its work.
  case cannotRun(String)

  public var description: String {
    switch self {
    case .unknownFormat(let name):
      "'\(name)' is no format; there are \(FuzzFormat.all.map(\.name).joined(separator: ", "))."
    case .badSeed(let name, let reason): "the sound example '\(name)' is refused: \(reason)"
    case .wrongValue(let what): "the reader gave \(what)."
    case .tooSlow(let work, let seconds): "'\(work)' takes \(seconds) processor seconds."
    case .cannotRun(let reason): "the cases cannot be run: \(reason)."
    }
  }
}
