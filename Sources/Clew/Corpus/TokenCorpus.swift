public import Foundation
public import Tokenization
public import Transformers

/// Rows of tokens to train and measure on, each a text that begins with the token that begins a text.
///
/// They come from files of text, read piece by piece however long they are, from stored tokens, or from memory. The
/// order is always the same; a ``Cursor`` walks along it and can be put back to where it was.
public struct TokenCorpus: Sendable {
  private enum Source: Sendable {
    case texts([TextPieces], Tokenizer, opening: [Token])
    case stored(StoredRows)
    case memory([[Token]])
  }

  private let source: Source
  /// The longest row in tokens, the opening token included.
  public let rowLength: Int
  /// A short name for what the files hold, to tell later whether they are the same.
  public let fingerprint: String
  /// The files, as they were named.
  public let files: [String]

  /// Files of UTF-8 text.
  ///
  /// A blank line ends a document, and so do 64 KiB. A document is encoded as a whole and cut into rows that fit the
  /// model; each row gets the opening token in front.
  /// - Parameter rowLength: The longest row in tokens; `nil` for the model's context.
  /// - Throws: ``CorpusError`` if a file is missing, empty, binary or not UTF-8: all of each file is checked here.
  public init(
    texts: [URL], tokenizer: Tokenizer, configuration: TransformerConfiguration, rowLength: Int? = nil
  ) throws(CorpusError) {
    var pieces: [TextPieces] = []
    for url in texts { pieces.append(try TextPieces(url)) }
    source = .texts(
      pieces, tokenizer, opening: Prompt.opening(of: tokenizer).map { [$0] } ?? [])
    self.rowLength = max(2, min(rowLength ?? .max, configuration.contextLength))
    fingerprint = try Self.fingerprint(of: texts)
    files = texts.map(\.path)
  }

  private static func fingerprint(of files: [URL]) throws(CorpusError) -> String {
    do throws(CheckpointError) { return try Fingerprint.whole(files: files) } catch {
      throw .badTokens(error)
    }
  }

  /// Stored tokens: `tokens` is a `.npy` file of all rows one after another, `offsets` one of where each begins, with
  /// the end of the last.
  /// - Parameter rows: Which rows count; `nil` for all.
  /// - Throws: ``CorpusError`` if a file is damaged, or a row does not fit the model.
  public init(
    tokens: URL, offsets: URL, rows: Range<Int>? = nil, tokenizer: Tokenizer,
    configuration: TransformerConfiguration
  ) throws(CorpusError) {
    source = .stored(
      try StoredRows(
        tokens: tokens, offsets: offsets, rows: rows, vocabularyCount: configuration.vocabularyCount,
        contextLength: configuration.contextLength, opening: tokenizer.beginningOfText))
    rowLength = configuration.contextLength
    fingerprint =
      try Self.fingerprint(of: [tokens, offsets]) + (rows.map { "-\($0.lowerBound)-\($0.upperBound)" } ?? "")
    files = [tokens.path, offsets.path]
  }

  /// Rows in memory, taken as they are.
  /// - Parameter files: The files that they come from.
  public init(rows: [[Token]], fingerprint: String = "", files: [String] = []) {
    source = .memory(rows.filter { !$0.isEmpty })
    rowLength = rows.map(\.count).max() ?? 0
    self.fingerprint = fingerprint
    self.files = files
  }

  /// How many rows there are; `nil` for files of text, where nobody has counted them.
  public var rowCount: Int? {
    switch source {
    case .texts: nil
    case .stored(let rows): rows.count
    case .memory(let rows): rows.count
    }
  }

  /// A place between two rows.
  public struct Place: Codable, Hashable, Sendable {
    /// The file of text; 0 elsewhere.
    public var file = 0
    /// The byte where the document begins; 0 elsewhere.
    public var byte = 0
    /// The row within the document, or among all rows.
    public var row = 0

    public init() {}

    /// Reads a place that was kept.
    /// - Throws: `DecodingError` for numbers that no corpus has.
    public init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      file = try fields.decode(Int.self, forKey: .file)
      byte = try fields.decode(Int.self, forKey: .byte)
      row = try fields.decode(Int.self, forKey: .row)
      guard [file, byte, row].allSatisfy({ (0..<1 << 40).contains($0) }), file < 1 << 31, row < 1 << 31 else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: fields.codingPath, debugDescription: "no corpus has such a place"))
      }
    }

    private enum CodingKeys: CodingKey { case file, byte, row }

    /// Whether it lies in front of another place of the same corpus.
    func precedes(_ other: Place) -> Bool {
      (file, byte, row) < (other.file, other.byte, other.row)
    }
  }

  /// A walk over the rows from a place on.
  public func cursor(from place: Place = Place()) -> Cursor { Cursor(corpus: self, place: place) }

  /// Walks over the rows of a corpus.
  public struct Cursor: Sendable {
    let corpus: TokenCorpus
    /// Where the next row begins.
    public private(set) var place: Place
    private var document: [Token] = []  // of the document at `place`, once encoded
    private var documentEnd = 0
    private var isEncoded = false

    init(corpus: TokenCorpus, place: Place) {
      self.corpus = corpus
      self.place = place
    }

    /// The next row, `nil` behind the last.
    public mutating func next() throws(CorpusError) -> [Token]? {
      switch corpus.source {
      case .stored(let rows):
        guard place.row < rows.count else { return nil }
        defer { place.row += 1 }
        return rows.row(place.row)
      case .memory(let rows):
        guard place.row < rows.count else { return nil }
        defer { place.row += 1 }
        return rows[place.row]
      case .texts(let files, let tokenizer, let opening):
        return try next(files, tokenizer, opening)
      }
    }

    private mutating func next(
      _ files: [TextPieces], _ tokenizer: Tokenizer, _ opening: [Token]
    ) throws(CorpusError) -> [Token]? {
      while place.file < files.count {
        let file = files[place.file]
        if !isEncoded {
          guard let piece = file.document(from: place.byte) else {
            place = Place(file: place.file + 1)
            continue
          }
          do throws(TokenizationError) {
            document = try tokenizer.encode(piece.text, addingSpecialTokens: false)
          } catch {
            throw .unencodable(path: file.path, byte: piece.begin, reason: error.description)
          }
          documentEnd = piece.end
          isEncoded = true
        }
        let width = corpus.rowLength - opening.count
        let start = place.row * width
        if start < document.count {
          place.row += 1
          return opening + document[start..<min(start + width, document.count)]
        }
        file.forget(place.byte..<documentEnd)
        place.byte = documentEnd
        place.row = 0
        isEncoded = false
      }
      return nil
    }

    /// How much of the corpus lies behind, 0 to 1, as far as bytes or rows tell.
    public var fraction: Double {
      switch corpus.source {
      case .stored(let rows): return Double(place.row) / Double(max(1, rows.count))
      case .memory(let rows): return Double(place.row) / Double(max(1, rows.count))
      case .texts(let files, _, _):
        let total = files.reduce(0) { $0 + $1.byteCount }
        let behind = files.prefix(place.file).reduce(0) { $0 + $1.byteCount } + place.byte
        return Double(behind) / Double(max(1, total))
      }
    }
  }
}

extension TokenCorpus.Place {
  fileprivate init(file: Int) { self.file = file }
}
