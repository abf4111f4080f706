/// What went wrong between a test and a page.
public enum BrowserError: Error, Sendable {
  /// There is no browser.
  case notInstalled
  /// The browser is gone; the end of its log says why.
  case ended(log: String)
  /// The browser sent what is no JSON.
  case unreadable(message: String)
  /// A command of the protocol got no reply.
  case noReply(command: String, limit: Duration)
  /// The browser refused a command of the protocol.
  case refused(command: String, message: String)
  /// An address could not be loaded.
  case notLoaded(url: String, reason: String)
  /// A script of the test threw an error.
  case scriptThrew(script: String, message: String)
  /// A script's result is not of the type that the test wants.
  case unexpectedResult(script: String, type: String, result: String)
  /// There is no such key on the keyboard.
  case unknownKey(String)
  /// What a test waited for did not happen; with what the page looked like.
  case waitedInVain(what: String, because: String, limit: Duration, page: String)
  /// Pages reported troubles that the test did not expect.
  case troubles([Trouble])
}

extension BrowserError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notInstalled: "Browser tests are required, but \(Chromium.reason)"
    case .ended(let log): "The browser has ended. Its log ends with:\n\(log)"
    case .unreadable(let message): "The browser sent a message that is no JSON; it begins: \(message)"
    case .noReply(let command, let limit): "The browser did not reply to \(command) within \(limit)."
    case .refused(let command, let message): "The browser refused \(command): \(message)"
    case .notLoaded(let url, let reason): "\(url) could not be loaded: \(reason)"
    case .scriptThrew(let script, let message): "The script '\(script)' threw: \(message)"
    case .unexpectedResult(let script, let type, let result):
      "The result of '\(script)' is no \(type): \(result)"
    case .unknownKey(let key): "There is no key '\(key)'; see Key.swift for those there are."
    case .waitedInVain(let what, let because, let limit, let page):
      "Waited \(limit) in vain for \(what): \(because).\n\(page)"
    case .troubles(let troubles):
      "The page reported what the test did not expect:\n"
        + troubles.map { "  \($0)" }.joined(separator: "\n")
    }
  }
}
