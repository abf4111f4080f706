internal import Clew
internal import Foundation

/// What the shell leaves a command to work with.
enum ProcessLimits: Error, CustomStringConvertible {
  /// Fewer files can be open at once than are needed.
  case tooFewFiles(limit: Int)
  /// Fewer threads can be started than are needed.
  case tooFewThreads(reason: String)

  /// How many more files have to be open at once: those of weights and results, and what waits for signals and threads.
  private static let neededFiles = 24
  /// Threads of the libraries that wait for signals and share work out, at least.
  private static let neededThreads = 4

  var description: String {
    switch self {
    case .tooFewFiles(let limit):
      "no more than \(limit) files may be open at once, but Clew needs \(Self.neededFiles) and one for each file of weights. Raise the "
        + "limit with ulimit -n 1024."
    case .tooFewThreads(let reason):
      "threads cannot be started: \(reason). Raise the limit of processes with ulimit -u, or end others of your processes."
    }
  }

  /// Refuses to begin where too little is left.
  static func check() throws(ProcessLimits) {
    try checkFiles()
    try checkThreads()
  }

  private static func checkFiles() throws(ProcessLimits) {
    var files: [Int32] = []
    defer { for file in files { close(file) } }
    while files.count < neededFiles {
      let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
      guard file >= 0 else {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        throw .tooFewFiles(limit: Int(clamping: limit.rlim_cur))
      }
      files.append(file)
    }
  }

  private static func checkThreads() throws(ProcessLimits) {
    if let failure = Parallel.failureToStart(threads: neededThreads) { throw .tooFewThreads(reason: failure) }
  }
}
