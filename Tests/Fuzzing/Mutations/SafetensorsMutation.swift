internal import Foundation
internal import Tensors

/// Damage to the header of a safetensors file that leaves the rest whole, or changes the data with it.
enum SafetensorsMutation {
  static func damaged(
    _ bytes: [UInt8], donor: [UInt8], using generator: inout SeededGenerator
  ) -> [UInt8]? {
    guard let (header, data) = parts(bytes) else { return nil }
    switch Int.random(in: 0..<13, using: &generator) {
    case 10...12: return magnified(header, data, using: &generator)
    case 0:
      var result = bytes
      let length = generator.pick(
        [header.count - 1, header.count + 1, bytes.count - 8, bytes.count] + HostileValues.integers)
      Mutator.write(length, width: 8, at: 0, in: &result)
      return result
    case 1...3: return retyped(header, data, using: &generator)
    case 4: return file(header, data: numbersReplaced(data, using: &generator))
    default:
      let other = parts(donor)?.header ?? []
      return JSONMutation.damaged(header, donor: other, using: &generator).map { file($0, data: data) }
    }
  }

  static func parts(_ bytes: [UInt8]) -> (header: [UInt8], data: [UInt8])? {
    let length = Mutator.number(bytes, at: 0, width: 8)
    guard bytes.count >= 8, length >= 0, length <= bytes.count - 8 else { return nil }
    return (Array(bytes[8..<8 + length]), Array(bytes[(8 + length)...]))
  }

  static func file(_ header: [UInt8], data: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data
  }

  /// A tensor of another type, another shape or no numbers at all, whose bytes fit what the header says.
  private static func retyped(
    _ header: [UInt8], _ data: [UInt8], using generator: inout SeededGenerator
  ) -> [UInt8]? {
    guard var object = (try? JSONSerialization.jsonObject(with: Data(header))) as? [String: Any],
      let name = object.keys.filter({ $0 != "__metadata__" }).sorted().randomElement(using: &generator),
      var entry = object[name] as? [String: Any], let shape = entry["shape"] as? [Int],
      let offsets = entry["data_offsets"] as? [Int], offsets.count == 2,
      shape.allSatisfy({ $0 >= 0 && $0 < 4096 })
    else { return nil }
    var newShape = shape
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: newShape.reverse()
    case 1: newShape = [shape.reduce(1, *)]
    case 2: newShape.insert(1, at: Int.random(in: 0...shape.count, using: &generator))
    case 3: newShape = []
    case 4 where !shape.isEmpty:
      let axis = Int.random(in: 0..<shape.count, using: &generator)
      newShape[axis] = generator.pick([0, 1, shape[axis] + 1, max(0, shape[axis] - 1), 2 * shape[axis]])
    default:
      // Nothing along one axis, and more along another than memory holds.
      newShape = generator.pick([[0, 1 << 40], [1 << 40, 0], [0], [0, 0, 1 << 20], [0, 1 << 40, 1 << 40]])
    }
    let widths = [
      "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1, "F8_E4M3": 1,
    ]
    let type =
      generator.chance(2) ? entry["dtype"] as? String ?? "F32" : generator.pick(widths.keys.sorted())
    let count = newShape.contains(0) ? 0 : newShape.reduce(1, *)
    let size = count * (widths[type] ?? 4)
    guard size < 1 << 20 else { return nil }
    // Its bytes move to the end, so that the other tensors stay where they are.
    entry["shape"] = newShape
    entry["dtype"] = type
    entry["data_offsets"] = [data.count, data.count + size]
    object[name] = entry
    guard let text = try? JSONSerialization.data(withJSONObject: object, options: .sortedKeys) else {
      return nil
    }
    let old =
      offsets[0] >= 0 && offsets[0] <= offsets[1] && offsets[1] <= data.count
      ? data[offsets[0]..<offsets[1]] : []
    let filled = (0..<size).map { old.isEmpty ? 0 : old[old.startIndex + $0 % old.count] }
    return file(Array(text), data: data + filled)
  }

  /// The numbers of one tensor, some or all, of another magnitude.
  private static func magnified(
    _ header: [UInt8], _ data: [UInt8], using generator: inout SeededGenerator
  ) -> [UInt8]? {
    guard let object = (try? JSONSerialization.jsonObject(with: Data(header))) as? [String: Any],
      let name = object.keys.filter({ $0 != "__metadata__" }).sorted().randomElement(using: &generator),
      let entry = object[name] as? [String: Any], let type = entry["dtype"] as? String,
      let offsets = entry["data_offsets"] as? [Int], offsets.count == 2, offsets[0] >= 0,
      offsets[0] <= offsets[1], offsets[1] <= data.count, let kind = FloatKind(name: type)
    else { return nil }
    var data = data
    kind.magnify(&data, in: offsets[0]..<offsets[1], using: &generator)
    return file(header, data: data)
  }

  /// Some numbers infinite, not numbers, negative or huge, whatever their type.
  private static func numbersReplaced(_ data: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    guard data.count >= 8 else { return data }
    var data = data
    for _ in 0..<Int.random(in: 1...8, using: &generator) {
      let place = Int.random(in: 0..<data.count / 4, using: &generator) * 4
      let value =
        generator.chance(2)
        ? generator.pick([0x7FC0_0000, 0x7F80_0000, 0xFF80_0000, 0x7F7F_FFFF, 0x0000_0001, 0x8000_0000])
        : generator.pick(HostileValues.integers)
      Mutator.write(value, width: generator.pick([4, 8]), at: place, in: &data)
    }
    return data
  }
}
