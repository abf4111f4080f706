internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// One connection: takes a request, has it answered, sends the answer, and takes the next.
///
/// A request is admitted or refused when its head is there. Whatever waits for the client has an alarm, and whatever the
/// client sends or leaves unread has a bound; see ``ServerLimits``. An answer goes out in slices as the client takes
/// them.
final class HTTPConnection: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// A body on its way.
  private struct Receipt {
    let head: RequestHead
    let limit: Int
    var bytes: [UInt8] = []
    /// How many bytes there were when the alarm was set.
    var counted = 0
  }

  /// An answer on its way.
  private struct Delivery {
    let body: Data
    /// How many bytes of it were handed on, and how many of them the system has taken.
    var offset = 0, taken = 0
    /// How many were taken when the alarm was set.
    var counted = 0
  }

  let answering: any RequestAnswering
  let table: ClientTable
  let limits: ServerLimits
  /// What speaks HTTP, and has to go when the connection becomes a socket.
  let codec: HTTPCodec

  private(set) var context: ChannelHandlerContext?
  private var client = "?"
  private var alarm: Scheduled<Void>?
  /// How many more bytes may come before something is done with them.
  private var allowance = 0
  /// The bytes of bodies that are reckoned with, see ``ClientTable/hold(_:of:)``.
  private var held = 0

  /// Whether a request of it was admitted.
  private var isProven = false

  // Of the request that is being taken or answered:
  /// Whether its end has not come.
  private var isArriving = false
  private var hasHeadBegun = false
  private var keepsAlive = true
  private var isHead = false
  private var receipt: Receipt?
  /// The bytes of the body that nobody reads.
  private var skipped = 0
  private var upgrade: HTTPRequestHead?
  private var work: Task<Void, Never>?
  /// Whether an answer is about to be sent, or has been.
  private var isDue = false, hasAnswer = false
  private var delivery: Delivery?
  private var isPumping = false
  /// Whether the connection only waits for the client to take the last answer.
  private var isLeaving = false

  init(answering: any RequestAnswering, table: ClientTable, limits: ServerLimits, codec: HTTPCodec) {
    (self.answering, self.table, self.limits, self.codec) = (answering, table, limits, codec)
    allowance = limits.head + limits.sentAhead
  }

  // MARK: The connection's life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    codec.meter.received = { [weak self] in self?.received($0) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    alarm?.cancel()
    codec.meter.received = nil
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    client = ClientTable.client(of: context.channel)
    guard table.enter(context.channel, of: client) else { return context.close(promise: nil) }
    wait(limits.headTime) { $0.close() }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    work?.cancel()
    drop()
    delivery = nil
    alarm?.cancel()
    table.leave(context.channel)
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
    if isLeaving { return close() }
    // Who has sent all that he will may still wait for the answer.
    keepsAlive = false
    if work == nil, delivery == nil, !isDue { leave(within: limits.stallTime) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError, !hasAnswer, !isLeaving else { return close() }
    drop()
    work?.cancel()
    (upgrade, isArriving) = (nil, false)
    answer(Answers.refusal(of: error, limits), isLast: true)
  }

  private func close() { context?.close(promise: nil) }

  /// Sets the alarm, in place of the one before.
  private func wait(_ time: Duration, _ alarmed: @escaping (HTTPConnection) -> Void) {
    alarm?.cancel()
    alarm = context?.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { [weak self] in
      if let self { alarmed(self) }
    }
  }

  private func received(_ count: Int) {
    if !isArriving, !hasAnswer, work == nil, !hasHeadBegun, !isLeaving {
      hasHeadBegun = true
      wait(limits.headTime) { $0.close() }
    }
    allowance -= count
    if allowance < 0 { close() }
  }

  // MARK: The request

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isLeaving else { return }
    switch unwrapInboundIn(data) {
    case .head(let head): take(head)
    case .body(let bytes): take(bytes)
    case .end: end()
    }
  }

  private func take(_ raw: HTTPRequestHead) {
    (isArriving, hasHeadBegun, hasAnswer) = (true, false, false)
    allowance = limits.refusedBody
    // Behind a request for another protocol, the parser finds no more requests.
    keepsAlive = raw.isKeepAlive && raw.method != .CONNECT && !raw.headers.contains(name: "Upgrade")
    isHead = raw.method == .HEAD
    let head = RequestHead(raw)
    switch answering.admission(of: head) {
    case .refused(let response): answer(response)
    case .socket:
      upgrade = raw
      wait(limits.headTime) { $0.close() }
    case .admitted(let limit):
      allowance = .max
      isProven = true
      receipt = Receipt(head: head, limit: limit)
      let length = Int(raw.headers.first(name: "Content-Length") ?? "0") ?? .max
      // A request without a body is there already, and must not be closed before it is answered.
      if let context, length > 0 || raw.headers.contains(name: "Transfer-Encoding") {
        table.note(.sending, of: context.channel)
      }
      guard length <= limit else { return refuse(.tooLarge(limit: limit)) }
      // More than that must come before it is believed.
      receipt?.bytes.reserveCapacity(min(length, 8 << 20))
      if raw.headers.first(name: "Expect")?.lowercased() == "100-continue" {
        write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
        context?.flush()
      }
      watchBody()
    }
  }

  private func take(_ bytes: ByteBuffer) {
    guard let limit = receipt?.limit, let count = receipt?.bytes.count else {
      skipped += bytes.readableBytes
      return
    }
    guard count + bytes.readableBytes <= limit else { return refuse(.tooLarge(limit: limit)) }
    guard table.hold(bytes.readableBytes, of: client) else { return refuse(.busy) }
    held += bytes.readableBytes
    self.receipt?.bytes.append(contentsOf: bytes.readableBytesView)
  }

  /// Gives a body up unless enough of it keeps coming.
  private func watchBody() {
    wait(limits.stallTime) { connection in
      guard let receipt = connection.receipt else { return connection.close() }
      guard receipt.bytes.count - receipt.counted >= connection.fewestBytes else {
        connection.keepsAlive = false
        return connection.refuse(.tooSlow)
      }
      connection.receipt?.counted = receipt.bytes.count
      connection.watchBody()
    }
  }

  /// Reads past the rest of a body that was refused as long as enough of it keeps coming: who still sends does not see
  /// the answer before.
  private func watchRest() {
    let counted = skipped
    wait(limits.stallTime) { connection in
      guard connection.skipped - counted >= connection.fewestBytes else { return connection.close() }
      connection.watchRest()
    }
  }

  private var fewestBytes: Int { Int(Double(limits.slowest) * (limits.stallTime / .seconds(1))) }

  /// Gives up an admitted request, and reads past the rest of its body.
  private func refuse(_ error: ExplorerError) {
    drop()
    allowance = limits.tooLargeBody
    answer(Answers.failure(error))
  }

  /// Forgets the body, and what was reckoned with for it.
  private func drop() {
    receipt = nil
    guard work == nil else { return }
    table.release(held, of: client)
    held = 0
  }

  private func end() {
    isArriving = false
    allowance = limits.sentAhead
    if let head = upgrade {
      alarm?.cancel()
      openSocket(for: head)
    } else if let receipt, let context {
      self.receipt = nil
      alarm?.cancel()
      table.note(.busy, of: context.channel)
      let request = Request(head: receipt.head, body: receipt.bytes)
      let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
      work = Task { [answering, loop = context.eventLoop] in
        let response = await answering.response(to: request)
        loop.execute { connection.value.answered(response) }
      }
    } else if hasAnswer, delivery == nil {
      becomeIdle()
    }
  }

  private func answered(_ response: Response) {
    work = nil
    drop()
    guard let context, context.channel.isActive, !hasAnswer, !isLeaving else { return }
    send(response)
  }

  // MARK: The answer

  /// Sends an answer after all that is being read: one in the middle of a read would let the next request in, whose
  /// answer would let in the next, as deep as requests were sent ahead.
  /// - Parameter isLast: Whether the connection ends with it.
  func answer(_ response: Response, isLast: Bool = false) {
    if isLast { keepsAlive = false }
    isDue = true
    context?.eventLoop.assumeIsolated().execute { [weak self] in
      guard let self, let context, context.channel.isActive, !isLeaving else { return }
      send(response)
    }
  }

  private func send(_ response: Response) {
    guard !hasAnswer else { return }
    (isDue, hasAnswer) = (false, true)
    var headers = HTTPHeaders(response.fields)
    headers.add(name: "Content-Length", value: "\(response.body.count)")
    headers.add(name: "Connection", value: keepsAlive ? "keep-alive" : "close")
    let status = HTTPResponseStatus(statusCode: response.status)
    write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
    delivery = Delivery(body: isHead ? Data() : response.body)
    watchDelivery()
    pump()
  }

  private func write(_ part: HTTPServerResponsePart) { context?.write(wrapOutboundOut(part), promise: nil) }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    pump()
    context.fireChannelWritabilityChanged()
  }

  /// Sends as much of the answer as the client takes.
  private func pump() {
    guard let context, !isPumping, let body = delivery?.body else { return }
    isPumping = true
    while let offset = delivery?.offset, offset < body.count, context.channel.isWritable {
      let slice = body.dropFirst(offset).prefix(16 << 10)
      let sent = context.eventLoop.makePromise(of: Void.self)
      sent.futureResult.assumeIsolated().whenSuccess { [weak self, count = slice.count] in self?.took(count) }
      let part = HTTPServerResponsePart.body(.byteBuffer(context.channel.allocator.buffer(bytes: slice)))
      context.write(wrapOutboundOut(part), promise: sent)
      delivery?.offset += slice.count
      context.flush()
    }
    isPumping = false
    if body.isEmpty {
      finish(context)
    } else if delivery != nil {
      table.note(.taking, of: context.channel)
    }
  }

  /// Counts what has gone out; an answer is at its end when all of it has, not when all of it waits to.
  private func took(_ count: Int) {
    guard let context, var delivery else { return }
    delivery.taken += count
    self.delivery = delivery
    if delivery.taken == delivery.body.count { finish(context) }
  }

  /// Closes the connection unless enough of an answer keeps being taken.
  private func watchDelivery() {
    wait(limits.stallTime) { connection in
      guard let delivery = connection.delivery,
        delivery.taken - delivery.counted >= connection.fewestBytes
      else { return connection.breakOff() }
      connection.delivery?.counted = delivery.taken
      connection.watchDelivery()
    }
  }

  /// Closes the connection, and takes back what the system still holds for the client.
  private func breakOff() {
    let none = linger(l_onoff: 1, l_linger: 0)
    _ = (context?.channel as? any SocketOptionProvider)?.setSoLinger(none)
    close()
  }

  private func finish(_ context: ChannelHandlerContext) {
    delivery = nil
    if keepsAlive {
      // What follows may be a request that was sent ahead: it is taken before `write` returns.
      if isArriving { watchRest() } else { becomeIdle() }
      write(.end(nil))
      context.flush()
    } else {
      isLeaving = true
      wait(limits.stallTime) { $0.close() }
      // Its last bytes may wait for the client.
      let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
      context.writeAndFlush(wrapOutboundOut(.end(nil)))
        .whenComplete { _ in connection.value.leave(within: .seconds(2)) }
    }
  }

  private func becomeIdle() {
    guard keepsAlive else { return }
    hasAnswer = false
    allowance = limits.head + limits.sentAhead
    wait(limits.idleTime) { $0.close() }
    if let context, isProven { table.note(.idle, of: context.channel) }
  }

  /// Says that nothing more comes, and waits a little for the client to see it: closed at once, a connection with
  /// something unread takes the answer back.
  private func leave(within time: Duration) {
    guard let context else { return }
    isLeaving = true
    allowance = limits.refusedBody
    context.close(mode: .output, promise: nil)
    wait(time) { $0.close() }
  }
}

extension RequestHead {
  init(_ head: HTTPRequestHead) {
    self.init(
      method: Method(head.method.rawValue), target: head.uri,
      fields: head.headers.map { ($0.name, $0.value) })
  }
}

extension Answers {
  /// What is said to what is no request.
  static func refusal(of error: HTTPParserError, _ limits: ServerLimits) -> Response {
    if error == .headerOverflow {
      return failure(431, "The request's head is larger than the \(limits.head) bytes that are taken.")
    }
    return failure(400, "This is no request of HTTP/1.1.")
  }
}
