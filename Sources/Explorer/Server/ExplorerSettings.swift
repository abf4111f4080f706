public import Foundation

/// Where the explorer listens and how much it takes.
public struct ExplorerSettings: Sendable {
  /// The address to listen on; anything but a loopback address needs a ``token``.
  public var host: String
  /// The port; 0 for any that is free.
  public var port: UInt16
  /// What a request must know, where others than this machine can reach the server.
  public var token: String?
  /// The largest graph file that may be sent, in bytes.
  public var maximumUpload = 100 << 20
  /// The largest other request, in bytes.
  public var maximumRequest = 1 << 20
  /// The most graphs that may be sent to one server.
  public var maximumUploads = 64
  /// The folder that keeps graphs which are sent; `nil` keeps them in memory.
  public var uploads: URL?
  /// The most graphs made or sent while the server runs that it knows; older ones stay on the disk alone.
  public var maximumListed = 1000
  /// How many graphs the list has at once, the latest.
  public var listedAtOnce = 200
  /// How many bytes of graphs are held in memory, beside those that are asked for at the moment.
  public var graphMemory = 256 << 20
  /// How much is borne from clients.
  public var limits = ServerLimits()

  public init(host: String = "127.0.0.1", port: UInt16 = 0, token: String? = nil) {
    self.host = host
    self.port = port
    self.token = token
  }

  /// Whether only this machine can reach the address.
  public var isLoopback: Bool { Self.isLoopback(host) }

  static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || host.hasPrefix("127.")
  }
}
