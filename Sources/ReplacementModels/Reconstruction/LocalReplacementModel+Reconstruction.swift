internal import Tensors
internal import Transcoding
internal import Transformers

extension LocalReplacementModel {
  /// How well the features reconstruct this prompt's MLP outputs: a tally for each layer, over the positions that have
  /// features.
  ///
  /// With `y` what the transcoder is to reconstruct, `ŷ = y − e`.
  /// - Returns: `[layer]`; of a prompt without such positions, tallies of no rows.
  public func reconstruction() -> [ReconstructionTally] {
    errors.indices.map { layer in
      // y, [position, dModel]
      let outputs = recording.featureOutput(transcoder.configuration.outputHook, layer: layer)
      var tally = ReconstructionTally()
      for position in stride(from: zeroedPositions.upperBound, to: recording.positionCount, by: 1) {
        let y = outputs.row(position)
        let reconstruction = zip(y, errors[layer].row(position)).map { $0 - $1 }
        tally.add(
          target: y.span, output: reconstruction.span,
          active: activations.places(layer: layer, position: position).count)
      }
      return tally
    }
  }
}
