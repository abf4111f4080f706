internal import NIOCore

/// Tells how many bytes come in, before anything is made of them.
final class ByteMeter: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// Told of every arrival, on the connection's loop.
  var received: ((Int) -> Void)?

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received?(unwrapInboundIn(data).readableBytes)
    context.fireChannelRead(data)
  }
}
