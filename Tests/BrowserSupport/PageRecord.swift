import AttributionGraphs
import Synchronization

/// What a page has told so far.
struct PageRecord: Sendable {
  /// The documents that have finished loading.
  var loaded: Set<String> = []
  var messages: [ConsoleMessage] = []
  var troubles: [Trouble] = []
  /// The texts of `alert`, `confirm` and `prompt`, and whether they are accepted.
  var dialogs: [String] = []
  var acceptsDialogs = true
  /// Begun downloads, in their order, and where the finished ones lie.
  var downloads: [Download] = []
  var isClosed = false
  var hasCrashed = false

  /// Addresses by the number of their request.
  private var requests: [String: String] = [:]

  struct Download: Sendable {
    let id: String
    let suggestedName: String
    var path: String?
    var state = "inProgress"
  }

  /// Notes an event of the page whose main frame is `frame`.
  mutating func note(_ event: DevToolsConnection.Event, frame: String) {
    let parameters = event.parameters
    switch event.method {
    case "Page.lifecycleEvent":
      if parameters["name"] == "load", parameters["frameId"].text == frame {
        loaded.insert(parameters["loaderId"].text)
      }
    case "Page.javascriptDialogOpening":
      dialogs.append(parameters["message"].text)
    case "Runtime.consoleAPICalled":
      noteConsole(parameters)
    case "Runtime.exceptionThrown":
      troubles.append(Trouble(kind: .exception, text: parameters["exceptionDetails"].exceptionText))
    case "Log.entryAdded":
      noteLog(parameters["entry"])
    case "Network.requestWillBeSent":
      requests[parameters["requestId"].text] = parameters["request"]["url"].text
    case "Network.responseReceived":
      let response = parameters["response"]
      if let status = response["status"].int, status >= 400 {
        troubles.append(Trouble(kind: .request, text: "\(response["url"].text) was answered with \(status)"))
      }
    case "Network.loadingFailed":
      noteFailure(parameters)
    case "Inspector.targetCrashed":
      hasCrashed = true
      troubles.append(Trouble(kind: .crash, text: "the page's process crashed"))
    case "Inspector.detached":
      isClosed = true
    case "Browser.downloadWillBegin":
      guard parameters["frameId"].text == frame else { return }
      downloads.append(
        Download(id: parameters["guid"].text, suggestedName: parameters["suggestedFilename"].text))
    case "Browser.downloadProgress":
      guard let place = downloads.firstIndex(where: { $0.id == parameters["guid"].text }) else { return }
      downloads[place].state = parameters["state"].text
      downloads[place].path = parameters["filePath"].string
    default: break
    }
  }

  private mutating func noteConsole(_ call: JSON) {
    let level = call["type"].text
    let text = (call["args"].array ?? []).map(\.remoteObjectText).joined(separator: " ")
    messages.append(ConsoleMessage(level: level, text: text))
    if ["error", "warning", "assert"].contains(level) {
      troubles.append(Trouble(kind: .console, text: "\(level): \(text)"))
    }
  }

  /// What the browser itself writes to the console.
  private mutating func noteLog(_ entry: JSON) {
    let (source, level, text) = (entry["source"].text, entry["level"].text, entry["text"].text)
    messages.append(ConsoleMessage(level: level, text: text))
    // Failed requests are noted with their reasons.
    guard source != "network", ["error", "warning"].contains(level) else { return }
    troubles.append(
      Trouble(kind: source == "security" ? .policy : .console, text: "\(text) (\(entry["url"].text))"))
  }

  /// A request without an answer; one that the page itself gave up is none, and the log says what a policy forbids.
  private mutating func noteFailure(_ failure: JSON) {
    guard failure["canceled"] != true, failure["blockedReason"] != "csp" else { return }
    let url = requests[failure["requestId"].text] ?? "a request"
    let reason = failure["blockedReason"].string ?? failure["errorText"].text
    troubles.append(Trouble(kind: .request, text: "\(url) failed: \(reason)"))
  }
}
