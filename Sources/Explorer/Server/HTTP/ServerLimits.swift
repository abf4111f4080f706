/// How much the server bears from its clients before it refuses or hangs up.
///
/// Whoever can open a connection can try to use up descriptors, memory and time, before any guard can be asked. Each of
/// these is bounded here, for a client's address and in all, so that there is always something left for a page.
public struct ServerLimits: Sendable {
  // MARK: Connections

  /// The most connections at a time. The system's own limit may ask for fewer.
  public var connections = 512
  /// The most connections of one address; of one network of 64 bits where addresses have 128.
  public var connectionsPerClient = 256

  // MARK: Heads

  /// The largest first line, and the largest other line of a head, in bytes.
  public var line = 16 << 10
  /// The largest head, in bytes.
  public var head = 32 << 10
  /// The most lines of a head.
  public var lines = 100

  // MARK: Bodies

  /// The most bytes of requests' bodies that are held at a time, of one address and of all.
  public var bodiesPerClient = 160 << 20, bodies = 320 << 20
  /// The most bytes of a refused request's body that are read past, so that its answer is seen; see ``tooLargeBody``.
  public var refusedBody = 1 << 20
  /// The same of a body that was admitted, and turned out too large.
  public var tooLargeBody = 1 << 30
  /// The most bytes that a connection may send ahead while a request of it is being answered.
  public var sentAhead = 64 << 10

  // MARK: Time

  /// How long a new connection may send nothing, and how long a head may be on its way.
  public var headTime = Duration.seconds(10)
  /// How long a connection stays open between two requests.
  public var idleTime = Duration.seconds(60)
  /// How long nothing of a body may come, or nothing of an answer be taken.
  public var stallTime = Duration.seconds(20)
  /// The fewest bytes a second of bodies and answers, counted once a stall's time is over.
  public var slowest = 1024

  // MARK: Sockets for news

  /// The most pages that are told news.
  public var pages = 64
  /// The largest frame, in bytes; pages send none but those of the protocol.
  public var frame = 4096
  /// The most frames of a page within a second.
  public var framesPerSecond = 100
  /// The most bytes that wait for a page to take them.
  public var unreadNews = 1 << 20
  /// How often a page is asked whether it is still there; one that has not answered the last time is let go.
  public var pingTime = Duration.seconds(30)

  public init() {}
}
