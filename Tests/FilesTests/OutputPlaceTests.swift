@testable import Files
import Foundation
import TestSupport
import Testing

/// What a path that is to be written leads to.
struct OutputPlaceTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { folder.url(name).path }
  private func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: folder.url(name)), as: UTF8.self)
  }

  @Test func `links are followed and stay, also those that lead to nothing yet`() throws {
    try folder.write("deep/file", "old".utf8)
    symlink("deep/file", path("one"))
    symlink(path("one"), path("two"))
    symlink("deep/new", path("three"))
    for name in ["one", "two", "three"] {
      try OutputPlace.write(Array(name.utf8), to: path(name))
      #expect(FileIdentity(path(name))?.kind == S_IFLNK)
      #expect(try text(name) == name)
    }
    #expect(try text("deep/file") == "two")
    #expect(try text("deep/new") == "three")
    #expect(try folder.files() == ["deep/file", "deep/new", "one", "three", "two"])
  }

  @Test func `a device and a pipe are written to and stay`() throws {
    // A null device of the test's own is the right of root alone.
    try OutputPlace.write([1], to: "/dev/null")
    #expect(FileIdentity("/dev/null")?.kind == S_IFCHR)
    symlink("/dev/null", path("null"))
    try OutputPlace.write([1], to: path("null"))
    #expect(FileIdentity(path("null"))?.kind == S_IFLNK)
    #expect(throws: FileError.cannotWrite(path: "/dev/full", reason: "No space left on device")) {
      try OutputPlace.write([1], to: "/dev/full")
    }
    mkfifo(path("pipe"), 0o600)
    let pipe = path("pipe")
    // Open for both, so that neither end waits for the other.
    let reader = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    defer { close(reader) }
    try OutputPlace.write(Array("through".utf8), to: pipe)
    var bytes = [UInt8](repeating: 0, count: 16)
    #expect(read(reader, &bytes, bytes.count) == 7)
    #expect(String(decoding: bytes.prefix(7), as: UTF8.self) == "through")
    #expect(FileIdentity(pipe)?.kind == S_IFIFO)
  }

  @Test func `an open file of the process is written where it stands`() throws {
    try folder.write("log", "first ".utf8)
    let descriptor = open(path("log"), O_WRONLY | O_APPEND)
    defer { close(descriptor) }
    try OutputPlace.write(Array("second".utf8), to: "/dev/fd/\(descriptor)")
    #expect(try text("log") == "first second")
    #expect(try OutputPlace("/dev/stdout").isStandardOutput)
    #expect(throws: FileError.self) { try OutputPlace("/dev/fd/9876") }
  }

  @Test func `what no file can be written to is refused and stays`() throws {
    try FileManager.default.createDirectory(at: folder.url("sub"), withIntermediateDirectories: false)
    symlink("loop", path("loop"))
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // A short name, since an address holds 108 bytes.
    let name = "/tmp/clew-\(getpid()).socket"
    defer { unlink(name) }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
    for (place, reason) in [
      (path("sub"), "there is a folder of that name"), (path("loop"), "Too many levels of symbolic links"),
      (name, "it is a socket"), (path("sub/file/below"), nil),
    ] {
      if let reason {
        #expect(throws: FileError.cannotWrite(path: place, reason: reason)) {
          try OutputPlace.write([1], to: place)
        }
      } else {
        try folder.write("sub/file", [])
        #expect(throws: FileError.cannotWrite(path: place, reason: "Not a directory")) {
          try OutputPlace.write([1], to: place)
        }
      }
    }
    #expect(FileIdentity(name)?.kind == S_IFSOCK)
  }
}
