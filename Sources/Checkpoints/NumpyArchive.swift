public import Foundation
public import Tensors

/// A NumPy `.npz` archive, memory-mapped: a zip file whose members are arrays, stored as they are.
///
/// The directory at the end names each member and where it lies; every offset and length is checked against the file,
/// the member's own header, and the other members before anything is used. Archives beyond 4 GiB have the wider
/// directory of zip's version 4.5. Compressed members are refused: they could not be mapped.
public struct NumpyArchive: Sendable {
  /// The arrays by name, without `.npy`.
  public let tensors: [String: StoredTensor]
  /// The file.
  public let file: MappedFile

  /// The types that can be read, as NumPy and as safetensors spell them.
  private static let types = [
    "<f8": "F64", "<f4": "F32", "<f2": "F16", "<i8": "I64", "<i4": "I32", "<i2": "I16", "|i1": "I8",
    "<u8": "U64",
    "<u4": "U32", "<u2": "U16", "|u1": "U8", "|b1": "BOOL",
  ]

  /// Maps an archive and checks its directory and the header of every array.
  public init(_ url: URL) throws(CheckpointError) {
    file = try MappedFile(checkpoint: url)
    let widths = Self.types.compactMapValues { SafetensorsFile.widths[$0] }
    var tensors: [String: StoredTensor] = [:]
    var name = ""
    do {
      for member in try ZipDirectory(file.bytes).members {
        name = member.name.hasSuffix(".npy") ? String(member.name.dropLast(4)) : member.name
        guard tensors[name] == nil else { throw ZipDirectory.Fault(reason: "it is there twice") }
        let header = try NumpyHeader(
          UnsafeRawBufferPointer(rebasing: file.bytes[member.bytes]), widths: widths)
        tensors[name] = StoredTensor(
          name: name, typeName: Self.types[header.type] ?? header.type, shape: header.shape, file: file,
          bytes: member.bytes.lowerBound + header.dataStart..<member.bytes.upperBound)
      }
    } catch let fault as ZipDirectory.Fault {
      throw .badArchive(path: url.path, reason: (name.isEmpty ? "" : "'\(name)': ") + fault.reason)
    } catch let fault as NumpyHeader.Fault {
      throw .badArchive(path: url.path, reason: "'\(name)': " + fault.reason)
    } catch {
      throw .badArchive(path: url.path, reason: "\(error)")
    }
    self.tensors = tensors
  }

  /// An array by name.
  public func tensor(_ name: String) throws(CheckpointError) -> StoredTensor {
    guard let tensor = tensors[name] else {
      throw .tensorNotFound(name: name, path: file.path, nearest: nearestNames(to: name, in: tensors.keys))
    }
    return tensor
  }
}
