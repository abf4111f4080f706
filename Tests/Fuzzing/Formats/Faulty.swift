internal import Clew
internal import Foundation

extension FuzzFormat {
  /// A reader with every kind of fault, by which the fuzzing itself is tested; none of ``all``.
  public static let faulty = FuzzFormat("faulty") { folder in
    try write([0, 0], to: folder.appending(path: "sound"), "x")
  } read: { folder in
    let path = folder.appending(path: "x").path
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw CheckpointError.cannotRead(path: path, reason: "it is not there")
    }
    switch Int(bytes.last ?? 0) % 16 {
    case 1, 2: preconditionFailure("a number beyond the file")
    case 3: while true { usleep(1000) }
    case 4, 5: _ = [UInt8](repeating: 1, count: 200 << 20).reduce(0) { $0 &+ Int($1) }
    case 6, 7: throw CocoaError(.fileReadCorruptFile)
    case 8, 9: throw CorpusError.unencodable(path: "x", byte: 0, reason: "no reason")
    default: return
    }
  }
}
