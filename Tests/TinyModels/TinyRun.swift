public import Clew
public import Foundation
internal import Transcoding
public import Transformers
internal import Tokenization

extension TranscoderRun {
  /// A run of a few steps on a few made-up rows.
  /// - Parameter transformer: A tiny model with 40 tokens or more.
  public static func tiny(of transformer: Transformer, in folder: URL, resumes: Bool) throws -> TranscoderRun
  {
    var settings = TranscoderRunSettings()
    settings.featureCount = 8
    settings.heldOutTokens = 4
    settings.chunkTokens = 8
    settings.training.batchTokens = 4
    settings.training.stepCount = 6
    settings.training.targetL0 = [3]
    let rows: [[Token]] = (0..<450).map { row in [0] + (1..<16).map { Token((7 * row + 3 * $0) % 40) } }
    return try TranscoderRun(
      transformer, corpus: TokenCorpus(rows: rows, fingerprint: "rows"), settings: settings, folder: folder,
      resumes: resumes, cacheFolder: folder.appending(path: "cache"), command: ["clew"])
  }
}
