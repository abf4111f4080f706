internal import Tensors

/// A damaged input: a seed, and what stands in it instead of what should.
struct FuzzCase: Sendable {
  /// The seed's place among those of the format.
  let seed: Int
  /// New contents by path; `nil` for a file that is taken away.
  private(set) var changes: [String: [UInt8]?] = [:]

  /// The case of a number: the same for the same seeds, whichever process makes it and whatever it made before.
  init(number: Int, of seeds: [FuzzSeed], randomSeed: UInt64) {
    var generator = SeededGenerator(seed: randomSeed &* 0xD1B5_4A32_D192_ED03 &+ UInt64(number))
    seed = Int.random(in: 0..<seeds.count, using: &generator)
    let own = seeds[seed]
    for _ in 0..<(generator.chance(8) ? 2 : 1) {
      let file = Self.file(of: own, using: &generator)
      switch own.files.count > 1 ? Int.random(in: 0..<24, using: &generator) : 23 {
      case 0: changes[file.path] = .some(nil)
      case 1:
        // Doubled, or in another's place.
        changes[own.files.randomElement(using: &generator)?.path ?? file.path] = file.bytes
      case 2: changes[Self.neighbour(of: file.path, using: &generator)] = file.bytes
      default:
        let donor = Self.donor(for: file, own: own, among: seeds, using: &generator)
        let current = (changes[file.path] ?? nil) ?? file.bytes
        changes[file.path] = Mutator(kind: file.kind, donor: donor).damaged(current, using: &generator)
      }
    }
  }

  private static func file(of seed: FuzzSeed, using generator: inout SeededGenerator) -> FuzzSeed.File {
    var place = Int.random(in: 0..<max(1, seed.files.reduce(0) { $0 + $1.weight }), using: &generator)
    for file in seed.files {
      if place < file.weight { return file }
      place -= file.weight
    }
    return seed.files[0]
  }

  /// The bytes that parts may be taken from: a file of the same kind, of this seed or another.
  private static func donor(
    for file: FuzzSeed.File, own: FuzzSeed, among seeds: [FuzzSeed], using generator: inout SeededGenerator
  ) -> [UInt8] {
    let other = generator.chance(2) ? own : seeds[Int.random(in: 0..<seeds.count, using: &generator)]
    return other.files.filter { $0.kind == file.kind }.randomElement(using: &generator)?.bytes ?? file.bytes
  }

  /// A path with one of its numbers changed: another layer, another shard.
  private static func neighbour(of path: String, using generator: inout SeededGenerator) -> String {
    var scalars = Array(path.unicodeScalars)
    let digits = scalars.indices.filter { ("0"..."9").contains(scalars[$0]) }
    guard let place = digits.randomElement(using: &generator) else { return path + ".copy" }
    scalars[place] = "0123456789".unicodeScalars.randomElement(using: &generator) ?? "0"
    return String(String.UnicodeScalarView(scalars))
  }
}

extension SeededGenerator {
  /// Whether something that happens once in `n` times happens now.
  mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &self) == 0 }

  /// One of some values.
  mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: 0..<values.count, using: &self)]
  }
}
