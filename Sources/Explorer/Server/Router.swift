internal import AttributionGraphs
internal import FlyingFox
internal import Foundation
internal import Synchronization

/// Answers requests.
final class Router: HTTPHandler {
  private let settings: ExplorerSettings
  private let shelf: GraphShelf
  private let files: WebFiles
  private let hub: EventHub
  private let model: (any ModelService)?
  /// Known once the port is.
  private let requestGuard = Mutex<RequestGuard?>(nil)

  init(
    settings: ExplorerSettings, shelf: GraphShelf, files: WebFiles, hub: EventHub, model: (any ModelService)?
  ) {
    (self.settings, self.shelf, self.files, self.hub, self.model) = (settings, shelf, files, hub, model)
  }

  func listen(on port: UInt16) async {
    requestGuard.withLock { $0 = RequestGuard(settings: settings, port: port) }
  }

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    let requestGuard = requestGuard.withLock { $0 }
    let refusal = requestGuard?.refusal(of: request)
    // The body is read once, and to its end: what was left of it would be taken for the next request.
    let isUpload = request.method == .POST && request.path == "/api/graphs"
    let limit = refusal != nil ? 0 : isUpload ? settings.maximumUpload : settings.maximumRequest
    let body = try await RequestBody(of: request, limit: limit)
    let response = await answer(request, body, requestGuard, refusal)
    guard request.method == .HEAD else { return response }
    var head = HTTPResponse(statusCode: response.statusCode, headers: response.headers)
    head.headers[.contentLength] = (try? await response.bodyData.count).map(String.init)
    return head
  }

  private func answer(
    _ request: HTTPRequest, _ body: RequestBody, _ requestGuard: RequestGuard?,
    _ refusal: RequestGuard.Refusal?
  ) async -> HTTPResponse {
    guard let requestGuard else {
      return Answers.failure(HTTPStatusCode(503, phrase: "Service Unavailable"), "The server is starting.")
    }
    if let refusal { return Answers.failure(refusal.status, refusal.sentence) }
    do {
      if requestGuard.bringsToken(request), request.method == .GET {
        return keepToken(as: requestGuard.cookieName)
      }
      return try await route(request, body)
    } catch let error as ExplorerError {
      return Answers.failure(HTTPStatusCode(error.status, phrase: "Error"), "\(error)")
    } catch let error as GraphError {
      return Answers.failure(HTTPStatusCode(422, phrase: "Unprocessable Content"), "\(error)")
    } catch let error as ModelRefusal {
      return Answers.failure(HTTPStatusCode(422, phrase: "Unprocessable Content"), "\(error)")
    } catch {
      return Answers.failure(HTTPStatusCode(500, phrase: "Internal Server Error"), "\(error)")
    }
  }

  /// Puts the token into a cookie, so that it leaves the address bar.
  private func keepToken(as name: String) -> HTTPResponse {
    var response = Answers.bytes(Data(), type: "text/plain", status: HTTPStatusCode(303, phrase: "See Other"))
    response.headers[.location] = "/"
    response.headers[.setCookie] =
      "\(name)=\(settings.token ?? ""); Path=/; HttpOnly; SameSite=Strict"
    return response
  }

  // MARK: Routes

  private func route(_ request: HTTPRequest, _ body: RequestBody) async throws -> HTTPResponse {
    let method = request.method == .HEAD ? HTTPMethod.GET : request.method
    let parts = request.target.path().split(separator: "/").map { String($0).removingPercentEncoding ?? "" }
    switch (method, parts.first, parts.count) {
    case (.GET, nil, _): return page("index.html")
    case (.GET, "web", 2): return page(parts[1])
    case (_, "api", 2...): return try await api(method, Array(parts.dropFirst()), request, body)
    default: return nothingHere(parts)
    }
  }

  private func page(_ name: String) -> HTTPResponse {
    guard let file = files.files[name] else { return nothingHere([name]) }
    return Answers.bytes(file.bytes, type: file.type, cache: "no-cache")
  }

  private func nothingHere(_ parts: [String]) -> HTTPResponse {
    Answers.failure(
      .notFound, "There is nothing at /\(parts.joined(separator: "/")). Open / for the explorer.")
  }

  private func api(
    _ method: HTTPMethod, _ parts: [String], _ request: HTTPRequest, _ body: RequestBody
  ) async throws -> HTTPResponse {
    switch (method, parts[0], parts.count) {
    case (.GET, "session", 1): return try await session()
    case (.GET, "events", 1):
      return try await WebSocketHTTPHandler(handler: MessageFrameWSHandler(handler: hub)).handleRequest(
        request)
    case (.POST, "graphs", 1): return try await upload(request, body)
    case (.GET, "graphs", 2):
      return Answers.bytes(try await shelf.payload(parts[1]).head, type: Self.json)
    case (.GET, "graphs", 3) where parts[2] == "edges":
      return Answers.bytes(try await shelf.payload(parts[1]).edges, type: "application/octet-stream")
    case (.GET, "graphs", 3) where parts[2] == "file": return try await file(parts[1])
    case (.GET, "graphs", 3) where parts[2] == "view": return try await view(parts[1])
    case (.POST, "graphs", 3) where parts[2] == "view": return try await change(parts[1], body)
    case (.POST, "graphs", 3) where ["outcome", "cuts"].contains(parts[2]):
      return try await measurement(parts[2], of: parts[1], body)
    case (.POST, "answers", 1): return try await answers(body)
    case (.POST, "traces", 1): return try await trace(body)
    case (.DELETE, "traces", 2): return try await cancel(parts[1])
    case (.POST, "graphs", 3): return try await question(parts[2], of: parts[1], body)
    case (.GET, "graphs", 3) where parts[2] == "subgraph": return try await subgraph(parts[1], request)
    case (.GET, "graphs", 4) where parts[2] == "figure": return try await figure(parts[1], parts[3], request)
    case (.GET, "graphs", 5) where parts[2] == "features":
      return try await examples(parts[1], layer: parts[3], index: parts[4])
    default: return nothingHere(["api"] + parts)
    }
  }

  private func session() async throws -> HTTPResponse {
    let graphs = await shelf.entries.map { entry -> JSON in
      [
        "id": .string(entry.id), "name": .string(entry.source.name),
        "purpose": entry.source.purpose.map { .string($0) } ?? .null,
        "isLive": .bool(entry.source.order != nil),
      ]
    }
    return Answers.json([
      "graphs": .array(graphs), "hasModel": .bool(model != nil),
      "model": model.map { .string($0.modelName) } ?? .null,
      "transcoders": model.map { .string($0.transcodersName) } ?? .null,
    ])
  }

  private func upload(_ request: HTTPRequest, _ body: RequestBody) async throws -> HTTPResponse {
    let bytes = try body.bytes()
    let name = request.query.first { $0.name == "name" }?.value ?? ""
    let (id, notes) = try await shelf.addUpload(bytes, name: name)
    return Answers.json(["id": .string(id), "notes": JSON(notes)], status: .created)
  }

  /// The graph as a file: what was odd about the one that it came from is put right, and the reader's view is in it. A
  /// whole trace is pruned as the page shows it, for viewers cannot do that; a file that was pruned before keeps all that it
  /// has, and says up to which share of influence it is shown.
  private func file(_ id: String) async throws -> HTTPResponse {
    let open = try await shelf.graph(id)
    let view = try await shelf.keeper(id).view
    var graph = open.graph
    if open.isWhole {
      graph = try open.pruned(by: view).graph
    } else if graph.statesInfluence, let share = view.settings["nodeShare"]?.double {
      graph.metadata.nodeThreshold = share
    }
    for place in graph.nodes.indices {
      guard case .feature = graph.nodes[place].node, let label = view.label(of: graph.nodes[place]) else {
        continue
      }
      graph.nodes[place].label = label
    }
    // Neuronpedia takes no name with a slash.
    graph.metadata.scan = graph.metadata.scan.replacing("/", with: "_")
    graph.keep(view)
    return Answers.download(Data(try graph.json()), type: Self.json, name: "\(id).json")
  }

  private func figures(_ id: String) async throws -> GraphFigures {
    GraphFigures(of: try await shelf.graph(id).graph, view: try await shelf.keeper(id).view)
  }

  private func subgraph(_ id: String, _ request: HTTPRequest) async throws -> HTTPResponse {
    Answers.json(try await figures(id).json(width: request.query.first { $0.name == "width" }?.value))
  }

  private func figure(_ id: String, _ name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
    guard let format = GraphFigures.Format(rawValue: name) else { return nothingHere(["figure", name]) }
    let bytes = try await figures(id).file(format, width: request.query.first { $0.name == "width" }?.value)
    return Answers.download(Data(bytes), type: format.type, name: "\(id).\(format.fileEnding)")
  }

  private func view(_ id: String) async throws -> HTTPResponse {
    let keeper = try await shelf.keeper(id)
    return Answers.json([
      "view": .object(keeper.view.document), "revision": JSON(keeper.revision),
      "trouble": keeper.trouble.map { .string("\($0)") } ?? .null,
      "note": keeper.note.map { .string($0) } ?? .null,
    ])
  }

  /// Keeps what a page changed, and tells the other pages.
  private func change(_ id: String, _ body: RequestBody) async throws -> HTTPResponse {
    let object = try body.json()
    guard let list = object["patches"]?.array, let client = object["client"]?.string, client.utf8.count <= 64
    else { throw ExplorerError.badRequest(reason: "it has no list of patches") }
    var patches: [ViewPatch] = []
    for patch in list { patches.append(try ViewPatch(json: patch)) }
    let revision = try await shelf.change(id, by: patches)
    let news: JSON = [
      "type": "view", "graph": .string(id), "client": .string(client), "revision": JSON(revision),
      "patches": .array(list),
    ]
    await hub.tell(String(decoding: try news.bytes(), as: UTF8.self))
    return Answers.json(["revision": JSON(revision)])
  }

  /// Answers what is asked of a graph.
  private func question(_ name: String, of id: String, _ body: RequestBody) async throws -> HTTPResponse {
    let graph = try await shelf.graph(id).graph
    let asked = try body.json()
    switch name {
    case "paths": return Answers.json(try GraphQuestions.paths(asked, of: graph))
    case "cut": return Answers.json(try GraphQuestions.cut(asked, of: graph))
    case "proposals": return Answers.json(try GraphQuestions.proposals(asked, of: graph))
    case "comparison":
      guard let other = asked["with"]?.string else {
        throw ExplorerError.badRequest(reason: "it does not say with which graph to compare")
      }
      return Answers.json(try GraphQuestions.comparison(graph, try await shelf.graph(other).graph))
    default: return nothingHere(["api", "graphs", id, name])
    }
  }

  private func examples(_ id: String, layer: String, index: String) async throws -> HTTPResponse {
    guard let layer = Int(layer), let index = Int(index), layer >= 0, index >= 0 else {
      throw ExplorerError.badRequest(reason: "a feature is named by two numbers")
    }
    guard let features = try await shelf.source(id).features,
      let examples = try features.examples(layer: layer, index: index)
    else { return Answers.failure(.notFound, "No examples are known of feature \(index) in layer \(layer).") }
    return Answers.json(examples)
  }

  // MARK: The live model

  private func live() throws -> any ModelService {
    guard let model else { throw ExplorerError.noModel }
    return model
  }

  private func answers(_ body: RequestBody) async throws -> HTTPResponse {
    let order = try await order(try body.json())
    return Answers.bytes(try await live().answers(to: order), type: Self.json)
  }

  private func trace(_ body: RequestBody) async throws -> HTTPResponse {
    let order = try await order(try body.json())
    return Answers.json(["job": JSON(try await live().add(order))], status: .accepted)
  }

  /// What is asked of the model: a prompt that was typed, or a graph's own tokens (`of`) with what is asked of them now.
  private func order(_ asked: JSONObject) async throws -> Data {
    guard let graph = asked["of"]?.string else {
      guard asked["prompt"]?.string != nil else { throw ExplorerError.badRequest(reason: "it has no prompt") }
      return Data(try JSON.object(asked).bytes())
    }
    guard let known = try await shelf.source(graph).order, var order = try JSON(parsing: Array(known)).object
    else { throw ExplorerError.noModel }
    for key in ["changes", "mode", "targets", "tokenCount"] {
      if let value = asked[key] { order[key] = value }
    }
    return Data(try JSON.object(order).bytes())
  }

  private func cancel(_ number: String) async throws -> HTTPResponse {
    guard let number = Int(number) else {
      throw ExplorerError.badRequest(reason: "a trace is named by a number")
    }
    try await live().cancel(number)
    return Answers.json([:])
  }

  /// What the model does if a graph's features are changed.
  private func measurement(_ name: String, of id: String, _ body: RequestBody) async throws -> HTTPResponse {
    let order = Data(try JSON.object(try body.json()).bytes())
    guard let trace = try await shelf.source(id).order else { throw ExplorerError.noModel }
    let model = try live()
    let outcome =
      name == "cuts" ? try await model.cuts(order, on: trace) : try await model.outcome(of: order, on: trace)
    return Answers.bytes(outcome, type: Self.json)
  }

  private static let json = "application/json; charset=utf-8"
}
