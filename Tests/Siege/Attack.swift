import Foundation

/// A way to keep a server from its work.
public struct Attack: Sendable {
  public let name: String
  /// Attacks a port, and says in some words what came of it.
  public let run: @Sendable (_ port: Int) -> String

  /// What no page of this machine would send, and what is no request at all, one after the other.
  public static func hostileRequests(_ count: Int) -> Attack {
    Attack(name: "\(count) hostile requests") { port in
      var statuses: [Int: Int] = [:]
      for number in 0..<count {
        let request = HostileRequests.all[number % HostileRequests.all.count]
        guard let line = Line(port: port, patience: 2) else {
          statuses[-1, default: 0] += 1
          continue
        }
        line.send(request.replacingOccurrences(of: "HOST", with: "127.0.0.1:\(port)"))
        statuses[line.status() ?? 0, default: 0] += 1
      }
      return statuses.sorted { $0.key < $1.key }
        .map {
          "\($0.value) \($0.key == 0 ? "hung up on" : $0.key == -1 ? "not taken" : "answered \($0.key)")"
        }
        .joined(separator: ", ")
    }
  }

  /// Connections that send nothing, opened again when they are closed.
  public static func idleConnections(_ count: Int, seconds: Double) -> Attack {
    Attack(name: "\(count) idle connections for \(Int(seconds)) s") { port in
      let deadline = ContinuousClock.now + .seconds(seconds)
      var lines: [Line?] = Array(repeating: nil, count: count)
      var openings = 0
      var mostOpen = 0
      while ContinuousClock.now < deadline {
        for place in lines.indices where lines[place]?.isClosed ?? true {
          lines[place] = nil
          lines[place] = Line(port: port, patience: 2)
          openings += 1
        }
        mostOpen = max(mostOpen, lines.count { $0?.isClosed == false })
        usleep(1_000_000)
      }
      return "\(openings) opened, at most \(mostOpen) held open at a time"
    }
  }

  /// Lines of a head that do not end, from several threads at once.
  public static func endlessLines(_ count: Int, bytes: Int) -> Attack {
    Attack(name: "\(count) header lines of \(bytes >> 20) MiB") { port in
      let counts = atOnce(4) { thread in
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
        var sent = 0
        for number in stride(from: thread, to: count, by: 4) {
          guard let line = Line(port: port, patience: 2) else { continue }
          // A long address is what another site's page can send.
          line.send(number.isMultiple(of: 2) ? "GET /" : "GET / HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nX: ")
          for _ in 0..<bytes / piece.count {
            guard line.send(piece) else { break }
            sent += piece.count
          }
        }
        return sent
      }
      return "\(counts.reduce(0, +) >> 10) of \(count * bytes >> 10) KiB were taken"
    }
  }

  /// Heads and bodies that come a byte at a time, and answers that are taken so.
  public static func slowClients(_ count: Int, seconds: Double) -> Attack {
    Attack(name: "\(count) slow clients for \(Int(seconds)) s") { port in
      let deadline = ContinuousClock.now + .seconds(seconds)
      let beginnings = [
        "GET /",
        "POST /api/graphs?name=slow HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Length: 90000000\r\n\r\n",
        "GET /web/links.js HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n",
      ]
      var lines: [Line?] = Array(repeating: nil, count: count)
      var openings = 0
      while ContinuousClock.now < deadline {
        for place in lines.indices {
          if lines[place]?.isClosed ?? true {
            lines[place] = Line(port: port, patience: 0.2)
            lines[place]?.send(beginnings[place % 3])
            openings += 1
          } else if place % 3 < 2 {
            lines[place]?.send("x")
          }
        }
        usleep(100_000)
      }
      return "\(openings) opened"
    }
  }

  /// Frames that no page sends: pings whose answers nobody reads, large ones, unmasked ones.
  public static func frames(_ count: Int) -> Attack {
    Attack(name: "\(count) WebSocket frames") { port in
      let ping: [UInt8] = [0x89, 0x84, 1, 2, 3, 4, 5, 6, 7, 8]
      let pings = Array(repeatElement(ping, count: 1000).joined())
      let sent = atOnce(4) { _ in
        var sent = 0
        var refusals = 0
        while sent < count / 4, refusals < count {
          guard let line = Line(port: port, patience: 1) else { continue }
          line.send(HostileRequests.socket.replacingOccurrences(of: "HOST", with: "127.0.0.1:\(port)"))
          guard line.receive()?.starts(with: "HTTP/1.1 101".utf8) == true else {
            refusals += 1
            usleep(1000)
            continue
          }
          // Frames count once they are sent, whether the server hangs up or not.
          while sent < count / 4, line.send(pings) { sent += 1000 }
          sent += 1000
        }
        return sent
      }
      return "\(sent.reduce(0, +)) sent"
    }
  }

  /// Does something on several threads, and waits for all.
  private static func atOnce(_ count: Int, _ body: @escaping @Sendable (Int) -> Int) -> [Int] {
    let results = Results()
    DispatchQueue.concurrentPerform(iterations: count) { results.add(body($0)) }
    return results.all
  }
}

private final class Results: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Int] = []

  func add(_ value: Int) { lock.withLock { values.append(value) } }
  var all: [Int] { lock.withLock { values } }
}
