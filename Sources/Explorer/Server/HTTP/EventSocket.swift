internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket
internal import Synchronization

/// A page's socket for news. What the page sends is dropped: it asks by requests.
final class EventSocket: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private let outlet: Outlet
  private let table: ClientTable
  private let limits: ServerLimits
  private var alarm: Scheduled<Void>?
  /// Whether what the page sends is of no use any more.
  private var isClosed = false
  /// Whether the page has sent anything since it was asked.
  private var isThere = true
  /// When the second began in which frames are counted, and how many came.
  private var second = (start: NIODeadline.now(), frames: 0)

  fileprivate init(outlet: Outlet, table: ClientTable, limits: ServerLimits) {
    (self.outlet, self.table, self.limits) = (outlet, table, limits)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    // Little at a time, as each of many small frames takes its time, and a page sends hardly any.
    _ = context.channel.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 512))
    table.note(.busy, of: context.channel)
    outlet.open()
    askWhetherThere(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    alarm?.cancel()
    table.leave(context.channel)
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isClosed else { return }
    let frame = unwrapInboundIn(data)
    isThere = true
    // What a browser sends is masked; anything else is no browser.
    guard frame.maskKey != nil else { return close(context, .protocolError) }
    guard isSeldomEnough() else { return close(context, .policyViolation) }
    switch frame.opcode {
    case .ping: outlet.send(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
    case .connectionClose: close(context, .normalClosure)
    default: break
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func isSeldomEnough() -> Bool {
    let now = NIODeadline.now()
    if now - second.start > .seconds(1) { second = (now, 0) }
    second.frames += 1
    return second.frames <= limits.framesPerSecond
  }

  private func askWhetherThere(_ context: ChannelHandlerContext) {
    guard isThere else { return context.close(promise: nil) }
    isThere = false
    outlet.send(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer()))
    alarm = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.pingTime)) { [weak self] in
      self?.askWhetherThere(context)
    }
  }

  private func close(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
    var reason = ByteBuffer()
    reason.write(webSocketErrorCode: code)
    let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: reason)
    isClosed = true
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    context.close(promise: nil)
  }
}

/// Where a page's news are sent, from any thread; until its socket is open they wait.
private final class Outlet: NewsReader {
  private let channel: any Channel
  private let limit: Int
  /// How many bytes the page has not taken.
  private let unread = Atomic(0)
  /// What waits for the socket; `nil` once it is open.
  private let waiting = Mutex<[WebSocketFrame]?>([])

  init(channel: any Channel, limit: Int) { (self.channel, self.limit) = (channel, limit) }

  func read(_ news: String) {
    send(WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: news)))
  }

  /// Sends a frame, or lets a page go that does not take what it was sent: it comes back, and reads all it missed.
  func send(_ frame: WebSocketFrame) {
    // An empty frame takes room in the queue as well.
    let count = frame.data.readableBytes + 64
    guard unread.add(count, ordering: .relaxed).newValue <= limit else { return channel.close(promise: nil) }
    waiting.withLock { waiting in
      if waiting == nil { write(frame) } else { waiting?.append(frame) }
    }
  }

  /// Sends what has waited, and from now on everything at once.
  func open() {
    waiting.withLock { waiting in
      for frame in waiting ?? [] { write(frame) }
      waiting = nil
    }
  }

  private func write(_ frame: WebSocketFrame) {
    let count = frame.data.readableBytes + 64
    channel.writeAndFlush(frame).whenComplete { [self] _ in unread.subtract(count, ordering: .relaxed) }
  }
}

extension HTTPConnection {
  /// Makes the connection a socket, after the request for it has come to its end.
  func openSocket(for head: HTTPRequestHead) {
    guard let context else { return }
    // The page hears of all that comes after the answer to its request, so it is taken in before that.
    let (hub, outlet) = (answering.hub, Outlet(channel: context.channel, limit: limits.unreadNews))
    guard hub.add(outlet) else { return answer(Answers.failure(.busy), isLast: true) }
    context.channel.closeFuture.whenComplete { _ in hub.remove(outlet) }
    let upgrader = NIOWebSocketServerUpgrader(
      maxFrameSize: limits.frame, shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
      upgradePipelineHandler: { [table, limits] channel, _ in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            EventSocket(outlet: outlet, table: table, limits: limits))
        }
      })
    upgrader.buildUpgradeResponse(
      channel: context.channel, upgradeRequest: head, initialResponseHeaders: [:]
    ).assumeIsolated().whenComplete { result in
      switch result {
      case .success(let headers): self.becomeSocket(by: upgrader, head, headers)
      case .failure:
        hub.remove(outlet)
        self.answer(Answers.failure(400, "This is no request for a WebSocket."), isLast: true)
      }
    }
  }

  private func becomeSocket(
    by upgrader: NIOWebSocketServerUpgrader, _ head: HTTPRequestHead, _ headers: HTTPHeaders
  ) {
    guard let context else { return }
    codec.stopReading(context).assumeIsolated().flatMap { () -> EventLoopFuture<Void> in
      let response = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
      context.write(self.wrapOutboundOut(.head(response)), promise: nil)
      context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
      return self.codec.stopWriting(context)
    }.flatMap {
      upgrader.upgrade(context: context, upgradeRequest: head)
    }.flatMap {
      context.pipeline.syncOperations.removeHandler(self)
    }.whenFailure { _ in context.close(promise: nil) }
  }
}
