/// A country.
public struct Country: Sendable {
  public let name: String
  public let capital: String
  public let continent: Continent
  public let currency: String
  /// The official language; of several, the one with the most speakers.
  public let language: String
  public let cities: [String]

  /// The continents on which there are countries here.
  public enum Continent: String, CaseIterable, Sendable {
    case africa = "Africa"
    case asia = "Asia"
    case europe = "Europe"
    case northAmerica = "North America"
    case southAmerica = "South America"
  }

  init(
    _ name: String, _ capital: String, _ continent: Continent, _ currency: String, _ language: String,
    _ cities: [String]
  ) {
    self.name = name
    self.capital = capital
    self.continent = continent
    self.currency = currency
    self.language = language
    self.cities = cities
  }
}
