import Foundation
import TestSupport
import Testing

@testable import Checkpoints

struct ChecksumTests {
  /// What the xxhash package of Python gives: `xxhash.xxh64_hexdigest(bytes(i * i % 251 for i in range(count)))`.
  private static let known = [
    0: "ef46db3751d8e999", 1: "e934a84adb052768", 3: "e38ecea27964f1a0", 8: "9ae9ad02529c6e94",
    31: "f802085ae7e12fa9", 32: "abe98b5116e5ed4d", 33: "d9c3a758ecff9219",
    63: "9d597e61218f5977", 64: "c2b8d1eca1282124", 100: "a38a818449594369", 1000: "2d5f4044a731ebd7",
    4099: "3be815b7e0ee9af7",
  ]

  private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 * $0 % 251) } }

  @Test(arguments: known.keys.sorted())
  func `a checksum is that of the reference`(count: Int) {
    var checksum = Checksum()
    checksum.take(bytes(count))
    #expect(checksum.digits == Self.known[count])
  }

  @Test func `it does not depend on how bytes are cut`() {
    let all = bytes(300)
    var generator = SystemRandomNumberGenerator()
    let expected = all.withUnsafeBytes { Checksum.of($0) }
    for _ in 0..<100 {
      var checksum = Checksum(), place = 0
      while place < all.count {
        let end = min(all.count, place + Int.random(in: 0...70, using: &generator))
        checksum.take(Array(all[place..<end]))
        place = end
      }
      #expect(checksum.value == expected)
    }
  }

  @Test func `a sealed file is intact until a bit of it changes`() throws {
    let folder = try TemporaryFolder()
    var writer = SafetensorsWriter(metadata: [("who", "a test")])
    writer.add("values", [1, 2, 3] as [Float], shape: [3])
    let plain = Array(writer.parts().joined())
    writer.seal()
    let bytes = Array(writer.parts().joined())
    #expect(bytes == Array(writer.parts().joined()))
    let url = try folder.write("sealed.safetensors", bytes)
    let file = try SafetensorsFile(url)
    #expect(file.isIntact)
    #expect(try file.tensor("values").floats() == [1, 2, 3])
    #expect(try !SafetensorsFile(folder.write("plain.safetensors", plain)).isIntact)
    for bit in stride(from: 0, to: bytes.count * 8, by: 5) {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << (bit % 8)
      // What is no safetensors file any more is not even opened.
      let file = try? SafetensorsFile(folder.write("damaged.safetensors", damaged))
      #expect(file?.isIntact != true, "bit \(bit)")
    }
    for count in stride(from: 0, to: bytes.count, by: 3) {
      let file = try? SafetensorsFile(folder.write("short.safetensors", bytes.prefix(count)))
      #expect(file?.isIntact != true, "\(count) bytes")
    }
    #expect(try !SafetensorsFile(folder.write("long.safetensors", bytes + [0])).isIntact)
  }
}
