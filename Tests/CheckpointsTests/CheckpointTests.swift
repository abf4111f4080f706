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

  @Test func `an index that names a tensor its shard lacks is refused`() throws {
    try write("part-1.safetensors", "a_1", [1])
    try writeIndex(#"{"a_2":"part-1.safetensors"}"#)
    #expect(
      throws: CheckpointError.tensorNotFound(
        name: "a_2", path: folder.url("part-1.safetensors").path, nearest: ["a_1"])
    ) { try Checkpoint(folder: folder.url) }
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
