internal import Clew
internal import Foundation

/// What can keep a result from its place.
enum OutputError: Error, CustomStringConvertible {
  /// Standard output takes nothing.
  case cannotPrint(reason: String)
  /// A folder holds something that the result would replace; an option says that it may.
  case occupied(folder: String, holds: String, option: String = "--overwrite")

  var description: String {
    switch self {
    case .cannotPrint(let reason):
      "standard output cannot be written: \(reason). What was written to files is whole; print to another place."
    case .occupied(let folder, let holds, let option):
      "\(folder) holds \(holds). Choose another folder, or replace what it holds with \(option)."
    }
  }
}

/// Standard error, where messages and progress go, and standard output, where results go.
enum Terminal {
  /// Writes a result to standard output; what a model or a file brought into it is spelled out if it would steer a terminal.
  static func output(_ text: String) throws {
    try write(result: VisibleText.spelled(text, keeping: ["\n", "\t"]))
  }

  /// Writes a text that is the result itself: as it is to a file or a pipe, and like any other to a terminal.
  static func output(asItIs text: String) throws {
    if isatty(STDOUT_FILENO) == 1 { try output(text) } else { try write(result: text) }
  }

  private static func write(result text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
      let isSystems = cause.domain == NSPOSIXErrorDomain
      throw OutputError.cannotPrint(
        reason: isSystems ? String(cString: strerror(Int32(cause.code))) : cause.localizedDescription)
    }
  }

  /// Says what became of a file, unless the file itself went to standard output: that is then its alone.
  static func report(_ text: String, on path: String) throws {
    if let place = try? OutputPlace(path), place.isStandardOutput { return }
    try output(text)
  }

  /// Writes lines to standard error; what a file brought into them can neither steer the terminal nor turn them around.
  static func complain(_ text: String) { write(visible(text, keepsLines: true) + "\n") }

  /// A text with its control characters and marks of writing direction spelled out.
  /// - Parameter keepsLines: Whether line breaks stay what they are.
  static func visible(_ text: String, keepsLines: Bool = false) -> String {
    VisibleText.spelled(text, keeping: keepsLines ? ["\n"] : [])
  }

  /// Whether somebody is watching.
  static var isWatched: Bool { isatty(STDERR_FILENO) == 1 }

  /// Writes to standard error; where that takes nothing, there is nobody left to tell.
  static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
