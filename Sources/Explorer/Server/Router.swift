internal import AttributionGraphs
internal import Foundation
internal import Synchronization

/// Answers requests.
final class Router: RequestAnswering {
  private let settings: ExplorerSettings
  private let shelf: GraphShelf
  private let work = LongWork(named: "clew.questions", threads: 2)
  private let files: WebFiles
  let hub: EventHub
  private let model: (any ModelService)?
  /// Known once the port is.
  private let requestGuard = Mutex<RequestGuard?>(nil)

  init(
    settings: ExplorerSettings, shelf: GraphShelf, files: WebFiles, hub: EventHub, model: (any ModelService)?
  ) {
    (self.settings, self.shelf, self.files, self.hub, self.model) = (settings, shelf, files, hub, model)
  }

  func listen(on port: UInt16) {
    requestGuard.withLock { $0 = RequestGuard(settings: settings, port: port) }
  }

  func admission(of head: RequestHead) -> Admission {
    guard let requestGuard = requestGuard.withLock({ $0 }) else {
      return .refused(Answers.failure(503, "The server is starting."))
    }
    if let refusal = requestGuard.refusal(of: head) {
      return .refused(Answers.failure(refusal.status, refusal.sentence))
    }
    if requestGuard.bringsToken(head), head.method == .get {
      return .refused(keepToken(as: requestGuard.cookieName))
    }
    switch (head.method, head.path) {
    case (.get, "/api/events"): return socket(for: head)
    case (.post, "/api/graphs"): return .admitted(bodyLimit: settings.maximumUpload)
    default: return .admitted(bodyLimit: settings.maximumRequest)
    }
  }

  private func socket(for head: RequestHead) -> Admission {
    let connection = head.values(of: "connection").joined(separator: ",").lowercased().split(separator: ",")
    guard head["upgrade"]?.lowercased() == "websocket",
      connection.contains(where: { $0.split(separator: " ") == ["upgrade"] })
    else {
      return .refused(Answers.failure(400, "This is the address of a WebSocket. Open / for the explorer."))
    }
    return hub.isFull ? .refused(Answers.failure(.busy)) : .socket
  }

  func response(to request: Request) async -> Response {
    do {
      return try await route(request)
    } catch let error as ExplorerError {
      return Answers.failure(error)
    } catch let error as GraphError {
      return Answers.failure(422, "\(error)")
    } catch let error as ModelRefusal {
      return Answers.failure(error)
    } catch {
      return Answers.failure(500, "\(error)")
    }
  }

  /// Puts the token into a cookie, so that it leaves the address bar.
  private func keepToken(as name: String) -> Response {
    var response = Answers.bytes(Data(), type: "text/plain", status: 303)
    response.fields += [
      ("Location", "/"),
      ("Set-Cookie", "\(name)=\(settings.token ?? ""); Path=/; HttpOnly; SameSite=Strict"),
    ]
    return response
  }

  // MARK: Routes

  private func route(_ request: Request) async throws -> Response {
    let method = request.head.method == .head ? .get : request.head.method
    let parts = request.head.parts
    switch (method, parts.first, parts.count) {
    case (.get, nil, _): return page("index.html")
    case (.get, "web", 2): return page(parts[1])
    case (_, "api", 2...): return try await api(method, Array(parts.dropFirst()), request)
    default: return nothingHere(parts)
    }
  }

  private func page(_ name: String) -> Response {
    guard let file = files.files[name] else { return nothingHere([name]) }
    return Answers.bytes(file.bytes, type: file.type, cache: "no-cache")
  }

  private func nothingHere(_ parts: [String]) -> Response {
    Answers.failure(
      404, "There is nothing at /\(parts.joined(separator: "/")). Open / for the explorer.")
  }

  private func api(
    _ method: RequestHead.Method, _ parts: [String], _ request: Request
  ) async throws -> Response {
    switch (method, parts[0], parts.count) {
    case (.get, "session", 1): return try await session(request)
    case (.post, "graphs", 1): return try await upload(request)
    case (.get, "graphs", 2):
      return Answers.bytes(try await shelf.payload(parts[1]).head, type: Self.json)
    case (.get, "graphs", 3) where parts[2] == "edges":
      return Answers.bytes(try await shelf.payload(parts[1]).edges, type: "application/octet-stream")
    case (.get, "graphs", 3) where parts[2] == "file": return try await file(parts[1])
    case (.get, "graphs", 3) where parts[2] == "view": return try await view(parts[1])
    case (.post, "graphs", 3) where parts[2] == "view": return try await change(parts[1], request)
    case (.post, "graphs", 3) where ["outcome", "cuts"].contains(parts[2]):
      return try await measurement(parts[2], of: parts[1], request)
    case (.post, "answers", 1): return try await answers(request)
    case (.post, "traces", 1): return try await trace(request)
    case (.delete, "traces", 2): return try await cancel(parts[1])
    case (.post, "graphs", 3): return try await question(parts[2], of: parts[1], request)
    case (.get, "graphs", 3) where parts[2] == "subgraph": return try await subgraph(parts[1], request)
    case (.get, "graphs", 4) where parts[2] == "figure": return try await figure(parts[1], parts[3], request)
    case (.get, "graphs", 5) where parts[2] == "features":
      return try await examples(parts[1], layer: parts[3], index: parts[4])
    default: return nothingHere(["api"] + parts)
    }
  }

  /// What there is. Of many graphs the latest are listed, and the one that the query names.
  private func session(_ request: Request) async throws -> Response {
    let wanted = request.head.query.first { $0.name == "graph" }?.value
    let (entries, count) = await shelf.latest(settings.listedAtOnce, with: wanted)
    let graphs = entries.map { entry -> JSON in
      [
        "id": .string(entry.id), "name": .string(entry.source.name),
        "purpose": entry.source.purpose.map { .string($0) } ?? .null,
        "isLive": .bool(entry.source.order != nil),
      ]
    }
    return Answers.json([
      "graphs": .array(graphs), "graphCount": JSON(count), "hasModel": .bool(model != nil),
      "model": model.map { .string($0.modelName) } ?? .null,
      "transcoders": model.map { .string($0.transcodersName) } ?? .null,
    ])
  }

  private func upload(_ request: Request) async throws -> Response {
    let name = request.head.query.first { $0.name == "name" }?.value ?? ""
    let (id, notes) = try await shelf.addUpload(request.body, name: name)
    let file = try await shelf.source(id).file.map { JSON.string($0.relativePath) }
    return Answers.json(["id": .string(id), "notes": JSON(notes), "file": file ?? .null], status: 201)
  }

  /// The graph as a file: what was odd about the one that it came from is put right, and the reader's view is in it. A
  /// whole trace is pruned as the page shows it, for viewers cannot do that; a file that was pruned before keeps all that it
  /// has, and says up to which share of influence it is shown.
  private func file(_ id: String) async throws -> Response {
    let open = try await shelf.graph(id)
    let view = try await shelf.keeper(id).view
    return try await work.run {
      Answers.download(Data(try Self.file(open, view).json()), type: Self.json, name: "\(id).json")
    }
  }

  private static func file(_ open: OpenGraph, _ view: SavedView) throws -> AttributionGraph {
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
    return graph
  }

  /// Answers with a figure of what is pinned.
  private func figures(
    _ id: String, _ request: Request,
    _ answer: @escaping @Sendable (_ figures: GraphFigures, _ width: String?) throws -> Response
  ) async throws -> Response {
    let (graph, view) = (try await shelf.graph(id).graph, try await shelf.keeper(id).view)
    let width = request.head.query.first { $0.name == "width" }?.value
    return try await work.run { try answer(GraphFigures(of: graph, view: view), width) }
  }

  private func subgraph(_ id: String, _ request: Request) async throws -> Response {
    try await figures(id, request) { figures, width in Answers.json(try figures.json(width: width)) }
  }

  private func figure(_ id: String, _ name: String, _ request: Request) async throws -> Response {
    guard let format = GraphFigures.Format(rawValue: name) else { return nothingHere(["figure", name]) }
    return try await figures(id, request) { figures, width in
      Answers.download(
        Data(try figures.file(format, width: width)), type: format.type, name: "\(id).\(format.fileEnding)")
    }
  }

  private func view(_ id: String) async throws -> Response {
    let keeper = try await shelf.keeper(id)
    return Answers.json([
      "view": .object(keeper.view.document), "revision": JSON(keeper.revision),
      "trouble": keeper.trouble.map { .string("\($0)") } ?? .null,
      "note": keeper.note.map { .string($0) } ?? .null,
      "file": try await shelf.source(id).viewFile.map { .string($0.relativePath) } ?? .null,
    ])
  }

  /// Keeps what a page changed, and tells the other pages.
  private func change(_ id: String, _ request: Request) async throws -> Response {
    let object = try request.json()
    guard let list = object["patches"]?.array, let client = object["client"]?.string, client.utf8.count <= 64
    else { throw ExplorerError.badRequest(reason: "it has no list of patches") }
    var patches: [ViewPatch] = []
    for patch in list { patches.append(try ViewPatch(json: patch)) }
    let revision = try await shelf.change(id, by: patches)
    let news: JSON = [
      "type": "view", "graph": .string(id), "client": .string(client), "revision": JSON(revision),
      "patches": .array(list),
    ]
    hub.tell(String(decoding: try news.bytes(), as: UTF8.self))
    return Answers.json(["revision": JSON(revision)])
  }

  /// Answers what is asked of a graph.
  private func question(_ name: String, of id: String, _ request: Request) async throws -> Response {
    let graph = try await shelf.graph(id).graph
    let asked = try request.json()
    switch name {
    case "paths": return try await work.run { Answers.json(try GraphQuestions.paths(asked, of: graph)) }
    case "cut": return try await work.run { Answers.json(try GraphQuestions.cut(asked, of: graph)) }
    case "proposals":
      return try await work.run { Answers.json(try GraphQuestions.proposals(asked, of: graph)) }
    case "comparison":
      guard let other = asked["with"]?.string else {
        throw ExplorerError.badRequest(reason: "it does not say with which graph to compare")
      }
      let second = try await shelf.graph(other).graph
      return try await work.run { Answers.json(try GraphQuestions.comparison(graph, second)) }
    default: return nothingHere(["api", "graphs", id, name])
    }
  }

  private func examples(_ id: String, layer: String, index: String) async throws -> Response {
    guard let layer = Int(layer), let index = Int(index), layer >= 0, index >= 0 else {
      throw ExplorerError.badRequest(reason: "a feature is named by two numbers")
    }
    guard let features = try await shelf.source(id).features,
      let examples = try await work.run({ try features.examples(layer: layer, index: index) })
    else { return Answers.failure(404, "No examples are known of feature \(index) in layer \(layer).") }
    return Answers.json(examples)
  }

  // MARK: The live model

  private func live() throws -> any ModelService {
    guard let model else { throw ExplorerError.noModel }
    return model
  }

  private func answers(_ request: Request) async throws -> Response {
    let order = try await order(try request.json())
    return Answers.bytes(try await live().answers(to: order), type: Self.json)
  }

  private func trace(_ request: Request) async throws -> Response {
    let order = try await order(try request.json())
    return Answers.json(["job": JSON(try await live().add(order))], status: 202)
  }

  /// What is asked of the model: a prompt that was typed, or a graph's own tokens (`of`) with what is asked of them now.
  private func order(_ asked: JSONObject) async throws -> Data {
    guard let graph = asked["of"]?.string else {
      guard asked["prompt"]?.string != nil else { throw ExplorerError.badRequest(reason: "it has no prompt") }
      return Data(try JSON.object(asked).bytes())
    }
    guard let known = try await shelf.source(graph).order, var order = try JSON(parsing: Array(known)).object
    else { throw ExplorerError.noModel }
    for (key, value) in asked.members where key != "of" {
      guard !["prompt", "tokens", "opening"].contains(key) else {
        throw ExplorerError.badRequest(
          reason: "it has a graph's tokens (of) and '\(key)'; leave one of them out")
      }
      order[key] = value
    }
    return Data(try JSON.object(order).bytes())
  }

  private func cancel(_ number: String) async throws -> Response {
    guard let number = Int(number) else {
      throw ExplorerError.badRequest(reason: "a trace is named by a number")
    }
    try await live().cancel(number)
    return Answers.json([:])
  }

  /// What the model does if a graph's features are changed.
  private func measurement(_ name: String, of id: String, _ request: Request) async throws -> Response {
    let order = Data(try JSON.object(try request.json()).bytes())
    guard let trace = try await shelf.source(id).order else { throw ExplorerError.noModel }
    let model = try live()
    let outcome =
      name == "cuts" ? try await model.cuts(order, on: trace) : try await model.outcome(of: order, on: trace)
    return Answers.bytes(outcome, type: Self.json)
  }

  private static let json = "application/json; charset=utf-8"
}
