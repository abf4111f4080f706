/// A state of the USA.
public struct State: Sendable {
  public let name: String
  public let capital: String
  /// Of the postal service.
  public let abbreviation: String
  public let region: Region
  public let cities: [String]

  /// The regions of the census.
  public enum Region: String, CaseIterable, Sendable {
    case northeast = "Northeast"
    case midwest = "Midwest"
    case south = "South"
    case west = "West"
  }

  init(_ name: String, _ capital: String, _ abbreviation: String, _ region: Region, _ cities: [String]) {
    self.name = name
    self.capital = capital
    self.abbreviation = abbreviation
    self.region = region
    self.cities = cities
  }
}
