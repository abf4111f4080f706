internal import Attribution
internal import AttributionGraphs
internal import Foundation
internal import ReplacementModels
internal import Tensors
public import Tokenization
public import Transcoding
public import Transformers

/// Measurements for `clew bench`.
public enum Benchmark {
  /// CPU seconds of this process so far, all threads.
  public static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// The speed of a packed product beside what the processor can do at best.
  public struct ProductSpeed: Sendable {
    /// Floating-point operations per second of the product, one thread.
    public var operations: Double
    /// Those of fused multiply-adds in registers.
    public var bound: Double
  }

  /// Measures the product of `[m, k]` and `[k, n]`.
  ///
  /// Both are run in turns, a few milliseconds each, and the fastest turn of each counts: what else runs on the machine slows
  /// both.
  public static func product(m: Int, k: Int, n: Int, rounds: Int = 150) -> ProductSpeed {
    let b = PackedMatrix(
      transposing: Matrix(rows: n, columns: k, values: Array(repeating: 0.5, count: n * k)))
    let a = Scratch(count: m * k)
    var c = Scratch(count: m * n)
    let repeats = max(1, 50_000_000 / (m * k * n))
    var speed = ProductSpeed(operations: 0, bound: 0)
    for _ in 0..<rounds {
      speed.bound = max(speed.bound, rate { Kernels.peakRound() })
      let operations = rate {
        for _ in 0..<repeats {
          b.multiply(a, at: 0, rows: m, rowStride: k, into: &c, at: 0, resultStride: n, accumulating: false)
        }
        return 2 * Double(m) * Double(k) * Double(n) * Double(repeats)
      }
      speed.operations = max(speed.operations, operations)
    }
    return speed
  }

  private static func rate(_ body: () -> Double) -> Double {
    let start = cpuSeconds()
    return body() / (cpuSeconds() - start)
  }

  /// CPU seconds of one trace, by phase, and its counts.
  public struct Trace: Sendable {
    public var seconds: [(phase: String, seconds: Double)]
    public var active: Int
    public var rows: Int
    public var coverage: Double
    public var operations: Double
    /// Floating-point operations per second of fused multiply-adds in registers, one thread.
    public var bound: Double
    /// Decoder rows of active features, one for each layer written.
    public var decoderRows: Int
    /// Numbers in all rows.
    public var edges: Int
    /// Bytes that were to be kept, as planned, and the most that the process grew by.
    public var plannedBytes: Int
    public var grownBytes: Int

    /// The lesser of each phase.
    public func faster(_ other: Trace) -> Trace {
      var result = self
      result.bound = max(bound, other.bound)
      for i in result.seconds.indices {
        result.seconds[i].seconds = min(seconds[i].seconds, other.seconds[i].seconds)
      }
      return result
    }

    public func summary(tokens: Int) -> String {
      let phases = seconds.map { "\($0.phase) \(String(format: "%.3f", $0.seconds))" }.joined(separator: ", ")
      let sweep = seconds.first { $0.phase == "attribution" }?.seconds ?? 0
      let rate = sweep > 0 ? operations / sweep / 1e9 : 0
      return "\(tokens) tokens, \(active) active features, \(rows) rows, coverage "
        + String(format: "%.4f", coverage) + "; CPU seconds: \(phases); "
        + String(
          format: "%.1f GFLOP/s in the attribution, %.0f %% of the %.1f of a thread's registers", rate,
          bound > 0 ? 100 * rate * 1e9 / bound : 0, bound / 1e9)
    }
  }

  /// Traces a random prompt.
  public static func trace(
    _ transformer: Transformer, _ transcoder: Transcoder, _ tokenizer: Tokenizer, tokenCount: Int,
    coverage: Double, rowLimit: Int?, seed: UInt64
  ) throws -> Trace {
    var generator = SeededGenerator(seed: seed)
    let vocabulary = Token(transformer.configuration.vocabularyCount)
    let opening = tokenizer.beginningOfText ?? 0
    let tokens =
      [opening]
      + (1..<max(2, tokenCount)).map { _ in
        Token.random(in: min(3, vocabulary - 1)..<vocabulary, using: &generator)
      }
    var seconds: [(phase: String, seconds: Double)] = []
    Memory.giveBack()
    let before = Memory.resident
    Memory.resetPeak()
    var start = cpuSeconds()
    func end(_ phase: String) {
      let now = cpuSeconds()
      seconds.append((phase, now - start))
      start = now
    }
    let recording = try transformer.record(tokens)
    transformer.forgetPages()
    end("run")
    let model = try LocalReplacementModel(of: transformer, transcoder: transcoder, recording: recording)
    end("encode")
    var settings = AttributionSettings()
    settings.coverage = coverage
    settings.rowLimit = rowLimit
    let result = try Attributor.attribute(
      model, prompt: Prompt(tokens, tokenizer: tokenizer), tokenizer: tokenizer, settings: settings)
    seconds += result.phases.map { ($0.name, $0.cpuSeconds) }
    start = cpuSeconds()
    _ = result.graph.scores()
    _ = try result.graph.pruned()
    end("scores and pruning")
    let bound = (0..<50).reduce(0.0) { most, _ in max(most, rate { Kernels.peakRound() }) }
    return Trace(
      seconds: seconds, active: result.rowsPossible, rows: result.rowsComputed, coverage: result.coverage,
      operations: result.operations, bound: bound,
      decoderRows: model.activations.entries.reduce(0) { $0 + transcoder.outputLayers(of: $1.layer).count },
      edges: result.graph.effects.rows.reduce(0) { $0 + $1.weights.count },
      plannedBytes: result.memory.sources + result.memory.attention + result.memory.rows
        + Recording.byteCount(transformer.configuration, positions: tokens.count),
      grownBytes: max(0, Memory.recentPeak - before))
  }
}
