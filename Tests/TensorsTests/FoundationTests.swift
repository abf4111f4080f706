import Foundation
import Synchronization
import Tensors
import TestSupport
import Testing

/// What the kernels stand on: seeds, threads, mapped files.
struct FoundationTests {
  @Test func `the generator is SplitMix64`() {
    // The first numbers of the published test for this seed.
    var generator = SeededGenerator(seed: 1_234_567)
    let numbers = (0..<3).map { _ in generator.next() }
    #expect(numbers == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
  }

  @Test func `normal numbers have the mean 0 and the variance 1`() {
    var generator = SeededGenerator(seed: 61)
    let numbers = (0..<40_000).map { _ in generator.normal() }
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    let variance = numbers.reduce(0) { $0 + $1 * $1 } / Double(numbers.count)
    // Five standard errors: 1 / √40000 and √2 / √40000.
    #expect(abs(mean) < 0.025 && abs(variance - 1) < 0.036)
  }

  @Test(arguments: [0, 1, 2, 3, 100])
  func `a parallel loop visits every index once`(count: Int) {
    let visits = Mutex([Int](repeating: 0, count: count))
    Parallel.forEach(count) { index in visits.withLock { $0[index] += 1 } }
    #expect(visits.withLock { $0 } == Array(repeating: 1, count: count))
  }

  @Test func `a mapped file has the file's bytes, also after they were given back`() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<20_000).map { UInt8($0 % 251) }
    let file = try MappedFile(try folder.write("bytes", bytes))
    #expect(Array(file.bytes) == bytes)
    file.forget(100..<20_000)
    #expect(Array(file.bytes) == bytes)
    #expect(try MappedFile(try folder.write("none", [])).bytes.isEmpty)
  }

  @Test func `a file that is not there or a folder cannot be mapped`() throws {
    let folder = try TemporaryFolder()
    #expect(throws: TensorError.self) { try MappedFile(folder.url("absent")) }
    #expect(throws: TensorError.self) { try MappedFile(folder.url) }
  }
}
