internal import Foundation
internal import NIOCore
internal import Synchronization

/// All connections, and what their clients hold.
///
/// When there are too many, the one that is missed least has to go, of several the one that has been so for longest; the
/// cases of `Activity` are in that order. A client that opens many closes its own first. So a flood of connections never
/// keeps a page out.
final class ClientTable: Sendable {
  /// What a connection does; the least missed first.
  enum Activity: Int, Comparable, Sendable {
    /// For a second and more it has brought no request that was admitted.
    case unproven
    /// It brings the body of a request.
    case sending
    /// It has just come.
    case new
    /// It is between two requests.
    case idle
    /// It has not taken all of an answer.
    case taking
    /// It waits for an answer, or for news, and is never closed.
    case busy

    static func < (first: Activity, second: Activity) -> Bool { first.rawValue < second.rawValue }
  }

  private struct Connection {
    let channel: any Channel
    let client: String
    var activity = Activity.new
    var since = ContinuousClock.now

    func current(at now: ContinuousClock.Instant) -> Activity {
      activity == .new && now - since > .seconds(1) ? .unproven : activity
    }
  }

  private struct State {
    var connections: [ObjectIdentifier: Connection] = [:]
    /// New ones that are to be closed unless a request of theirs turns out to be there already.
    var leaving: [ObjectIdentifier: Connection] = [:]
    var perClient: [String: Int] = [:]
    var bodies: [String: Int] = [:]
    var allBodies = 0
  }

  private let state = Mutex(State())
  private let limits: ServerLimits
  private let connectionLimit: Int
  /// How many may be open beyond the limit while it is looked whether their requests are there.
  private var mostLeaving: Int { connectionLimit / 2 }

  init(limits: ServerLimits, connectionLimit: Int) {
    (self.limits, self.connectionLimit) = (limits, connectionLimit)
  }

  // MARK: Connections

  /// Takes a connection in, and closes others if there are too many.
  /// - Returns: Whether there is room; there is none if all others are busy.
  func enter(_ channel: any Channel, of client: String) -> Bool {
    let (isTaken, victims) = state.withLock { state -> (Bool, [Connection]) in
      var victims: [Connection] = []
      while state.perClient[client, default: 0] >= limits.connectionsPerClient {
        guard let victim = leastMissed(&state, of: client) else { return (false, victims) }
        victims.append(victim)
      }
      while state.connections.count >= connectionLimit {
        guard let victim = leastMissed(&state, of: nil) else { return (false, victims) }
        victims.append(victim)
      }
      state.connections[ObjectIdentifier(channel)] = Connection(channel: channel, client: client)
      state.perClient[client, default: 0] += 1
      return (true, victims)
    }
    for victim in victims { close(victim) }
    return isTaken
  }

  /// Closes a connection that was taken out; of a new one it is looked first whether its request is there, so that no page
  /// is sent away because many others come behind it.
  private func close(_ victim: Connection) {
    let (key, channel) = (ObjectIdentifier(victim.channel), victim.channel)
    guard state.withLock({ $0.leaving[key] != nil }) else { return channel.close(promise: nil) }
    channel.eventLoop.execute { [self] in
      guard Self.hasUnread(channel) else { return closeUnlessBack(key, channel) }
      channel.eventLoop.scheduleTask(in: .milliseconds(100)) { [self] in closeUnlessBack(key, channel) }
    }
  }

  private func closeUnlessBack(_ key: ObjectIdentifier, _ channel: any Channel) {
    if state.withLock({ $0.leaving.removeValue(forKey: key) }) != nil { channel.close(promise: nil) }
  }

  /// Whether the client has sent something that was not read yet; on the channel's own thread.
  private static func hasUnread(_ channel: any Channel) -> Bool {
    let isThere = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
      of: NIOBSDSocket.Handle.self
    ) { socket in
      var byte: UInt8 = 0
      return recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0
    }
    return isThere == true
  }

  func leave(_ channel: any Channel) { state.withLock { Self.remove(ObjectIdentifier(channel), from: &$0) } }

  func note(_ activity: Activity, of channel: any Channel) {
    let key = ObjectIdentifier(channel)
    state.withLock { state in
      if let connection = state.leaving.removeValue(forKey: key) {
        state.connections[key] = connection
        state.perClient[connection.client, default: 0] += 1
      }
      state.connections[key]?.activity = activity
      state.connections[key]?.since = .now
    }
  }

  /// Closes some connections that do nothing, for the system has no descriptor left.
  func makeRoom() {
    let victims = state.withLock { state in (0..<8).compactMap { _ in leastMissed(&state, of: nil) } }
    for victim in victims { close(victim) }
  }

  /// All that are open.
  var channels: [any Channel] {
    state.withLock { state in [state.connections, state.leaving].flatMap { $0.values.map(\.channel) } }
  }

  /// Takes out the connection that can be closed with the least harm.
  private func leastMissed(_ state: inout State, of client: String?) -> Connection? {
    let now = ContinuousClock.now
    var least: (key: ObjectIdentifier, activity: Activity, since: ContinuousClock.Instant)?
    // One pass without a copy: a flood asks this for each of its connections.
    for (key, connection) in state.connections
    where connection.activity < .busy && (client == nil || connection.client == client) {
      let activity = connection.current(at: now)
      if let least, (least.activity, least.since) <= (activity, connection.since) { continue }
      least = (key, activity, connection.since)
    }
    guard let key = least?.key, let connection = state.connections[key] else { return nil }
    Self.remove(key, from: &state)
    if least?.activity == .new, state.leaving.count < mostLeaving { state.leaving[key] = connection }
    return connection
  }

  private static func remove(_ key: ObjectIdentifier, from state: inout State) {
    state.leaving[key] = nil
    guard let client = state.connections.removeValue(forKey: key)?.client else { return }
    state.perClient[client, default: 0] -= 1
    if state.perClient[client] == 0 { state.perClient[client] = nil }
  }

  // MARK: Bodies

  /// Reckons with more bytes of a body.
  /// - Returns: Whether they may be held.
  func hold(_ count: Int, of client: String) -> Bool {
    state.withLock { state in
      guard state.allBodies + count <= limits.bodies,
        state.bodies[client, default: 0] + count <= limits.bodiesPerClient
      else { return false }
      state.allBodies += count
      state.bodies[client, default: 0] += count
      return true
    }
  }

  func release(_ count: Int, of client: String) {
    guard count > 0 else { return }
    state.withLock { state in
      state.allBodies -= count
      state.bodies[client, default: 0] -= count
      if state.bodies[client] == 0 { state.bodies[client] = nil }
    }
  }

  /// Who a connection belongs to: its address, or its network, as whoever has one address of 128 bits has many.
  static func client(of channel: any Channel) -> String {
    switch channel.remoteAddress {
    case .v6(let address):
      var bytes = address.address.sin6_addr
      return withUnsafeBytes(of: &bytes) { bytes in
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        let part = isMapped ? bytes[12..<16] : bytes[0..<8]
        return part.map(String.init).joined(separator: isMapped ? "." : ":")
      }
    case let address?: return address.ipAddress ?? "?"
    case nil: return "?"
    }
  }
}
