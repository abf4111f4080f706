internal import Clew
internal import Foundation
internal import Synchronization
internal import TinyModels

extension FuzzFormat {
  /// Labels of features.
  static let labels = FuzzFormat("labels") { folder in
    let text = "# labels of tiny\n0\t3\tan opening word\n1\t17\tcities, é\n\n2\t0\tends\r\n2 5 spaces too\n"
    try write(text.utf8, to: folder.appending(path: "labels"), "labels.tsv")
    try write(text.utf8, to: folder.appending(path: "labels"), "proposed-labels.tsv")
  } read: { folder in
    let labels = try FeatureLabels(at: folder)
    _ = FeatureLabels.file(of: labels.all, heading: "all")
  }

  /// A text to train and to measure on.
  static let text = FuzzFormat("text") { folder in
    let text = "w1 w2 w3\nw4 w39\n\nw5 w5 w5\n\n\n" + String(repeating: "w7 w8 w9 w10\n", count: 9)
    try write(text.utf8, to: folder.appending(path: "words"), "corpus.txt")
    try write("w1 w2\r\n\r\nw3\r\n".utf8, to: folder.appending(path: "lines"), "corpus.txt")
  } read: { folder in
    let model = try open()
    let file = folder.appending(path: "corpus.txt")
    let corpus = try TokenCorpus(
      texts: [file], tokenizer: model.tokenizer, configuration: model.transformer.configuration)
    var cursor = corpus.cursor()
    while try cursor.next() != nil {}
    _ = try CheckTexts.lines(of: file.path, tokenizer: model.tokenizer, context: 16)
  }

  /// Stored tokens: two arrays that have to fit.
  static let tokens = FuzzFormat("tokens") { folder in
    let place = folder.appending(path: "rows")
    let rows: [[UInt8]] = [[0, 3, 7], [0, 5], [0, 1, 2, 39, 4]]
    let tokens = rows.joined().flatMap { [$0, 0] as [UInt8] }
    let offsets: [UInt8] = [0, 3, 5, 10].flatMap { [$0, 0, 0, 0, 0, 0, 0, 0] as [UInt8] }
    let header = array("<u2", shape: "(10,)", byteCount: 0)
    try write(header + tokens, to: place, "tokens.npy")
    try write(array("<i8", shape: "(4,)", byteCount: 0) + offsets, to: place, "offsets.npy")
  } read: { folder in
    let model = try open()
    let corpus = try TokenCorpus(
      tokens: folder.appending(path: "tokens.npy"), offsets: folder.appending(path: "offsets.npy"),
      tokenizer: model.tokenizer, configuration: model.transformer.configuration)
    var cursor = corpus.cursor()
    while let row = try cursor.next() {
      guard row.allSatisfy({ (0..<40).contains($0) }), row.count <= 16 else {
        throw FuzzError.wrongValue("a row \(row) that the model cannot read")
      }
    }
  }

  /// The tiny model, opened once.
  static func open() throws -> TracingModel {
    try opened.withLock { known in
      if let known { return known }
      let model = try TinyModel.shared().open()
      known = model
      return model
    }
  }
  private static let opened = Mutex<TracingModel?>(nil)
}
