internal import Foundation

/// The plain values of parsed JSON, told apart: Foundation's own casts take true for 1, and 1 for true.
public enum JSONScalar {
  /// A number; `nil` for all else.
  public static func number(_ value: Any?) -> Double? {
    guard let number = value as? NSNumber, !isTruthValue(number) else { return nil }
    return number.doubleValue
  }

  /// True or false; `nil` for all else.
  public static func flag(_ value: Any?) -> Bool? {
    guard let number = value as? NSNumber, isTruthValue(number) else { return nil }
    return number.boolValue
  }

  /// Truth values are the only numbers of JSON that are kept as characters.
  private static func isTruthValue(_ number: NSNumber) -> Bool {
    number.objCType.pointee == CChar(bitPattern: UInt8(ascii: "c"))
  }
}
