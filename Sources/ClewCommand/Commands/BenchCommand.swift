internal import ArgumentParser
internal import Clew
internal import Foundation

/// Benchmarks, run by hand: figures in documents come from here.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures how fast this machine traces.",
    subcommands: [BenchTraceCommand.self, BenchProductCommand.self, BenchSynthesizeCommand.self])
}

/// The speed of matrix products.
struct BenchProductCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "product",
    abstract: "Measures matrix products against what the processor can do at best.")

  func run() throws {
    print("bound of fused multiply-adds: \(format(Benchmark.peakOperations() / 1e9)) GFLOP/s, one thread")
    for (m, k, n) in [(112, 768, 768), (56, 768, 64), (112, 768, 570), (64, 64, 64), (16, 64, 64)] {
      let rate = Benchmark.productOperations(m: m, k: k, n: n) / 1e9
      print("[\(m), \(k)] × [\(k), \(n)]: \(format(rate)) GFLOP/s")
    }
  }

  private func format(_ value: Double) -> String { String(format: "%.1f", value) }
}

/// Writes a made-up model.
struct BenchSynthesizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize",
    abstract: "Writes a made-up model of GPT-2-small's shape with cross-layer transcoders.",
    discussion: "The defaults take 1.7 GB. `clew bench trace` measures on what lies there.")

  @Argument(help: "The folder that gets model/ and transcoders/.", completion: .directory)
  var folder: String
  @Option(help: "Layers.") var layers = 12
  @Option(help: "Width of the residual stream.") var width = 768
  @Option(help: "Attention heads.") var heads = 12
  @Option(help: "Tokens of the vocabulary.") var vocabulary = 50_257
  @Option(help: "Transcoder features a layer.") var features = 4096
  @Option(help: "Features active at a layer and position, on average.") var active = 57.0
  @Option(help: "Where the random numbers start.") var seed: UInt64 = 0

  func validate() throws {
    guard layers > 0, width > 0, heads > 0, width % heads == 0, vocabulary > 1, features > 0, active > 0
    else { throw ValidationError("sizes must be positive, and the heads must divide the width.") }
  }

  func run() throws {
    var model = SyntheticModel()
    model.layerCount = layers
    model.dModel = width
    model.headCount = heads
    model.vocabularyCount = vocabulary
    model.featureCount = features
    model.activeFeatures = active
    model.seed = seed
    try model.write(to: URL(filePath: folder))
    print("\(folder)/model and \(folder)/transcoders, seed \(seed)")
    print("a prompt of 16 tokens: \(model.prompt(tokenCount: 16))")
  }
}

/// The speed of a trace.
struct BenchTraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Measures the attribution of random prompts, phase by phase.",
    discussion: """
      Each prompt is traced several times in one process and the least CPU time of each phase is printed. A figure
      for the whole process, start included, is that of `clew trace` under `time`.
      """)

  @Option(help: "The model's folder.", completion: .directory) var model: String
  @Option(help: "The transcoders' folder.", completion: .directory) var transcoders: String
  @Option(help: "Tokens of each prompt, BOS included.") var tokens: [Int] = [16, 32, 64]
  @Option(help: "How often each prompt is traced.") var rounds = 5
  @Option(help: "The part of the influence to follow.") var coverage = 1.0
  @Option(help: "The most feature rows.") var rows: Int?
  @Option(help: "Threads.") var threads = 1
  @Option(help: "Where the random prompts start.") var seed: UInt64 = 0

  func run() throws {
    Parallel.threadCount = threads
    let transformer = try Transformer(folder: URL(filePath: model))
    let coder = try Transcoder(folder: URL(filePath: transcoders))
    let tokenizer = try Tokenizer(folder: URL(filePath: model))
    for count in tokens {
      var best: Benchmark.Trace?
      for _ in 0..<max(1, rounds) {
        let trace = try Benchmark.trace(
          transformer, coder, tokenizer, tokenCount: count, coverage: coverage, rowLimit: rows, seed: seed)
        best = best.map { $0.faster(trace) } ?? trace
      }
      if let best { print(best.summary(tokens: count)) }
    }
    print("peak memory \(Benchmark.peakBytes() >> 20) MiB, \(threads) thread(s)")
  }
}
