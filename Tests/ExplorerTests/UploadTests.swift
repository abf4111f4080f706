import AttributionGraphs
import Explorer
import Foundation
import TestSupport
import Testing

/// Graph files that broke on the way, through the door that they come in by.
@Suite(.enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"))
struct UploadTests {
  @Test func `a thousand broken files get an answer each`() async throws {
    var settings = ExplorerSettings()
    settings.maximumUploads = 1000
    try await RunningServer.run(settings: settings) { server in
      let files = try ["gemma-clt-fact-dallas-austin", "dollar", "gemma-small-big-en"].map {
        [UInt8](try Data(contentsOf: SharedFiles.url("graphs/\($0).json")))
      }
      var mutator = Mutator(seed: 4)
      var statuses: [Int: Int] = [:]
      for number in 0..<1000 {
        // Mostly the small one, which takes a tenth of the time.
        let bytes = mutator.broken(files[max(0, number % 10 - 7)])
        let connection = try RawConnection(port: server.port)
        try await connection.send(
          server.head(
            "POST /api/graphs?name=broken HTTP/1.1\r\nHost: HOST\r\nContent-Length: \(bytes.count)\r\n\r\n"))
        try await connection.send(bytes)
        let answer = try await connection.response(within: .seconds(30))
        statuses[answer.status, default: 0] += 1
        let reply = try #require(try JSON(parsing: answer.body).object)
        switch answer.status {
        case 201:
          // What was taken can be looked at.
          let id = try #require(reply["id"]?.string)
          if number.isMultiple(of: 25) {
            #expect(try await server.get("/api/graphs/\(id)").status == 200)
            #expect(try await server.get("/api/graphs/\(id)/view").status == 200)
          }
        case 422: #expect(reply["error"]?.string?.hasSuffix(".") == true)
        default: Issue.record("\(answer.status): \(answer.text.prefix(200))")
        }
      }
      #expect(statuses[201, default: 0] > 100 && statuses[422, default: 0] > 100, "\(statuses)")
    }
  }
}

/// Breaks files in the ways in which they break: bytes flipped, parts lost, doubled or moved, numbers made wild.
private struct Mutator {
  private var generator: Random

  init(seed: UInt64) { generator = Random(state: seed) }

  mutating func broken(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...generator.below(3) {
      let place = generator.below(bytes.count)
      let length = min(1 + generator.below(200), bytes.count - place)
      switch generator.below(7) {
      case 0: bytes[place] ^= UInt8(1 << generator.below(8))
      case 1: bytes.removeSubrange(place..<place + length)
      case 2: bytes.insert(contentsOf: bytes[place..<place + length], at: generator.below(bytes.count))
      case 3: bytes.removeSubrange(place...)
      case 4: replace(&bytes, ["\"weight\":", "\"ctx_idx\":", "\"influence\":", "\"layer\":"], wild: true)
      case 5:
        replace(&bytes, ["\"nodes\"", "\"links\"", "\"node_id\"", "\"source\"", "\"qParams\""], wild: false)
      default: bytes[place] = [0, 0x22, 0x5b, 0x7d, 0xff][generator.below(5)]
      }
      if bytes.isEmpty { bytes = [0x7b] }
    }
    return bytes
  }

  /// Puts a wild value behind one of some keys, or another key in its place.
  private mutating func replace(_ bytes: inout [UInt8], _ keys: [String], wild: Bool) {
    let key = Array(keys[generator.below(keys.count)].utf8)
    let start = generator.below(bytes.count)
    // Foundation's search is fast in debug builds too.
    guard let place = Data(bytes).range(of: Data(key), in: start..<bytes.count)?.lowerBound else { return }
    let values = ["1e999", "-1", "null", "99999999999999999999", "\"x\"", "[]", "{}", "NaN"]
    let text = wild ? values[generator.below(values.count)] + "," : "\"q\""
    if wild {
      bytes.insert(contentsOf: Array(text.utf8), at: place + key.count)
    } else {
      bytes.replaceSubrange(place..<place + key.count, with: Array(text.utf8))
    }
  }
}

/// SplitMix64.
private struct Random {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(max(1, bound)))
  }
}
