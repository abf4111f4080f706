internal import AttributionGraphs
internal import Foundation

/// Puts the graphs of finished traces on the shelf, and tells the pages.
struct TraceWatch {
  let model: any ModelService
  let shelf: GraphShelf
  let hub: EventHub

  /// Watches until the task is cancelled.
  func run() async {
    // Those that the model's side still knows; they end one after the other.
    var known: Set<Int> = []
    for await news in await model.changes() {
      hub.tell("{\"type\":\"jobs\",\"jobs\":\(String(decoding: news.jobs, as: UTF8.self))}")
      known.formIntersection(news.finished)
      for number in news.finished where known.insert(number).inserted {
        do {
          guard let source = try await model.source(of: number) else { continue }
          let id = await shelf.add(source)
          tell(["type": "traced", "job": JSON(number), "graph": .string(id)])
        } catch {
          tell(["type": "failed", "job": JSON(number), "message": .string("\(error)")])
        }
      }
      // Who watches needs no more; what comes meanwhile is one piece of news.
      try? await Task.sleep(for: .milliseconds(50))
    }
  }

  private func tell(_ news: JSON) {
    if let bytes = try? news.bytes() { hub.tell(String(decoding: bytes, as: UTF8.self)) }
  }
}
