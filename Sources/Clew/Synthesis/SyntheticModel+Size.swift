internal import Checkpoints
internal import Foundation
internal import Tensors
internal import Transcoding

/// What a made-up model takes.
extension SyntheticModel {
  /// Refuses sizes that memory or disk have no room for. A model that is replaced lies there until the new one is whole.
  /// - Parameter folder: Where the model will lie.
  func checkSize(in folder: URL, available: Int = Memory.available) throws(SynthesisError) {
    guard memoryBytes <= available else { throw .tooLarge(needed: memoryBytes, available: available) }
    guard let free = DiskSpace.free(at: folder), free < modelBytes + transcoderBytes else { return }
    throw .noSpace(folder: folder.path, needed: modelBytes + transcoderBytes, free: free)
  }

  private var numberBytes: Int { likeness == nil ? 4 : 2 }

  /// Bytes of the model's files, nearly.
  private var modelBytes: Int {
    let tokenizer = 20 * vocabularyCount
    if let likeness { return tokenizer + likeness.weights(seed: seed).byteCount }
    let perLayer = dModel * (12 * dModel + 13)
    return tokenizer + 4 * (dModel * (vocabularyCount + contextLength + 2) + layerCount * perLayer)
  }

  /// Bytes of the transcoders' files, nearly.
  private var transcoderBytes: Int {
    let written = kind == .crossLayer ? layerCount * (layerCount + 1) / 2 : layerCount
    return (layerCount + written) * featureCount * dModel * numberBytes + layerCount * (8 * featureCount)
  }

  /// Bytes that are held at most: the model while it is written, then a layer's encoder with what it gives for samples.
  private var memoryBytes: Int {
    // GPT-2's layout is held whole with one matrix twice; the others are made while they are written.
    let model = likeness == nil ? 2 * modelBytes : 0
    let layer = featureCount * (dModel * (8 + numberBytes) + 8 * 15 * 4 * 2)
    return 200 * vocabularyCount + max(model, layer)
  }
}
