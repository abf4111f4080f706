internal import ArgumentParser
internal import Clew
internal import Foundation

/// Continues prompts and prints what comes.
struct TextWriter {
  let model: Transformer
  let tokenizer: Tokenizer
  /// The most tokens that are added.
  let count: Int
  let sampling: Sampling
  let printsJSON: Bool

  /// What is kept of a token: logits of many would fill the memory.
  private struct Added {
    let token: Token
    /// 0 where nobody asks for it.
    let logProbability: Double

    init(_ token: GeneratedToken, weighs: Bool) throws {
      self.token = token.token
      logProbability = weighs ? try token.distribution().logProbability(of: Int(token.token)) : 0
    }
  }

  /// How many prompts are continued side by side.
  private static let batch = 32

  /// Continues one prompt, and prints each character once it is whole.
  func write(_ input: PromptInput) throws {
    let start = try Prompt(input, tokenizer: tokenizer).tokens
    var stream = TextStream(after: start, tokenizer: tokenizer)
    var generation = try Generation(model, [request(start)])
    if !printsJSON { try Terminal.output(asItIs: tokenizer.decode(start)) }
    var added: [Added] = []
    while let token = try generation.next()?[0] {
      if printsJSON {
        added.append(try Added(token, weighs: true))
      } else {
        try Terminal.output(asItIs: stream.add(token.token))
      }
    }
    if printsJSON {
      try print(try record(input, start, added))
    } else {
      try Terminal.output(asItIs: stream.finish() + "\n")
    }
  }

  /// Continues the prompts of a list side by side, and prints them in its order.
  /// - Throws: An exit code of 1 if a line could not be continued, and what keeps all of them from it.
  func write(_ list: PromptList, bos: String?) throws {
    var failed = false
    for first in stride(from: 0, to: list.lines.count, by: Self.batch) {
      let lines = list.lines[first..<min(first + Self.batch, list.lines.count)]
      let starts = lines.map { line in Result { try start(line, bos: bos) } }
      let requests = starts.compactMap { try? $0.get() }.map { request($0.tokens) }
      var generation = try Generation(model, requests)
      var added = requests.map { _ in [Added]() }
      while let tokens = try generation.next() {
        for token in tokens { added[token.text].append(try Added(token, weighs: printsJSON)) }
      }
      var place = 0
      for (line, start) in zip(lines, starts) {
        switch start {
        case .success(let start):
          try print(start.input, start.tokens, added[place], line: line.number)
          place += 1
        case .failure(let error):
          failed = true
          Terminal.complain(
            "clew: line \(line.number) of \(list.name): \(Terminal.visible("\(error)"))")
          if printsJSON { try print(["line": JSON(line.number), "error": .string("\(error)")]) }
        }
      }
    }
    if failed { throw ExitCode(1) }
  }

  private func start(_ line: PromptList.Line, bos: String?) throws -> (input: PromptInput, tokens: [Token]) {
    let entry = try line.content.get()
    guard entry.targets.isEmpty, entry.slug == nil else {
      throw PromptList.Fault(description: "it has a target or a slug, which are of traces; leave them out")
    }
    let input = PromptInput(entry.prompt, tokens: entry.tokens, opening: entry.tokens == nil ? bos : nil)
    let tokens = try Prompt(input, tokenizer: tokenizer).tokens
    // What cannot be run is this line's fault alone.
    _ = try Generation(model, [request(tokens)])
    return (input, tokens)
  }

  private func request(_ tokens: [Token]) -> GenerationRequest {
    GenerationRequest(tokens, count: count, sampling: sampling, stops: tokenizer.endsOfText)
  }

  // MARK: Output

  private func print(
    _ input: PromptInput, _ start: [Token], _ added: [Added], line: Int
  ) throws {
    if printsJSON {
      var record = try record(input, start, added)
      record["line"] = JSON(line)
      try print(record)
    } else {
      let text = tokenizer.decode(start + added.map(\.token))
      try Terminal.output(asItIs: "line      \(line)\n\(text)\n\n")
    }
  }

  private func record(
    _ input: PromptInput, _ start: [Token], _ added: [Added]
  ) throws -> JSONObject {
    let tokens = added.map(\.token)
    return [
      "prompt": .string(input.tokens == nil ? input.text : tokenizer.decode(start)),
      "prompt_tokens": .array(start.map { JSON(Int($0)) }),
      "tokens": .array(tokens.map { JSON(Int($0)) }),
      "log_probabilities": .array(
        added.map { JSON($0.logProbability) }),
      "text": .string(tokenizer.decode(start + tokens)),
    ]
  }

  private func print(_ record: JSONObject) throws {
    try Terminal.output(String(decoding: try JSON.object(record).bytes(), as: UTF8.self) + "\n")
  }
}
