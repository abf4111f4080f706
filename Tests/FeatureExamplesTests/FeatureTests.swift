import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Statistics and examples against a plain loop.
struct FeatureStatisticsTests {
  @Test(arguments: [ActivationHistogram.binCount])
  func `a histogram does not depend on the order of activations`(bins: Int) {
    var generator = SeededGenerator(seed: 3)
    let values = (0..<500).map { _ in Float(exp(4 * generator.normal())) }
    func histogram(_ values: [Float]) -> ActivationHistogram {
      var histogram = ActivationHistogram()
      for value in values { histogram.add(value) }
      return histogram
    }
    let expected = histogram(values.sorted())
    #expect(histogram(values) == expected)
    #expect(histogram(values.sorted(by: >)) == expected)
    #expect(expected.counts.reduce(0, +) == 500)
  }

  @Test func `statistics equal those of a plain loop on the tiny model`() throws {
    let model = try TinyModel.shared().open()
    try check(rows(60, of: model), model)
  }

  @Test(.enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"))
  func `statistics equal those of a plain loop on a trained transcoder`() throws {
    let model = try TracingModel(
      model: SharedFiles.url("models/stories260K"),
      transcoders: SharedFiles.url("transcoders/stories260K-clt"))
    let texts = [
      "Once upon a time there was a girl named Lily.", "Tom and Lily played in the park.", "The dog ran.",
    ]
    try check(try texts.map { try Prompt($0, tokenizer: model.tokenizer).tokens }, model)
  }

  private func check(_ rows: [[Token]], _ model: TracingModel) throws {
    var settings = ExampleSettings()
    settings.top = 4
    settings.samples = 2
    settings.before = 3
    settings.after = 2
    let plain = try PlainStatistics(rows, with: model)
    let collector = FeatureCollector(
      transformer: model.transformer, transcoder: model.transcoder, settings: settings)
    for row in rows { try collector.add(row) }
    #expect(collector.positionCount == plain.positions)
    for (layer, features) in plain.entries.enumerated() {
      for (index, entries) in features.enumerated() {
        let statistics = collector.statistics(of: FeatureID(layer: layer, index: index))
        try #require(statistics.count == entries.count)
        guard !entries.isEmpty else { continue }
        #expect(statistics.maximum == entries.map(\.activation).max())
        #expect(statistics.minimum == entries.map(\.activation).min())
        #expect(statistics.histogram.counts == PlainStatistics.histogram(entries))
        #expect(statistics.histogram.upperBound == PlainStatistics.range(entries))
        let sorted = entries.map(\.activation).sorted()
        for share in [0.1, 0.5, 0.9] {
          let exact = Double(sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)])
          // A quantile lies in the bin of the exact one.
          #expect(abs(statistics.quantile(share) - exact) <= statistics.histogram.binWidth)
        }
        let top = PlainStatistics.top(entries, settings.top)
        #expect(statistics.top.map(\.row) == top.map(\.row))
        #expect(statistics.top.map(\.position) == top.map(\.position))
        for example in statistics.top + statistics.samples.joined() {
          expectWindow(example, rows[example.row], entries, settings)
        }
        expectSamples(statistics, entries, settings)
      }
    }
  }

  private func expectWindow(
    _ example: FeatureExample, _ row: [Token], _ entries: [PlainStatistics.Entry], _ settings: ExampleSettings
  ) {
    let first = max(0, example.position - settings.before)
    let end = min(row.count, example.position + settings.after + 1)
    #expect(example.tokens == Array(row[first..<end]))
    #expect(example.place == example.position - first)
    var expected = [Float](repeating: 0, count: end - first)
    for entry in entries where entry.row == example.row && (first..<end).contains(entry.position) {
      expected[entry.position - first] = entry.activation
    }
    #expect(example.activationByToken == expected)
  }

  private func expectSamples(
    _ statistics: FeatureStatistics, _ entries: [PlainStatistics.Entry], _ settings: ExampleSettings
  ) {
    let range = PlainStatistics.range(entries)
    for (interval, examples) in statistics.samples.enumerated() {
      let inside = entries.filter { Int((Double($0.activation) / range * 8).rounded(.down)) == interval }
      #expect(examples.count == min(settings.samples, inside.count))
      for example in examples {
        #expect(inside.contains { $0.row == example.row && $0.position == example.position })
      }
    }
  }

  @Test func `promoted tokens equal those of a plain loop`() throws {
    let model = try TinyModel.shared().open()
    let (transformer, transcoder) = (model.transformer, model.transcoder)
    let vocabulary = transformer.configuration.vocabularyCount
    for layer in 0..<transcoder.layerCount {
      let found = PromotedTokens.of(
        layer: layer, indices: 3..<9, transformer: transformer, transcoder: transcoder,
        among: (0..<vocabulary).map { Token($0) }, limit: 5)
      for (tokens, index) in zip(found, 3..<9) {
        var logits = [Double](repeating: 0, count: vocabulary)
        for output in transcoder.outputLayers(of: layer) {
          var vector = transcoder.decoderVector(FeatureID(layer: layer, index: index), to: output)
          if transformer.finalNorm.kind.centers {
            let mean = vector.reduce(0, +) / Float(vector.count)
            vector = vector.map { $0 - mean }
          }
          for token in 0..<vocabulary {
            let row = transformer.unembedding.row(token)
            for x in vector.indices {
              logits[token] += Double(row[x] * transformer.finalNorm.gain[x]) * Double(vector[x])
            }
          }
        }
        let order = logits.indices.sorted { logits[$0] > logits[$1] }
        #expect(tokens.promoted.map { Int($0.token) } == Array(order.prefix(5)))
        #expect(tokens.suppressed.map { Int($0.token) } == Array(order.reversed().prefix(5)))
        #expect(
          largestDifference(tokens.promoted.map(\.logit), order.prefix(5).map { Float(logits[$0]) }) < 1e-4)
      }
    }
  }
}

/// Databases that are built, stopped, damaged and read.
struct FeatureStoreTests {
  private let folder: TemporaryFolder
  private let model: TracingModel

  init() throws {
    folder = try TemporaryFolder()
    model = try TinyModel.shared().open()
  }

  @Test(arguments: [1, 7, 29])
  func `a build that was stopped and resumed equals an undisturbed one`(stop: Int) throws {
    let texts = rows(30, of: model)
    let whole = try BuiltStore(texts, of: model, at: folder.url("whole.sqlite"))
    var count = 0
    let stopped = try BuiltStore(texts, of: model, at: folder.url("part/features.sqlite")) { build in
      build.shouldStop = {
        count += 1
        return count == stop
      }
    }
    #expect(!FileManager.default.fileExists(atPath: stopped.url.path))
    #expect(throws: FeatureExamplesError.self) { try BuiltStore(texts, of: model, at: stopped.url) }
    let resumed = try BuiltStore(texts, of: model, at: stopped.url) { $0.beginning = .resumed }
    #expect(try resumed.content() == whole.content())
    #expect(resumed.collector.tokenFrequencies == whole.collector.tokenFrequencies)
    let labels = folder.url.appending(path: FeatureLabels.proposedFile)
    let resumedLabels = folder.url("part").appending(path: FeatureLabels.proposedFile)
    #expect(try Data(contentsOf: labels) == Data(contentsOf: resumedLabels))
    #expect(try folder.files().allSatisfy { !$0.contains("partial") })
  }

  @Test func `a build that was killed at any moment goes on to the content of one never stopped`() throws {
    let texts = rows(30, of: model)
    let whole = try BuiltStore(texts, of: model, at: folder.url("whole/features.sqlite"))
    // What a killed process leaves: the files as they are whenever something is told.
    var moments: [String] = []
    _ = try BuiltStore(texts, of: model, at: folder.url("source/features.sqlite")) { build in
      build.checkpointRows = 12
      build.progress = { [folder] phase, _ in
        let name = "moment-\(moments.count)"
        moments.append(phase)
        do {
          let names = try folder.files().filter { $0.hasPrefix("source/features.sqlite") }
          for file in names {
            try folder.write(
              name + file.dropFirst("source".count), Data(contentsOf: folder.url(file)))
          }
        } catch { Issue.record(error) }
      }
    }
    #expect(moments.contains("saving") && moments.contains("finding labels"))
    for (number, phase) in moments.enumerated() {
      let url = folder.url("moment-\(number)/features.sqlite")
      let resumed = try BuiltStore(texts, of: model, at: url) { $0.beginning = .resumed }
      #expect(try resumed.content() == whole.content(), "moment \(number), \(phase)")
      #expect(resumed.collector.rowCount == texts.count)
    }
  }

  @Test func `a build that was killed before its labels were in their place is completed`() throws {
    let texts = rows(12, of: model)
    let url = folder.url("features.sqlite")
    let whole = try BuiltStore(texts, of: model, at: url)
    let labels = folder.url(FeatureLabels.proposedFile)
    let before = try Data(contentsOf: labels)
    try FileManager.default.removeItem(at: labels)
    let resumed = try BuiltStore(texts, of: model, at: url) { $0.beginning = .resumed }
    #expect(try Data(contentsOf: labels) == before)
    #expect(resumed.collector.summary == whole.collector.summary)
  }

  @Test func `a build that was killed before it had saved anything is begun by --resume`() throws {
    try folder.write("features.sqlite.partial", [])
    let texts = rows(5, of: model)
    let resumed = try BuiltStore(texts, of: model, at: folder.url("features.sqlite")) {
      $0.beginning = .resumed
    }
    #expect(resumed.collector.rowCount == 5)
  }

  @Test func `the content does not depend on the number of threads`() throws {
    let texts = rows(20, of: model)
    let threads = Parallel.threadCount
    defer { Parallel.threadCount = threads }
    let contents = try [1, 3].map { count in
      Parallel.threadCount = count
      return try BuiltStore(texts, of: model, at: folder.url("threads-\(count).sqlite")).content()
    }
    #expect(contents[0] == contents[1])
  }

  @Test func `a build does not go on with another text, other settings or other weights`() throws {
    let texts = rows(9, of: model)
    let url = folder.url("features.sqlite")
    _ = try BuiltStore(texts, of: model, at: url) { $0.shouldStop = { true } }
    var settings = ExampleSettings()
    settings.top = 3
    #expect {
      try BuiltStore(texts, of: model, at: url, settings: settings) { $0.beginning = .resumed }
    } throws: { "\($0)".contains("begun with other settings") }
    #expect {
      try BuiltStore([[0, 1]], of: model, at: folder.url("none.sqlite")) { $0.beginning = .resumed }
    } throws: { "\($0)".contains("no unfinished build") }
  }

  @Test func `damaged databases are refused in one sentence`() throws {
    let url = try BuiltStore(rows(12, of: model), of: model, at: folder.url("features.sqlite")).url
    let whole = try Data(contentsOf: url)
    var damages: [(String, Data)] = [("empty", Data()), ("text", Data("not a database, surely".utf8))]
    damages.append(("short", whole.prefix(whole.count / 3)))
    var bent = whole
    bent.replaceSubrange(
      20_000..<min(60_000, whole.count), with: Data(repeating: 0xA5, count: min(60_000, whole.count) - 20_000)
    )
    damages.append(("bent", bent))
    for (name, data) in damages {
      let file = folder.url("\(name).sqlite")
      try data.write(to: file)
      #expect {
        _ = try BuiltStore.content(file)
      } throws: { error in
        guard case FeatureExamplesError.damaged = error else { return false }
        return "\(error)".contains(name) && !"\(error)".contains("\n")
      }
    }
    #expect(throws: FeatureExamplesError.noDatabase(path: folder.url("none").path)) {
      try FeatureStore(reading: folder.url("none"))
    }
  }

  @Test func `a search among words without a number says that the database is damaged`() throws {
    let url = try BuiltStore(rows(12, of: model), of: model, at: folder.url("features.sqlite")).url
    var bytes = try Data(contentsOf: url)
    // The column is no other name of the row's number any more, and what is stored in it is nothing.
    let column = Data("words (id INTEGER PRIMARY KEY".utf8)
    let place = try #require(bytes.range(of: column))
    bytes.replaceSubrange(place, with: Data("words (id INTEGER DEFAULT 123".utf8))
    try bytes.write(to: url)
    let store = try FeatureStore(reading: url)
    #expect {
      try store.search("w", limit: 5)
    } throws: { error in
      guard case FeatureExamplesError.damaged = error else { return false }
      return !"\(error)".contains("SELECT")
    }
  }

  @Test func `transcoders of another fingerprint are refused`() throws {
    let url = try BuiltStore(rows(4, of: model), of: model, at: folder.url("features.sqlite")).url
    let store = try FeatureStore(reading: url)
    try store.check(transcoderFingerprint: Fingerprint.of(folder: model.transcoder.folder))
    #expect(throws: FeatureExamplesError.self) { try store.check(transcoderFingerprint: "0123") }
    #expect(throws: FeatureExamplesError.self) { try store.record(of: FeatureID(layer: 0, index: 24)) }
    #expect(throws: FeatureExamplesError.self) { try store.record(of: FeatureID(layer: -1, index: 0)) }
  }

  @Test func `features are found by words of any case`() throws {
    let store = try FeatureStore(
      reading: try BuiltStore(rows(40, of: model), of: model, at: folder.url("features.sqlite")).url)
    let found = try store.search("W3", limit: 1000)
    let texts = try store.tokenTexts()
    let expected = try BuiltStore.content(folder.url("features.sqlite")).filter { record in
      let words =
        record.statistics.top.map { texts[$0.tokens[$0.place]] }
        + record.tokens.promoted.map { texts[$0.token] }
      return (words + [record.proposedLabel ?? ""]).contains { $0.lowercased().contains("w3") }
    }
    #expect(Set(found) == Set(expected.map(\.feature)) && !found.isEmpty)
    #expect(try store.search("no such word", limit: 5).isEmpty)
  }

  @Test func `exported files are those that viewers read`() throws {
    let url = try BuiltStore(rows(25, of: model), of: model, at: folder.url("features.sqlite")).url
    let export = try ViewerExport(try FeatureStore(reading: url))
    try export.write(.files, to: folder.url("out"))
    try export.write(.packed, to: folder.url("out"))
    let counts = (0..<model.transcoder.layerCount).map { model.transcoder.featureCount(layer: $0) }
    let index = try JSONSerialization.jsonObject(with: gunzip(folder.url("out/features/index.json.gz")))
    let layers = try #require(index as? [[String: Any]])
    #expect(layers.count == counts.count)
    for (layer, entry) in layers.enumerated() {
      let offsets = try #require(entry["offsets"] as? [Int])
      let name = try #require(entry["filename"] as? String)
      let bytes = try Data(contentsOf: folder.url("out/features/\(name)"))
      try #require(offsets.count == counts[layer] + 1 && offsets.last == bytes.count)
      for feature in [0, 5, counts[layer] - 1] {
        let record = bytes[offsets[feature]..<offsets[feature + 1]]
        let length = record.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(length == record.count - 4)
        let packed = try folder.write("record.gz", record.dropFirst(4))
        let number = try #require(FeatureNumber.paired(layer: layer, index: feature))
        let file = try Data(contentsOf: folder.url("out/transcoders/\(number).json"))
        #expect(try gunzip(packed) == file)
        try expectViewerObject(file, index: feature)
      }
    }
  }

  private func expectViewerObject(_ data: Data, index: Int) throws {
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(object["index"] as? Int == index)
    #expect((object["quantile_values"] as? [Double])?.count == 100)
    #expect(object["histogram"] is [Int] && object["activation_frequency"] is Double)
    #expect(object["top_logits"] is [String] && object["bottom_logits"] is [String])
    let groups = try #require(object["examples_quantiles"] as? [[String: Any]])
    for (place, group) in groups.enumerated() {
      let name = place == 0 ? "Top Activations" : "Subsample Interval \(place - 1)"
      #expect(group["quantile_name"] as? String == name)
      for example in try #require(group["examples"] as? [[String: Any]]) {
        let tokens = try #require(example["tokens"] as? [String])
        let activations = try #require(example["tokens_acts_list"] as? [Double])
        let highlighted = try #require(example["train_token_ind"] as? Int)
        #expect(activations.count == tokens.count && activations[highlighted] > 0)
        #expect(example["is_repeated_datapoint"] is Bool)
      }
    }
  }

  private func gunzip(_ url: URL) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/gzip")
    process.arguments = ["-dc", url.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return data
  }
}

/// Labels, proposed and edited.
struct FeatureLabelTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func `labels survive a round trip, sorted and on one line each`() throws {
    let labels = [
      FeatureID(layer: 2, index: 10): "  capital\tof\n ", FeatureID(layer: 2, index: 9): "“Dallas”",
      FeatureID(layer: 0, index: 3): "années, # 3",
    ]
    let url = try folder.write("labels.tsv", FeatureLabels.file(of: labels))
    let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    #expect(text == "0\t3\tannées, # 3\n2\t9\t“Dallas”\n2\t10\tcapital of\n")
    #expect(try FeatureLabels.read(url).count == 3)
    #expect(
      try FeatureLabels.read(url, for: [FeatureID(layer: 2, index: 9)]).values.map { $0 } == ["“Dallas”"])
  }

  @Test(arguments: [
    "<<<<<<< HEAD", "1 x label", "-1 2 label", "1 99999999999999999999 label", "1\t2\t\u{FFFF}",
  ])
  func `lines that are no labels are named`(line: String) throws {
    let bytes = line.contains("\u{FFFF}") ? Array("1\t2\t".utf8) + [0xC3] : Array(line.utf8)
    let url = try folder.write("labels.tsv", Array("# a comment\n\n0 1 fine\n".utf8) + bytes)
    #expect { try FeatureLabels(at: url) } throws: { "\($0)".contains("line 4 of ") }
  }

  @Test func `a change keeps comments, and a link to labels that are shared`() throws {
    try folder.write("shared/labels.tsv", "# ours\n2\t9\tcity\n# more\n0\t3\tstate\n".utf8)
    try FileManager.default.createDirectory(at: folder.url("own"), withIntermediateDirectories: false)
    let link = folder.url("own/labels.tsv").path
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "../shared/labels.tsv")
    try FeatureLabels.change(in: folder.url("own")) { $0.user[FeatureID(layer: 1, index: 1)] = "river" }
    #expect(
      try String(contentsOf: folder.url("shared/labels.tsv"), encoding: .utf8)
        == "# ours\n# more\n0\t3\tstate\n1\t1\triver\n2\t9\tcity\n")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "../shared/labels.tsv")
  }

  @Test func `a user's label stands before a proposed one, and graphs show it`() throws {
    let copy = try TinyModel.shared().copy()
    let model = try copy.open()
    let plain = try PromptTrace.trace(TraceRequest(prompt: "w3 w14 w15 w9"), with: model)
    let features = plain.result.graph.featureIDs.sorted()
    let (own, proposed) = (features[0], features[1])
    try FeatureLabels.change(in: copy.transcoders) { $0.user[own] = "mine" }
    try Data(FeatureLabels.file(of: [own: "theirs", proposed: "theirs"])).write(
      to: copy.transcoders.appending(path: FeatureLabels.proposedFile))
    let trace = try PromptTrace.trace(TraceRequest(prompt: "w3 w14 w15 w9"), with: model)
    for node in trace.result.graph.nodes {
      guard case .feature(let layer, let index, _) = node.node else { continue }
      let feature = FeatureID(layer: layer, index: index)
      #expect(node.label == (feature == own ? "mine" : feature == proposed ? "theirs" : ""))
    }
    _ = try BuiltStore(rows(6, of: model), of: model, at: copy.transcoders.appending(path: "features.sqlite"))
    #expect(try FeatureLabels(at: copy.transcoders).user == [own: "mine"])
  }

  /// What the top examples of a feature lead to; `*` stands before the active word, `/` before a promoted token.
  @Test(arguments: [
    (["I saw *Dallas today", "near *Dallas again", "in *Dallas they"], "", 0, "“Dallas”"),
    (["the capital *of Texas", "a capital *of Ohio", "our capital *of France"], "", 0, "“capital of”"),
    (
      ["I saw *Dallas today", "near *Houston again", "in *Plano they", "by *Dallas now"], "", 0,
      "“Dallas”, “Houston”, “Plano”"
    ),
    (
      [
        "the capital of *Texas is", "the capital of *Ohio has", "the capital of *France was",
        "the capital of *Spain so",
        "the capital of *Peru is",
      ], "", 0, "after “the capital of”"
    ),
    (["Texas so *is Austin", "Dallas now *in Austin", "they *went Austin"], " Austin", 5, "says “Austin”"),
    (
      ["one *Two Austin", "three *Four no", "five *Six yes", "ten *Ace go", "a *Bee up"], " Austin", 5,
      "promotes “Austin”"
    ),
  ])
  func `a proposed label is what a reader would write`(
    lines: [String], promoted: String, layer: Int, expected: String
  ) throws {
    let words = Set(
      lines.joined(separator: " ").replacing("*", with: "").split(separator: " ").map(String.init)
    ).sorted()
    let tokenizer = try wordTokenizer(words)
    let examples = lines.enumerated().map { row, line -> FeatureExample in
      let parts = line.split(separator: " ")
      let place = parts.firstIndex { $0.hasPrefix("*") } ?? 0
      let tokens = parts.map { part in Token(words.firstIndex(of: String(part).replacing("*", with: "")) ?? 0)
      }
      return FeatureExample(
        row: row, position: place, activation: 1, tokens: tokens, place: place,
        activations: [.init(place: place, value: 1)])
    }
    let token = Token(words.firstIndex(of: promoted.trimmingCharacters(in: .whitespaces)) ?? 0)
    let tokens = PromotedTokens(
      promoted: promoted.isEmpty ? [] : [PromotedToken(token: token, logit: 3)], suppressed: [],
      lead: promoted.isEmpty ? 0 : 6)
    let proposer = LabelProposer(
      tokenizer: tokenizer, frequencies: Array(repeating: 1, count: words.count), layerCount: 6)
    #expect(proposer.label(layer: layer, examples: examples, promoted: tokens) == expected)
    #expect(proposer.label(layer: layer, examples: [], promoted: tokens) == nil)
  }

  /// A tokenizer of whole words, cut at spaces.
  private func wordTokenizer(_ words: [String]) throws -> Tokenizer {
    let vocabulary = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) })
    let object: [String: Any] = [
      "model": ["type": "WordLevel", "vocab": vocabulary, "unk_token": words[0]],
      "pre_tokenizer": ["type": "Whitespace"], "added_tokens": [Any](),
    ]
    try folder.write("tokenizer.json", try JSONSerialization.data(withJSONObject: object))
    return try Tokenizer(folder: folder.url)
  }
}
