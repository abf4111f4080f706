internal import NIOCore
internal import NIOHTTP1

/// What makes requests of a connection's bytes, within limits, and bytes of answers.
struct HTTPCodec {
  let meter = ByteMeter()
  private let encoder = HTTPResponseEncoder()
  private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
  /// Lets one request in at a time.
  private let turns = HTTPServerPipelineHandler()

  init(limits: ServerLimits) {
    var bounds = NIOHTTPDecoderLimitConfiguration()
    bounds.maxHeaderFieldSize = limits.line
    bounds.maxHeaderListSize = limits.head
    bounds.maxHeaderFieldCount = limits.lines
    decoder = ByteToMessageHandler(
      HTTPRequestDecoder(
        leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop, limitConfiguration: bounds))
  }

  func enter(_ pipeline: ChannelPipeline) throws {
    try pipeline.syncOperations.addHandlers([meter, encoder, decoder, turns])
  }

  /// Takes away what reads requests, which ends with the read at hand.
  func stopReading(_ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
    let operations = context.pipeline.syncOperations
    return .andAllSucceed(
      [operations.removeHandler(decoder), operations.removeHandler(turns)], on: context.eventLoop)
  }

  /// Takes away what writes answers.
  func stopWriting(_ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
    context.pipeline.syncOperations.removeHandler(encoder)
  }
}
