internal import Foundation

extension Template {
  /// Writes a time as Python's `strftime` does, in this machine's time zone and in English.
  enum DateFormat {
    /// - Parameters:
    ///   - date: The time to tell.
    ///   - format: Letters, with a percent sign before those that stand for a part of the time.
    static func text(of date: Date, format: Scalars) throws(Problem) -> Scalars {
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = .current
      let parts = calendar.dateComponents(
        [.year, .month, .day, .hour, .minute, .second, .weekday, .nanosecond], from: date)
      let dayOfYear = calendar.ordinality(of: .day, in: .year, for: date) ?? 1
      var text: Scalars = []
      var isSign = false
      for letter in format {
        if !isSign {
          if letter == "%" { isSign = true } else { text.append(letter) }
          continue
        }
        isSign = false
        guard let part = Self.part(letter, of: parts, dayOfYear: dayOfYear) else {
          throw .unsupported("'%\(letter)' in 'strftime_now'")
        }
        text += Scalars(part.unicodeScalars)
      }
      if isSign { throw .unsupported("a single '%' in 'strftime_now'") }
      return text
    }

    private static let months = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
      "November",
      "December",
    ]
    private static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    private static func digits(_ number: Int?, _ count: Int = 2, filledWith filling: String = "0") -> String {
      let text = String(number ?? 0)
      return String(repeating: filling, count: max(0, count - text.count)) + text
    }

    private static func part(_ letter: Unicode.Scalar, of parts: DateComponents, dayOfYear: Int) -> String? {
      let month = months[((parts.month ?? 1) - 1) % 12]
      let day = days[((parts.weekday ?? 1) - 1) % 7]
      let hour = parts.hour ?? 0
      switch letter {
      case "Y": return digits(parts.year, 1)
      case "y": return digits((parts.year ?? 0) % 100)
      case "m": return digits(parts.month)
      case "d": return digits(parts.day)
      case "e": return digits(parts.day, filledWith: " ")
      case "B": return month
      case "b", "h": return String(month.prefix(3))
      case "A": return day
      case "a": return String(day.prefix(3))
      case "H": return digits(hour)
      case "I": return digits((hour + 11) % 12 + 1)
      case "p": return hour < 12 ? "AM" : "PM"
      case "M": return digits(parts.minute)
      case "S": return digits(parts.second)
      case "f": return digits((parts.nanosecond ?? 0) / 1000, 6)
      case "j": return digits(dayOfYear, 3)
      case "w": return String((parts.weekday ?? 1) - 1)
      case "F": return "\(digits(parts.year, 1))-\(digits(parts.month))-\(digits(parts.day))"
      case "T": return "\(digits(hour)):\(digits(parts.minute)):\(digits(parts.second))"
      case "R": return "\(digits(hour)):\(digits(parts.minute))"
      case "D": return "\(digits(parts.month))/\(digits(parts.day))/\(digits((parts.year ?? 0) % 100))"
      case "z", "Z": return ""
      case "n": return "\n"
      case "t": return "\t"
      case "%": return "%"
      default: return nil
      }
    }
  }
}
