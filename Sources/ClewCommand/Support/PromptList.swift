internal import Clew
internal import Foundation

/// What can keep a list of prompts from being read.
enum PromptListError: Error, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case empty(path: String)
  case tooLarge(path: String)

  var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "The prompts in \(path) cannot be read: \(reason)."
    case .empty(let path):
      "\(path) has no prompts. Write one a line, or objects of JSON with a \"prompt\", one a line."
    case .tooLarge(let path):
      "\(path) has more than \(PromptList.mostBytes >> 20) MiB, which is no list of prompts that could be traced. Check the path, "
        + "or split the list."
    }
  }
}

/// Prompts to trace one after the other: a text with one a line, or lines of JSON.
///
/// ```
/// {"prompt": "Fact: the capital of Texas is", "target": "Austin-Dallas", "slug": "texas"}
/// ```
/// A line that begins with a brace is JSON, and in a file whose name says so every line is. Each stands for itself: what is
/// wrong with one is told, and the others are traced.
struct PromptList {
  /// A prompt with what its line says of it.
  struct Entry {
    var prompt: String
    /// The tokens to read instead, exactly these, if the line says them.
    var tokens: [Token]?
    /// What to trace instead of the likeliest answers, as `--target` takes it; none if the line says nothing.
    var targets: [String] = []
    /// The graph's name, if the line says it.
    var slug: String?
  }

  /// A line that is not empty.
  struct Line {
    /// Counted from 1.
    let number: Int
    let content: Result<Entry, Fault>
  }

  /// What is wrong with a line.
  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  /// The largest list that is read: a million lines of the length of a prompt.
  static let mostBytes = 64 << 20

  /// What messages call the list.
  let name: String
  let lines: [Line]

  /// Reads a file, or standard input to its end if the path is `-`.
  init(path: String) throws(PromptListError) {
    name = path == "-" ? "standard input" : path
    // Pipes are read as files are.
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: name, reason: String(cString: strerror(errno))) }
    let data: Data
    do {
      let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: path != "-")
      data = try handle.read(upToCount: Self.mostBytes + 1) ?? Data()
    } catch {
      throw .unreadable(path: name, reason: Self.reason(error))
    }
    guard data.count <= Self.mostBytes else { throw .tooLarge(path: name) }
    lines = Self.lines(of: data, isJSON: Self.isJSON(path))
    if lines.isEmpty { throw .empty(path: name) }
  }

  private static func reason(_ error: any Error) -> String {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
    return cause.domain == NSPOSIXErrorDomain
      ? String(cString: strerror(Int32(truncatingIfNeeded: cause.code))) : cause.localizedDescription
  }

  /// Whether a file's name says that its lines are JSON.
  private static func isJSON(_ path: String) -> Bool {
    ["jsonl", "ndjson", "json"].contains(URL(filePath: path).pathExtension.lowercased())
  }

  /// - Parameter isJSON: Whether all lines are JSON, and not only those that begin with a brace.
  static func lines(of data: Data, isJSON: Bool) -> [Line] {
    var bytes = data[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    var lines: [Line] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .enumerated()
    {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      let isBlank = line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
      if isBlank { continue }
      let isObject = isJSON || line.first { !" \t".utf8.contains($0) } == UInt8(ascii: "{")
      lines.append(
        Line(
          number: index + 1,
          content: Result { () throws(Fault) in
            isObject ? try entry(ofJSON: Array(line)) : Entry(prompt: try text(line))
          }))
    }
    return refusingRepeatedSlugs(lines)
  }

  private static func text(_ bytes: some Collection<UInt8>) throws(Fault) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Fault(description: "it is not UTF-8 text")
    }
    return text
  }

  private static func entry(ofJSON bytes: [UInt8]) throws(Fault) -> Entry {
    let json: JSON
    do throws(GraphError) { json = try JSON(parsing: bytes) } catch {
      if case .notJSON(let offset, let reason) = error {
        throw Fault(description: "it is not JSON: \(reason) at byte \(offset) of the line")
      }
      throw Fault(description: "it is not JSON that a line may hold")
    }
    guard let object = json.object else {
      throw Fault(description: "it is not an object such as {\"prompt\": \"…\"}")
    }
    let known = ["prompt", "tokens", "target", "slug"]
    if let other = object.members.first(where: { !known.contains($0.key) }) {
      throw Fault(description: "it has '\(other.key)', but a line has prompt or tokens, target and slug")
    }
    let tokens = try Self.tokens(object["tokens"])
    guard tokens == nil || object["prompt"] == nil else {
      throw Fault(description: "it has both a prompt and tokens; leave one of them out")
    }
    guard let prompt = tokens == nil ? object["prompt"]?.string : "" else {
      throw Fault(description: "it has no text 'prompt'")
    }
    // Half a character by its number becomes that sign.
    let sign: [UInt8] = [0xEF, 0xBF, 0xBD]
    guard !prompt.contains("\u{FFFD}") || bytes.contains(sign) || bytes.contains(Array("fffd".utf8)) else {
      throw Fault(description: "its prompt has a \\u that is half a character")
    }
    guard !prompt.isEmpty || tokens != nil else { throw Fault(description: "its prompt is empty") }
    var entry = Entry(prompt: prompt, tokens: tokens)
    switch object["target"] {
    case nil, .null?: break
    case .string(let target)?: entry.targets = [target]
    case .array(let list)?:
      entry.targets = list.compactMap(\.string)
      guard entry.targets.count == list.count, !list.isEmpty else {
        throw Fault(description: "its target is a list of other things than texts")
      }
    default: throw Fault(description: "its target is neither a text nor a list of texts")
    }
    switch object["slug"] {
    case nil, .null?: break
    case .string(let slug)? where PromptTrace.isSlug(slug): entry.slug = slug
    default:
      throw Fault(
        description: "its slug is not made of letters, digits, '_', '.' and '-', at most 200 of them")
    }
    return entry
  }

  /// A prompt as numbers of tokens; `nil` if the line has none.
  private static func tokens(_ value: JSON?) throws(Fault) -> [Token]? {
    guard let value, value != .null else { return nil }
    let numbers = value.array?.compactMap { $0.int.flatMap { Token(exactly: $0) } } ?? []
    guard !numbers.isEmpty, numbers.count == value.array?.count, numbers.allSatisfy({ $0 >= 0 }) else {
      throw Fault(description: "its tokens are not a list of whole numbers from 0 up")
    }
    return numbers
  }

  /// The second trace of a name would take the place of the first.
  private static func refusingRepeatedSlugs(_ lines: [Line]) -> [Line] {
    var first: [String: Int] = [:]
    return lines.map { line in
      guard let slug = try? line.content.get().slug else { return line }
      guard let other = first[slug] else {
        first[slug] = line.number
        return line
      }
      let fault = Fault(description: "its slug '\(slug)' is that of line \(other)")
      return Line(number: line.number, content: .failure(fault))
    }
  }
}
