import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// `clew train transcoder` as users run it.
struct TrainCommandTests {
  private let folder: TemporaryFolder
  private let model: TinyModel
  private let text: String

  init() throws {
    folder = try TemporaryFolder()
    model = try TinyModel.shared()
    var generator = SeededGenerator(seed: 31)
    let texts = (0..<400).map { _ in
      (0..<12).map { _ in "w\(Int.random(in: 1..<40, using: &generator))" }.joined(separator: " ")
    }
    text = try folder.write("text.txt", texts.joined(separator: "\n\n").utf8).path
  }

  /// Training of the tiny model's transcoders: 60 steps of 128 tokens; later options win.
  private func train(_ output: String, text: String? = nil, steps: Int = 60, _ more: String...) -> [String] {
    train(output, text: text, steps: steps, more)
  }

  private func train(_ output: String, text: String? = nil, steps: Int = 60, _ more: [String]) -> [String] {
    let source = more.contains("--sample-tokens") ? [] : ["--text", text ?? self.text]
    return ["train", "transcoder", "--model", model.model.path, "--output", folder.url(output).path] + source
      + [
        "--features", "24", "--l0", "3", "--tokens-seen", "\(128 * steps)", "--batch", "128", "--chunk",
        "1024",
        "--held-out", "512", "--quiet",
      ] + more
  }

  /// The files of an export that depend on what was learned alone.
  private func weights(_ output: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try folder.files() where name.hasPrefix(output + "/") && !name.contains("checkpoint") {
      guard name.hasSuffix(".safetensors") || name.hasSuffix(".yaml") else { continue }
      files[String(name.dropFirst(output.count))] = try Data(contentsOf: folder.url(name))
    }
    #expect(!files.isEmpty)
    return files
  }

  @Test(arguments: [SIGKILL, SIGINT, SIGTERM])
  func `a run that a signal ended goes on to the same bits`(signal: Int32) async throws {
    let whole = try await ClewProcess.run(train("whole", steps: 1500))
    #expect(whole.status == 0, "\(whole.error)")
    // What is kept on disk may end anywhere, too.
    let cache = signal == SIGTERM ? ["--cache", folder.url("cache").path] : []
    let process = try ClewProcess(train("part", steps: 1500, ["--checkpoint-every", "0.02"] + cache))
    let state = folder.url("part/checkpoint/state.safetensors").path
    for _ in 0..<3000 where !FileManager.default.fileExists(atPath: state) {
      try await Task.sleep(for: .milliseconds(2))
    }
    var generator = SystemRandomNumberGenerator()
    try await Task.sleep(for: .milliseconds(Int.random(in: 0..<300, using: &generator)))
    kill(process.process.processIdentifier, signal)
    let ended = try await process.outcome()
    #expect(ended.status == 128 + signal, "the run ended before the signal: \(ended.error)")
    if signal != SIGKILL { #expect(ended.error.contains("--resume goes on"), "\(ended.error)") }
    try await ClewProcess.run(train("part", steps: 1500)).expectComplaint(
      "checkpoint", "--resume", "--restart")
    let resumed = try await ClewProcess.run(train("part", steps: 1500, ["--resume"] + cache))
    #expect(resumed.status == 0, "\(resumed.error)")
    #expect(try weights("part") == weights("whole"))
    // Reports too are means over the same steps.
    for name in ["metrics.jsonl", "curves.svg"] {
      #expect(
        try Data(contentsOf: folder.url("part/\(name)")) == Data(contentsOf: folder.url("whole/\(name)")))
    }
  }

  @Test(arguments: [SIGINT, SIGKILL])
  func `a run that a signal ended while the model wrote goes on with the same text`(signal: Int32)
    async throws
  {
    let options = ["--sample-tokens", "20000", "--sample-seed", "5"]
    let whole = try await ClewProcess.run(train("whole", options))
    #expect(whole.status == 0, "\(whole.error)")
    let text = folder.url("part/checkpoint/sampled-tokens.txt").path
    // From the shell, since a test would come too late on a busy machine.
    let shell =
      "(until (( $(stat -c %s '\(text)' || echo 0) > 4096 )) || ! kill -0 $$; do sleep 0.01; done; kill -\(signal) $$) "
      + "2>/dev/null >/dev/null &"
    let ended = try await ClewProcess.run(train("part", options), after: shell)
    #expect(ended.status == 128 + signal, "the run ended before the signal: \(ended.error)")
    if signal == SIGINT { #expect(ended.error.contains("text written so far is kept"), "\(ended.error)") }
    #expect(try !weightsExist("part"))
    let kept = try Data(contentsOf: folder.url("part/checkpoint/sampled-tokens.txt"))
    #expect(kept.count > 4096)
    // Other settings would throw it away.
    try await ClewProcess.run(train("part", ["--sample-tokens", "20000", "--resume"]))
      .expectComplaint("seed 5", "seed 0")
    let resumed = try await ClewProcess.run(train("part", options + ["--resume"]))
    #expect(resumed.status == 0, "\(resumed.error)")
    #expect(try weights("part") == weights("whole"))
    for name in ["metrics.jsonl", "checkpoint/sampled-tokens.txt"] {
      #expect(
        try Data(contentsOf: folder.url("part/\(name)")) == Data(contentsOf: folder.url("whole/\(name)")))
    }
    try await ClewProcess.run(train("none", options + ["--resume"])).expectComplaint("no checkpoint")
    #expect(!FileManager.default.fileExists(atPath: folder.url("none").path))
  }

  private func weightsExist(_ output: String) throws -> Bool {
    try folder.files().contains { $0.hasPrefix("\(output)/") && $0.hasSuffix("config.yaml") }
  }

  @Test func `what a model wrote for its training is read by check and features, and they let it write too`()
    async throws
  {
    let trained = try await ClewProcess.run(train("out", "--sample-tokens", "3000"))
    #expect(trained.status == 0, "\(trained.error)")
    let text = try Data(contentsOf: folder.url("out/checkpoint/sampled-tokens.txt"))
    let models = ["--model", model.model.path, "--transcoders", model.transcoders.path]
    let out = folder.url("out").path
    let fast = ["--reconstruction-only", "--graphs", "0", "--quiet"]
    for (name, source) in [
      ("folder", ["--tokens", out]), ("file", ["--tokens", out + "/checkpoint/sampled-tokens.txt"]),
      ("own", ["--sample-tokens", "3000"]),
    ] {
      let check = try await ClewProcess.run(
        ["check"] + models + source + fast + ["--output", folder.url("check-\(name)").path])
      #expect(check.status == 0, "\(name): \(check.error)")
      let features = try await ClewProcess.run(
        ["features", "build"] + models + source + ["--quiet", "--output", folder.url("\(name).sqlite").path])
      #expect(features.status == 0, "\(name): \(features.error)")
    }
    // The same seed is the same text.
    #expect(try Data(contentsOf: folder.url("check-own/sampled-tokens.txt")) == text)
    #expect(try Data(contentsOf: folder.url("own.sqlite.sampled-tokens.txt")) == text)
    let rows = try ["folder", "file"].map { name -> Int? in
      let json = try JSONSerialization.jsonObject(
        with: Data(contentsOf: folder.url("check-\(name)/check.json")))
      return ((json as? [String: Any])?["text"] as? [String: Any])?["positions"] as? Int
    }
    #expect(rows[0] == rows[1] && (rows[0] ?? 0) >= 3000)
    let other = try await ClewProcess.run(
      ["check"] + models + fast
        + [
          "--sample-tokens", "3000", "--sample-seed", "1", "--output", folder.url("check-own").path,
          "--overwrite",
        ])
    #expect(other.status == 0, "\(other.error)")
    #expect(try Data(contentsOf: folder.url("check-own/sampled-tokens.txt")) != text)
    // What was cut off is refused where nothing writes it on.
    try text.dropLast(5).write(to: folder.url("cut.txt"))
    try await ClewProcess.run(
      ["check"] + models + fast + ["--tokens", folder.url("cut.txt").path, "--output", folder.url("no").path]
    ).expectComplaint("cut.txt", "unfinished")
  }

  @Test func `activations kept on disk change nothing, and are read again`() async throws {
    let cache = ["--cache", folder.url("cache").path]
    for (name, options) in [("without", []), ("first", cache), ("second", cache)] {
      let outcome = try await ClewProcess.run(train(name, options))
      #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
      #expect(try weights(name) == weights("without"))
    }
    let path = try #require(
      try folder.files().first { $0.hasPrefix("cache/") && $0.hasSuffix(".safetensors") })
    let whole = try Data(contentsOf: folder.url(path))
    // Other numbers where the tokens lie: a run that read them would learn something else.
    var other = whole
    for place in stride(from: whole.count / 2 / 4 * 4 + 3, to: whole.count - 8, by: 4) {
      other[place] ^= 0x80
    }
    try other.write(to: folder.url(path))
    try SealedFile.seal(folder.url(path))
    #expect(try await ClewProcess.run(train("changed", cache)).status == 0)
    #expect(try weights("changed") != weights("without"))
    for damaged in [other, whole.prefix(whole.count - 1), Data("nonsense".utf8), Data()] {
      try damaged.write(to: folder.url(path))
      try await ClewProcess.run(train("changed", cache + ["--restart"]))
        .expectComplaint(path.split(separator: "/").last.map(String.init) ?? "", "Remove it")
    }
    // A disk that is full ends the keeping, not the training.
    try FileManager.default.removeItem(at: folder.url(path))
    let shell = "export CLEW_FILE_STEP=fail:activations-0-0-0.safetensors"
    let full = try await ClewProcess.run(train("full", cache), after: shell)
    #expect(full.status == 0 && full.error.contains("No space left on device"), "\(full.error)")
    #expect(try weights("full") == weights("without"))
    try await ClewProcess.run(train("none", "--cache", "/dev/null/cache")).expectComplaint("/dev/null/cache")
  }

  @Test func `one thread and two write the same bytes`() async throws {
    for threads in ["1", "2"] {
      let outcome = try await ClewProcess.run(train("t\(threads)", "--threads", threads))
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    #expect(try weights("t1") == weights("t2"))
  }

  /// Options, and the layout that they are written in.
  @Test(arguments: [
    ["--kind", "clt"], ["--kind", "plt", "--skip", "--input", "mlp-in"],
    ["--activation", "relu", "--input", "normalized"], ["--activation", "topk"],
    ["--activation", "batchtopk"],
    ["--l0", "2,3,4", "--dtype", "bfloat16"], ["--sample-tokens", "3000", "--temperature", "0.9"],
  ])
  func `every kind is exported as a folder that traces can use`(options: [String]) async throws {
    let outcome = try await ClewProcess.run(train("out", options))
    #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.error.isEmpty, "\(outcome.error)")
    let transcoder = try Transcoder(folder: folder.url("out"))
    #expect(transcoder.configuration.kind == (options.contains("plt") ? .perLayer : .crossLayer))
    for file in ["README.md", "training.json", "metrics.jsonl", "curves.svg"] {
      #expect(try !Data(contentsOf: folder.url("out/\(file)")).isEmpty)
    }
    let traced = try await ClewProcess.run([
      "trace", "w3 w14 w15 w9", "--model", model.model.path, "--transcoders", folder.url("out").path,
      "--output",
      folder.url("trace").path, "--quiet",
    ])
    #expect(traced.status == 0, "\(traced.error)")
  }

  @Test func `an L0 that was missed is told`() async throws {
    func report(_ output: String, _ more: String...) async throws -> String {
      let outcome = try await ClewProcess.run(train(output, more).filter { $0 != "--quiet" })
      #expect(outcome.status == 0, "\(outcome.error)")
      return outcome.output
    }
    // Thresholds are raised until it is met, never lowered.
    let hit = try await report("hit", "--calibrate-l0", "1")
    #expect(!hit.contains("note"), "\(hit)")
    let missed = try await report("missed", "--l0", "1", "--no-calibrate")
    #expect(missed.contains("note: L0 is not what was asked for: ") && missed.contains(" for 1 on average"))
    #expect(missed.contains("(--no-calibrate)"))
  }

  @Test func `a finished training is exported again with thresholds for another L0`() async throws {
    let first = try await ClewProcess.run(train("out"))
    #expect(first.status == 0, "\(first.error)")
    let before = try weights("out")
    let again = try await ClewProcess.run(
      train("out", "--resume", "--calibrate-l0", "1", "--calibrate-tokens", "300"))
    #expect(again.status == 0, "\(again.error)")
    let record = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.url("out/training.json")))
    let active = try #require((record as? [String: Any])?["l0"] as? [Double])
    #expect(abs(active.reduce(0, +) / 3 - 1) < 0.15, "\(active)")
    let after = try weights("out")
    // Decoders are what they were; thresholds lie in the encoders' files.
    for (name, bytes) in after where name.contains("W_dec") { #expect(before[name] == bytes) }
    #expect(before != after)
    let back = try await ClewProcess.run(train("out", "--resume"))
    #expect(back.status == 0, "\(back.error)")
    #expect(try weights("out") == before)
    // What was learned with another aim is another training.
    try await ClewProcess.run(train("out", "--resume", "--l0", "1")).expectComplaint("targetL0")
    try await ClewProcess.run(train("out", "--resume", "--calibrate-l0", "1,2"))
      .expectComplaint("2 values of L0", "3 layers")
    try await ClewProcess.run(train("other", "--activation", "relu", "--calibrate-l0", "1"))
      .expectComplaint("--calibrate-l0", "ReLU")
  }

  /// Stories with one opening share their preactivations, and calibration lands between them.
  @Test(
    .enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"),
    arguments: [
      ["--seed", "0"], ["--seed", "1"], ["--seed", "2"], ["--seed", "0", "--dtype", "bfloat16"],
      ["--seed", "0", "--activation", "topk"], ["--seed", "1", "--activation", "batchtopk"],
      ["--seed", "0", "--no-calibrate"], ["--seed", "0", "--activation", "relu"],
    ])
  func `a training on stories that begin alike ends in an export`(options: [String]) async throws {
    var generator = SeededGenerator(seed: 5)
    let names = ["cat", "dog", "ball", "tree", "sun", "moon", "park", "boat", "girl", "boy", "cake", "star"]
    let stories = (0..<400).map { _ in
      "Once upon a time there was a little girl named Lily who liked to play with her "
        + (0..<4).map { _ in names[Int(generator.next() % 12)] }.joined(separator: " ")
    }
    let text = try folder.write("alike.txt", stories.joined(separator: "\n\n").utf8).path
    var arguments = train("alike", text: text, ["--features", "64", "--held-out", "2048"] + options)
    arguments[3] = SharedFiles.url("models/stories260K").path
    let outcome = try await ClewProcess.run(arguments)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.url("alike.refused").path))
  }

  @Test func `texts that are none are refused by name, and nothing is written`() async throws {
    let cases: [([UInt8], [String])] = [
      ([], ["holds no text"]), (Array("\n \n\n".utf8), ["holds no text"]),
      (Array("w1 w2\0w3".utf8), ["is not a text", "byte 5"]),
      (Array("w1 w2 ".utf8) + [0xFF, 0xFE, 0x20], ["is not UTF-8", "byte 6"]),
      (Array("w1 w2".utf8), ["tokens to train on", "are needed"]),
    ]
    for (bytes, words) in cases {
      let path = try folder.write("bad.txt", bytes).path
      let outcome = try await ClewProcess.run(train("bad", text: path))
      outcome.expectComplaint(words[0], words.last ?? "")
      #expect(!FileManager.default.fileExists(atPath: folder.url("bad").path))
    }
    let missing = try await ClewProcess.run(train("bad", text: folder.url("none.txt").path))
    missing.expectComplaint("none.txt", "cannot be read")
  }

  @Test func `a file of gigabytes is not held in memory, and its first byte that is no text is named`()
    async throws
  {
    // Some text, then a hole of 8 GiB.
    let path = try folder.write("large.txt", Data(contentsOf: URL(filePath: text))).path
    let count = try Data(contentsOf: URL(filePath: text)).count
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.truncate(atOffset: 8 << 30)
    try file.close()
    let outcome = try await ClewProcess.run(train("large", text: path), after: "ulimit -d 500000")
    outcome.expectComplaint("large.txt is not a text", "byte \(count) is zero")
  }

  @Test func `a disk that fills while a checkpoint is written leaves the one before`() async throws {
    let first = try await ClewProcess.run(train("full"))
    #expect(first.status == 0, "\(first.error)")
    let state = folder.url("full/checkpoint/state.safetensors")
    let before = try Data(contentsOf: state)
    let shell = "export CLEW_FILE_STEP=fail:state.safetensors"
    let outcome = try await ClewProcess.run(train("full", "--restart"), after: shell)
    outcome.expectComplaint("state.safetensors", "No space left on device")
    #expect(try Data(contentsOf: state) == before)
  }

  @Test func `a checkpoint of another run is refused, and says what differs`() async throws {
    let first = try await ClewProcess.run(train("run"))
    #expect(first.status == 0, "\(first.error)")
    try await ClewProcess.run(train("run", "--resume", "--features", "20"))
      .expectComplaint("state.safetensors", "other settings", "featureCount")
    let other = try folder.write("other.txt", Data(contentsOf: URL(filePath: text)) + Data("\n\nw1 w2".utf8))
      .path
    try await ClewProcess.run(train("run", text: other, "--resume")).expectComplaint("another text")
    try await ClewProcess.run(train("new", "--resume")).expectComplaint("there is no such file")
    var settings = TinyModel.settings
    settings.seed = 12
    let stranger = try TinyModel(settings)
    var arguments = train("run", "--resume")
    arguments[3] = stranger.model.path
    try await ClewProcess.run(arguments).expectComplaint("another model")
    let state = folder.url("run/checkpoint/state.safetensors")
    let bytes = try Data(contentsOf: state)
    for damaged in [bytes.prefix(bytes.count / 2), Data("nonsense".utf8), Data()] {
      try damaged.write(to: state)
      try await ClewProcess.run(train("run", "--resume")).expectComplaint("state.safetensors", "damaged")
    }
  }

  @Test func `numbers that overflow stop training with step and layer, and the checkpoint before stays`()
    async throws
  {
    let outcome = try await ClewProcess.run(
      train("wild", "--learning-rate", "1e30", "--warmup", "30", "--checkpoint-every", "0.0001"))
    outcome.expectComplaint("training stopped at step", "of layer", "not finite", "--learning-rate")
    #expect(!FileManager.default.fileExists(atPath: folder.url("wild/config.yaml").path))
  }

  @Test func `features that do not fit memory are refused before any work`() async throws {
    let outcome = try await ClewProcess.run(train("much", "--features", "16777216"))
    outcome.expectComplaint("16777216 features a layer need", "Use --features")
    #expect(!FileManager.default.fileExists(atPath: folder.url("much").path))
  }

  @Test func `arguments that make no sense end with status 2`() async throws {
    for more in [
      ["--l0", "0"], ["--l0", "1,x"], ["--decay", "2"], ["--tokens-seen", "-1"], ["--skip"],
      ["--batch", "0"], ["--uses", "9223372036854775807"], ["--held-out", "9223372036854775807"],
      ["--chunk", "9223372036854775807"],
      ["--checkpoint-every", "0"], ["--resume", "--restart"], ["--kind", "slt"],
      ["--sample-tokens", "0"], ["--sample-tokens", "9", "--temperature", "0"], ["--offsets", "x.npy"],
      ["--calibrate-l0", "x"], ["--calibrate-tokens", "0"], ["--no-calibrate", "--calibrate-l0", "2"],
    ] {
      let outcome = try await ClewProcess.run(train("bad", more))
      #expect(outcome.status == 2, "\(more): \(outcome.error)")
    }
    try await ClewProcess.run(train("bad", "--l0", "1,2")).expectComplaint("2 values of L0", "3 layers")
  }
}
