internal import AttributionGraphs
internal import Foundation

/// Puts the graphs of finished traces on the shelf, and tells the pages.
struct TraceWatch {
  let model: any ModelService
  let shelf: GraphShelf
  let hub: EventHub

  /// Watches until the task is cancelled.
  func run() async {
    var known: Set<Int> = []
    for await news in await model.changes() {
      await hub.tell("{\"type\":\"jobs\",\"jobs\":\(String(decoding: news.jobs, as: UTF8.self))}")
      for number in news.finished where known.insert(number).inserted {
        do {
          guard let source = try await model.source(of: number) else { continue }
          let id = await shelf.add(source)
          await tell(["type": "traced", "job": JSON(number), "graph": .string(id)])
        } catch {
          await tell(["type": "failed", "job": JSON(number), "message": .string("\(error)")])
        }
      }
    }
  }

  private func tell(_ news: JSON) async {
    if let bytes = try? news.bytes() { await hub.tell(String(decoding: bytes, as: UTF8.self)) }
  }
}
