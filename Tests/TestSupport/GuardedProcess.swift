public import Foundation
import Synchronization

/// A program that runs beside the tests and never outlives them.
///
/// A shell stands between: it starts the program in a process group of its own and then waits at a socket whose other
/// end this process alone holds. When that closes, because ``end()`` was called or because this process died in
/// whatever way, the shell kills the group and removes the folder with all that the program wrote there.
public final class GuardedProcess: Sendable {
  /// The program's own folder; its output is in `out` and `error` there.
  public let folder: URL
  /// The shell, which is there until ``end()``.
  public let guardian: Int32

  private let lifeline: Mutex<Int32?>
  private let guardianEnd = End()

  private final class End: Sendable {
    let hasCome = Mutex(false)
  }

  /// Starts a program.
  /// - Parameters:
  ///   - command: The program's path and its arguments.
  ///   - environment: All of its environment.
  ///   - workingFolder: Where it works; its own folder if `nil`.
  ///   - descriptors: What it finds as its descriptors 3, 4, …; the caller's stay open.
  ///   - folder: A new folder, which goes when the process ends.
  public init(
    _ command: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
    in workingFolder: URL? = nil, descriptors: [Int32] = [], folder: URL = GuardedProcess.newFolder()
  ) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    self.folder = folder
    let (ours, theirs) = try Self.socketPair()
    defer { close(theirs) }
    let arguments = [
      "/bin/bash", "-c", Self.script, "guardian", folder.path, (workingFolder ?? folder).path,
      "\(3 + descriptors.count)",
    ]
    do {
      guardian = try spawn(arguments + command, environment: environment, input: theirs, descriptors)
    } catch {
      close(ours)
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
    lifeline = Mutex(ours)
    // Not `self`: what is forgotten must go, and its lifeline with it.
    Thread { [guardian, guardianEnd] in
      var status: Int32 = 0
      while waitpid(guardian, &status, 0) < 0, errno == EINTR {}
      guardianEnd.hasCome.withLock { $0 = true }
    }.start()
  }

  deinit { closeLifeline() }

  /// Two ends of a connection, which no other program gets by mistake.
  public static func socketPair() throws -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    try check(socketpair(AF_UNIX, type, 0, &ends), "socketpair")
    return (ends[0], ends[1])
  }

  /// What the shell does: `$1` is the program's folder, `$2` where it works, `$3` the first descriptor that is not
  /// meant for it, the rest is the program.
  private static let script = """
    folder=$1
    close_from() {
      local descriptor
      for descriptor in /proc/self/fd/*; do
        descriptor=${descriptor##*/}
        if ((descriptor >= $1)); then exec {descriptor}<&-; fi
      done
    }
    cd -- "$2" || exit
    close_from "$3"
    shift 3
    set -m  # a process group for each job
    "$@" </dev/null >"$folder/out" 2>"$folder/error" &
    program=$!
    printf '%s' "$program" >"$folder/.pid.new" && mv "$folder/.pid.new" "$folder/.pid"
    close_from 3
    { cat; [[ -e $folder/.status ]] || kill -KILL -- "-$program"; } <&0 >/dev/null &
    lifeline=$!
    wait "$program"
    status=$?
    kill -KILL -- "-$program"  # what it has started and left behind
    printf '%s' "$status" >"$folder/.status.new" && mv "$folder/.status.new" "$folder/.status"
    wait "$lifeline"
    for attempt in 1 2 3 4 5; do rm -rf -- "$folder" && break || sleep 0.1; done
    """

  /// A place for a program's folder, with nothing there yet.
  public static func newFolder() -> URL {
    FileManager.default.temporaryDirectory.appending(path: "clew-test-\(UUID().uuidString)")
  }

  /// The program's own process number, as soon as it has one.
  public var identifier: Int32? { file(".pid").flatMap { Int32($0) } }

  /// The program's exit status, counted as shells count it (128 and the number of the signal that ended it); `nil`
  /// while it runs.
  public var status: Int32? { file(".status").flatMap { Int32($0) } }

  /// What the program has written to its standard output so far.
  public var output: String { file("out") ?? "" }

  /// What the program has written to its standard error so far.
  public var error: String { file("error") ?? "" }

  private func file(_ name: String) -> String? {
    (try? Data(contentsOf: folder.appending(path: name))).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Sends the program a signal, if it still runs.
  public func signal(_ signal: Int32) {
    // The program may have written something before the shell has written down its number.
    for _ in 0..<2000 where status == nil && identifier == nil { usleep(5000) }
    if status == nil, let identifier { kill(identifier, signal) }
  }

  /// Waits until the program has ended, and says how.
  public func waitForEnd(within limit: Duration = .seconds(20)) async throws -> Int32 {
    try await poll(within: limit, "the end of process \(identifier ?? 0)") { status }
  }

  /// Kills the program with all that it has started, and waits until they and the folder are gone.
  public func end() async throws {
    closeLifeline()
    try await poll(within: .seconds(20), "the end of the shell that guards \(folder.lastPathComponent)") {
      guardianEnd.hasCome.withLock { $0 } ? true : nil
    }
  }

  private func closeLifeline() {
    lifeline.withLock { end in
      if let open = end { close(open) }
      end = nil
    }
  }
}

/// Starts a program with a given standard input and given descriptors from 3 on, in a process group of its own, and
/// with no signals blocked, although threads of Dispatch block them all.
private func spawn(
  _ arguments: [String], environment: [String: String], input: Int32, _ descriptors: [Int32]
) throws -> Int32 {
  // Copies with high numbers, so that putting one in its place never overwrites another.
  var copies: [Int32] = []
  defer { for copy in copies { close(copy) } }
  for descriptor in descriptors { copies.append(try check(fcntl(descriptor, F_DUPFD_CLOEXEC, 64), "fcntl")) }

  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_adddup2(&actions, input, 0)
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
  posix_spawn_file_actions_adddup2(&actions, 1, 2)
  for (place, copy) in copies.enumerated() {
    posix_spawn_file_actions_adddup2(&actions, copy, Int32(3 + place))
  }

  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var signals = sigset_t()
  sigemptyset(&signals)
  posix_spawnattr_setsigmask(&attributes, &signals)
  posix_spawnattr_setpgroup(&attributes, 0)
  posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

  let words = arguments.map { strdup($0) } + [nil]
  let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
  defer { for text in words + variables { free(text) } }
  var process: Int32 = 0
  let code = posix_spawn(&process, arguments[0], &actions, &attributes, words, variables)
  guard code == 0 else { throw SystemCallError(call: "posix_spawn of \(arguments[0])", code: code) }
  return process
}
