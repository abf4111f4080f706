import AttributionGraphs
import Foundation

extension Page {
  /// Evaluates a script in the page, waits for its promise if it is one, and decodes what comes out of it.
  /// - Parameter script: JavaScript, in which `await` may stand anywhere; its last expression is the result.
  /// - Throws: ``BrowserError/scriptThrew(script:message:)``, ``BrowserError/unexpectedResult(script:type:result:)``.
  public func evaluate<Value: Decodable>(
    _ script: String, as type: Value.Type = Value.self, within limit: Duration = .seconds(30)
  ) async throws -> Value {
    let result = try await result(of: script, byValue: true, within: limit)
    do {
      return try JSONDecoder().decode(Value.self, from: Data(result["value"].bytes()))
    } catch {
      throw BrowserError.unexpectedResult(script: script, type: "\(type)", result: result.remoteObjectText)
    }
  }

  /// Evaluates a script in the page for what it does, and waits for its promise if it is one.
  /// - Throws: ``BrowserError/scriptThrew(script:message:)``.
  public func run(_ script: String, within limit: Duration = .seconds(30)) async throws {
    _ = try await result(of: script, byValue: false, within: limit)
  }

  /// A script's result as the browser describes it: with its value, or with a name for the object in the page.
  func result(
    of script: String, byValue: Bool, within limit: Duration = .seconds(30)
  ) async throws -> JSON {
    let described = try await described(
      script, "Runtime.evaluate",
      ["expression": .string(script), "replMode": true, "awaitPromise": true, "userGesture": true],
      within: limit)
    let object = described["objectId"]
    // Where `await` may stand anywhere, the browser itself waits for nothing else.
    if described["subtype"] == "promise" {
      return try await self.described(
        script, "Runtime.awaitPromise", ["promiseObjectId": object, "returnByValue": .bool(byValue)],
        within: limit)
    }
    guard byValue, object != .null else { return described }
    return try await self.described(
      script, "Runtime.callFunctionOn",
      ["functionDeclaration": "function() { return this }", "objectId": object, "returnByValue": true],
      within: limit)
  }

  private func described(
    _ script: String, _ method: String, _ parameters: JSON, within limit: Duration
  ) async throws -> JSON {
    let reply = try await command(method, parameters, within: limit)
    guard reply["exceptionDetails"] == .null else {
      throw BrowserError.scriptThrew(script: script, message: reply["exceptionDetails"].exceptionText)
    }
    return reply["result"]
  }
}
