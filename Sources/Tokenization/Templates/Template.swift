/// A chat template after reading: statements to carry out for a conversation.
///
/// The language is the part of Jinja that published chat templates use, with the settings of transformers: a line
/// that holds a statement alone leaves nothing behind, `break` and `continue` work in loops, and values that came
/// from outside cannot be changed. ``Run`` carries it out, within limits of work, so that a template of a stranger
/// ends.
struct Template: Sendable {
  /// What to do, in order.
  let body: [Statement]
  /// The names of variables in the template with the numbers that stand for them.
  let names: [String: Int]

  /// The most letters that a template may have; published ones have some ten thousand.
  private static let greatestLength = 1_000_000

  /// Reads a template.
  /// - Throws: ``Problem`` with the line where it cannot be read or goes beyond what is supported.
  init(_ source: String) throws(Problem) {
    guard source.utf8.count <= Self.greatestLength else {
      throw .unusable("it is longer than \(Self.greatestLength) bytes", line: 1)
    }
    var parser = Parser(try Lexer.lexemes(of: Scalars(source.unicodeScalars)))
    body = try parser.template()
    names = parser.names
  }
}

extension Template {
  /// Why a template cannot be read, or makes no text of a conversation.
  struct Problem: Error {
    enum Kind {
      /// The template is damaged or asks for what is not supported.
      case unusable
      /// It does with these messages what Python would refuse.
      case failed
      /// It calls `raise_exception`, with this text.
      case refused
      /// It takes too much work or room.
      case costly
    }

    let kind: Kind
    /// What is wrong: the continuation of a sentence that names the file and the line, without a period.
    let text: String
    /// Counted from 1; the one that complains need not know it.
    var line: Int?

    static func unusable(_ text: String, line: Int? = nil) -> Problem {
      Problem(kind: .unusable, text: text, line: line)
    }

    static func failed(_ text: String) -> Problem { Problem(kind: .failed, text: text) }

    static func costly(_ text: String) -> Problem { Problem(kind: .costly, text: text) }

    /// Something of the language that is not implemented, such as `the filter 'wordcount'`.
    static func unsupported(_ what: String, line: Int? = nil) -> Problem {
      .unusable("it uses \(what), which is not supported", line: line)
    }
  }
}
