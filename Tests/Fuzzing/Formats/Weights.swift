internal import Clew
internal import Foundation
internal import TestSupport

extension FuzzFormat {
  /// One safetensors file: every tensor as whatever it can be.
  static let safetensors = FuzzFormat("safetensors") { folder in
    for path in [
      "Families/gpt2/expected.safetensors", "Families/gpt2/transcoders/W_enc_0.safetensors",
      "Transcoders/circuit-tracer-first/layer_0.safetensors",
      "Transcoders/gemma-scope-2-clt/params_layer_1.safetensors",
    ] {
      let url = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/\(path)")
      let name = path.split(separator: "/")[1]
      try write(
        Data(contentsOf: url), to: folder.appending(path: "\(name)-\(url.lastPathComponent)"), "x.safetensors"
      )
    }
  } read: { folder in
    let file = try SafetensorsFile(folder.appending(path: "x.safetensors"))
    use(file.tensors)
    _ = try? file.tensor("W_enc_1")
  }

  /// Shards with an index.
  static let shards = FuzzFormat("shards", weights: ["index.json": 3]) { folder in
    let url = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Families/gpt2/model.safetensors")
    let tensors = try SafetensorsFile(url).tensors.sorted { $0.key < $1.key }
    var map: [String: String] = [:]
    for shard in 0..<3 {
      var writer = SafetensorsWriter()
      for (place, (name, tensor)) in tensors.prefix(24).enumerated() where place % 3 == shard {
        writer.add(name, try tensor.floats(), shape: tensor.shape)
        map[name] = "model-0000\(shard + 1)-of-00003.safetensors"
      }
      let bytes = writer.parts().flatMap { $0 }
      try write(bytes, to: folder.appending(path: "gpt2"), "model-0000\(shard + 1)-of-00003.safetensors")
    }
    let index = try JSONSerialization.data(
      withJSONObject: ["metadata": ["total_size": 32_000], "weight_map": map],
      options: [.prettyPrinted, .sortedKeys])
    try write(index, to: folder.appending(path: "gpt2"), "model.safetensors.index.json")
  } read: { folder in
    let checkpoint = try Checkpoint(folder: folder)
    use(checkpoint.tensors)
    _ = try? checkpoint.tensor("transformer.wte.weight")
  }

  /// A NumPy array of whole numbers.
  static let npy = FuzzFormat("npy") { folder in
    for (type, width) in [("|u1", 1), ("<u2", 2), ("<i4", 4), ("<i8", 8)] {
      try write(
        array(type, shape: "(3, 4)", byteCount: 12 * width), to: folder.appending(path: "type\(width)"),
        "x.npy")
    }
    try write(array("<i4", shape: "(5,)", byteCount: 20), to: folder.appending(path: "row"), "x.npy")
  } read: { folder in
    let file = try NumpyFile(integers: folder.appending(path: "x.npy"))
    _ = file.values(0..<min(file.count, 4096))
  }

  /// An archive of NumPy arrays.
  static let npz = FuzzFormat("npz") { folder in
    for layer in 0..<3 {
      let path = "Tests/Fixtures/Transcoders/gemma-scope/layer_\(layer)/width_16k/average_l0_\(layer + 5)"
      try copy(path, to: folder)
    }
  } read: { folder in
    let file = try NumpyArchive(folder.appending(path: "params.npz"))
    use(file.tensors)
    _ = try file.tensor("W_dec")
  }

  /// An array as NumPy writes it.
  static func array(_ type: String, shape: String, byteCount: Int) -> [UInt8] {
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
    header += String(repeating: " ", count: (64 - (11 + header.utf8.count) % 64) % 64) + "\n"
    let length = header.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
      + Array(header.utf8)
      + (0..<byteCount).map { UInt8($0 % 4) }
  }

  /// Takes every tensor for all that it may be.
  private static func use(_ tensors: [String: StoredTensor]) {
    for (_, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      _ = try? tensor.floats()
      _ = try? tensor.integers()
      _ = try? tensor.doubles(count: tensor.count)
      _ = try? tensor.vector(count: tensor.shape.first ?? 0)
      if let weight = try? tensor.weight(), weight.outputs > 0, weight.inputs > 0 {
        _ = weight.row(weight.outputs - 1)
        _ = weight.transposed.row(weight.inputs - 1)
      }
      if !tensor.shape.isEmpty { _ = try? tensor.rows(tensor.shape) }
      if tensor.shape.count == 3, tensor.count > 0 { _ = try? tensor.matrices(tensor.shape) }
    }
  }
}
