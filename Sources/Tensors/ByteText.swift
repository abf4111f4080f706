internal import Foundation

/// Sizes as people read them.
public enum ByteText {
  /// A size as options take it, in whole mebibytes and never too small: `860M`.
  public static func option(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20)M" }

  /// `512 MiB`, `1.5 GiB`: a number of bytes with as many digits as matter.
  public static func of(_ bytes: Int) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(bytes), unit = 0
    while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
    let digits = unit > 0 && value < 10 ? 1 : 0
    return String(format: "%.\(digits)f", value) + " " + units[unit]
  }
}
