internal import Checkpoints
internal import Foundation
internal import Tensors

/// Weights by name, whichever of a family's prefixes the file uses; it knows which were asked for.
final class WeightSource {
  let checkpoint: Checkpoint
  let prefixes: [String]
  /// The names that were found, as the files have them.
  private var found: Set<String> = []

  init(checkpoint: Checkpoint, prefixes: [String]) {
    self.checkpoint = checkpoint
    self.prefixes = prefixes
  }

  func find(_ name: String) -> StoredTensor? {
    for prefix in prefixes {
      if let tensor = checkpoint.tensors[prefix + name] {
        found.insert(prefix + name)
        return tensor
      }
    }
    return nil
  }

  /// What to say of weights that nothing asked for, if there are any: the configuration may be another model's.
  ///
  /// Other libraries run such a folder too, with a warning at most.
  var noteOnUnused: String? {
    let names = checkpoint.tensors.keys.filter { !found.contains($0) && Self.isOfText($0) }.sorted()
    guard let first = names.first else { return nil }
    return
      "config.json does not ask for \(names.count) of the \(checkpoint.tensors.count) tensors of the weights "
      + "(\(first)\(names.count > 1 ? " and others" : "")), and they are not used; check that it belongs to these weights"
  }

  /// Whether a name is one of learned weights of the part that reads text: older files store tables beside them, and models
  /// that see or hear have parts of their own for that.
  private static func isOfText(_ name: String) -> Bool {
    let tables = [
      "rotary_emb.inv_freq", "attn.bias", "attn.masked_bias", "attention.bias", "attention.masked_bias",
    ]
    let others = ["vision", "multi_modal_projector", "audio"]
    return !tables.contains(where: name.hasSuffix) && !others.contains(where: name.contains)
  }

  func callAsFunction(_ name: String) throws(CheckpointError) -> StoredTensor {
    if let tensor = find(name) { return tensor }
    let listed = prefixes.lazy.map { $0 + name }.first(where: checkpoint.misses)
    return try checkpoint.tensor(listed ?? fullName(name))
  }

  /// The name that files usually have for a weight.
  private func fullName(_ name: String) -> String { (prefixes.first ?? "") + name }

  /// The token embedding and the unembedding, `[vocabulary, dModel]`; tied checkpoints store their one matrix under either
  /// name.
  ///
  /// A head that is stored beside the embedding and differs from it is used whatever the configuration says, which is
  /// corrected: so does transformers 5.
  /// - Parameters:
  ///   - name: The embedding's name.
  ///   - head: The unembedding's, which never stands behind a prefix.
  func embeddings(
    _ name: String, head: String, _ c: inout TransformerConfiguration
  ) throws(CheckpointError) -> (embedding: WeightMatrix, unembedding: WeightMatrix) {
    func matrix(_ tensor: StoredTensor) throws(CheckpointError) -> WeightMatrix {
      try tensor.weight(outputs: c.vocabularyCount, inputs: c.dModel)
    }
    let (stored, own) = (find(name), find(head))
    if c.tiesEmbeddings {
      if let stored, let own, try !stored.holdsSame(as: own) {
        c.tiesEmbeddings = false
        return (try matrix(stored), try matrix(own))
      }
      let one = if let either = stored ?? own { try matrix(either) } else { try matrix(self(name)) }
      return (one, one)
    }
    let embedding = try matrix(self(name))
    let unembedding = if let own { try matrix(own) } else { try matrix(checkpoint.tensor(head)) }
    return (embedding, unembedding)
  }

  /// A norm with a gain and a bias.
  func layerNorm(_ name: String, _ c: TransformerConfiguration) throws(CheckpointError) -> NormLayer {
    NormLayer(
      kind: c.norm, gain: try self(name + ".weight").vector(count: c.dModel),
      bias: try self(name + ".bias").vector(count: c.dModel))
  }
}
