internal import Tokenization

/// Whole numbers in as few bytes as they need, and others in four or eight, one after another.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put(_ value: Int) {
    precondition(value >= 0, "\(value) is negative")
    var rest = UInt64(value)
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
  mutating func put(_ value: Float) {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }
  mutating func put(_ value: Double) {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }
}

/// Reads what ``ByteWriter`` wrote; every read of what cannot be there gives `nil`.
struct ByteReader {
  private let bytes: [UInt8]
  private var next = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { next == bytes.count }

  mutating func int(below limit: Int) -> Int? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 63, by: 7) {
      guard next < bytes.count else { return nil }
      let byte = bytes[next]
      next += 1
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value < UInt64(limit) ? Int(value) : nil }
    }
    return nil
  }
  private mutating func word(_ count: Int) -> UInt64? {
    guard next + count <= bytes.count else { return nil }
    defer { next += count }
    return (0..<count).reduce(0) { $0 | UInt64(bytes[next + $1]) << UInt64(8 * $1) }
  }
  mutating func float() -> Float? {
    word(4).map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }.flatMap { $0.isFinite ? $0 : nil }
  }
  mutating func double() -> Double? {
    word(8).map { Double(bitPattern: $0) }.flatMap { $0.isFinite ? $0 : nil }
  }
}

extension FeatureStatistics {
  /// The statistics as they are stored.
  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.put(count)
    guard count > 0 else { return writer.bytes }
    writer.put(sum)
    writer.put(minimum)
    writer.put(maximum)
    writer.put(histogram.exponent - ActivationHistogram.leastExponent)
    for count in histogram.counts { writer.put(Int(count)) }
    for list in [top] + samples {
      writer.put(list.count)
      for example in list { example.write(to: &writer) }
    }
    return writer.bytes
  }

  /// Stored statistics, `nil` if the bytes are none.
  init?(bytes: [UInt8]) {
    self.init()
    var reader = ByteReader(bytes)
    guard let count = reader.int(below: 1 << 48) else { return nil }
    self.count = count
    if count > 0 {
      guard let sum = reader.double(), let minimum = reader.float(), let maximum = reader.float(),
        let exponent = reader.int(below: 256)
      else { return nil }
      var counts: [UInt32] = []
      for _ in 0..<ActivationHistogram.binCount {
        guard let count = reader.int(below: 1 << 32) else { return nil }
        counts.append(UInt32(count))
      }
      self.sum = sum
      self.minimum = minimum
      self.maximum = maximum
      histogram = ActivationHistogram(
        exponent: exponent + ActivationHistogram.leastExponent, counts: counts)
      for list in 0...Self.intervalCount {
        guard let length = reader.int(below: 1 << 20) else { return nil }
        var examples: [FeatureExample] = []
        for _ in 0..<length {
          guard let example = FeatureExample(from: &reader) else { return nil }
          examples.append(example)
        }
        if list == 0 { top = examples } else { samples[list - 1] = examples }
      }
    }
    guard reader.isAtEnd else { return nil }
  }
}

extension FeatureExample {
  func write(to writer: inout ByteWriter) {
    writer.put(row)
    writer.put(position)
    writer.put(activation)
    writer.put(place)
    writer.put(tokens.count)
    for token in tokens { writer.put(Int(token)) }
    writer.put(activations.count)
    for entry in activations {
      writer.put(entry.place)
      writer.put(entry.value)
    }
  }

  init?(from reader: inout ByteReader) {
    guard let row = reader.int(below: 1 << 48), let position = reader.int(below: 1 << 31),
      let activation = reader.float(), let place = reader.int(below: 1 << 20),
      let length = reader.int(below: 1 << 20), place < length
    else { return nil }
    var tokens: [Token] = []
    for _ in 0..<length {
      guard let token = reader.int(below: 1 << 31) else { return nil }
      tokens.append(Token(token))
    }
    guard let active = reader.int(below: length + 1) else { return nil }
    var activations: [Activation] = []
    for _ in 0..<active {
      guard let place = reader.int(below: length), let value = reader.float() else { return nil }
      activations.append(.init(place: place, value: value))
    }
    self.init(
      row: row, position: position, activation: activation, tokens: tokens, place: place,
      activations: activations)
  }
}
