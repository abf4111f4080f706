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
  /// Writes a result to standard output.
  static func output(_ text: String) throws {
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
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n" where !keepsLines: result += "\\n"
      case "\t": result += "\\t"
      case _ where scalar == "\n" || !isSteering(scalar): result.unicodeScalars.append(scalar)
      default: result += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return result
  }

  private static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x61C, 0x200B, 0x200E...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: true
    default: false
    }
  }

  /// Whether somebody is watching.
  static var isWatched: Bool { isatty(STDERR_FILENO) == 1 }

  /// Writes to standard error; where that takes nothing, there is nobody left to tell.
  static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
