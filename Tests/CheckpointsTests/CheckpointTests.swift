import Checkpoints
import Foundation
import TestSupport
import Testing

/// A folder of weights: one file, or shards with an index.
struct CheckpointTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ file: String, _ name: String, _ values: [Float]) throws {
    var writer = SafetensorsWriter()
    writer.add(name, values, shape: [values.count])
    try folder.write(file, writer.parts().flatMap { $0 })
  }

  private func writeIndex(_ map: String) throws {
    try folder.write("model.safetensors.index.json", #"{"metadata":{},"weight_map":\#(map)}"#.utf8)
  }

  @Test func `shards are read as one`() throws {
    try write("part-1.safetensors", "a", [1, 2])
    try write("part-2.safetensors", "b", [3])
    try writeIndex(#"{"a":"part-1.safetensors","b":"part-2.safetensors"}"#)
    let checkpoint = try Checkpoint(folder: folder.url)
    #expect(checkpoint.tensors.keys.sorted() == ["a", "b"])
    #expect(try checkpoint.tensor("a").floats() == [1, 2])
    #expect(try checkpoint.tensor("b").floats() == [3])
    #expect(checkpoint.contains("a") && !checkpoint.contains("c"))
  }

  @Test func `the single file counts where there are both`() throws {
    try write("model.safetensors", "a", [5])
    try writeIndex(#"{"b":"part-2.safetensors"}"#)
    #expect(try Checkpoint(folder: folder.url).tensors.keys.sorted() == ["a"])
  }

  @Test func `an index that lists a tensor its shard lacks is blamed when it is wanted`() throws {
    try write("part-1.safetensors", "a_1", [1])
    try write("part-2.safetensors", "a_2", [2])
    try writeIndex(#"{"a_1":"part-1.safetensors","a_2":"part-1.safetensors","b":"part-2.safetensors"}"#)
    let checkpoint = try Checkpoint(folder: folder.url)
    #expect(try checkpoint.tensor("a_1").floats() == [1])
    #expect(checkpoint.misses("a_2") && checkpoint.misses("b") && !checkpoint.misses("a_1"))
    // Another shard has it, but which of the two files is wrong nobody knows.
    let error = #expect(throws: CheckpointError.self) { try checkpoint.tensor("a_2") }
    guard case .badIndex(let path, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path.hasSuffix("model.safetensors.index.json") && reason.contains("part-1.safetensors"))
  }

  @Test func `what an index does not list is there all the same`() throws {
    var writer = SafetensorsWriter()
    writer.add("a", [1] as [Float], shape: [1])
    writer.add("head", [7] as [Float], shape: [1])
    try folder.write("part-1.safetensors", writer.parts().flatMap { $0 })
    try writeIndex(#"{"a":"part-1.safetensors"}"#)
    #expect(try Checkpoint(folder: folder.url).tensor("head").floats() == [7])
  }

  @Test func `equal numbers are equal in any type, and a difference anywhere is found`() throws {
    var writer = SafetensorsWriter()
    writer.add("a", [1, 2, 3, 4] as [Float], shape: [2, 2])
    writer.add("same", [1, 2, 3, 4] as [Float], shape: [2, 2])
    writer.add("last", [1, 2, 3, 5] as [Float], shape: [2, 2])
    writer.add("flat", [1, 2, 3, 4] as [Float], shape: [4])
    try folder.write("model.safetensors", writer.parts().flatMap { $0 })
    let checkpoint = try Checkpoint(folder: folder.url)
    let a = try checkpoint.tensor("a")
    #expect(try a.holdsSame(as: checkpoint.tensor("same")))
    #expect(try !a.holdsSame(as: checkpoint.tensor("last")))
    #expect(try !a.holdsSame(as: checkpoint.tensor("flat")))
  }

  @Test(arguments: ["../outside.safetensors", "/etc/passwd", "below/part", "..", ""])
  func `an index that leads out of its folder is refused`(file: String) throws {
    try writeIndex(#"{"a":"\#(file)"}"#)
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(folder: folder.url) }
    #expect(error?.description.contains("outside its folder") == true)
  }

  @Test(arguments: ["[]", "3", #"{"a":3}"#])
  func `an index without a map is refused`(map: String) throws {
    try writeIndex(map)
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(folder: folder.url) }
    #expect(error?.description.contains("weight_map") == true)
  }

  @Test func `a missing shard is named`() throws {
    try writeIndex(#"{"a":"part-1.safetensors"}"#)
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(folder: folder.url) }
    #expect(error?.description.contains("part-1.safetensors") == true)
  }

  @Test func `a folder without weights is refused`() throws {
    #expect(throws: CheckpointError.noWeights(folder: folder.url.path)) { try Checkpoint(folder: folder.url) }
  }
}
