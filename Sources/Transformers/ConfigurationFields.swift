internal import Foundation
internal import Tensors

/// The fields of a `config.json`, read with the checks that hostile files need.
struct ConfigurationFields {
  let object: [String: Any]
  let path: String

  private func bad(_ reason: String) -> TransformerError { .badConfiguration(path: path, reason: reason) }

  private func present(_ name: String) -> Any? {
    guard let value = object[name], !(value is NSNull) else { return nil }
    return value
  }

  /// A whole number, or `fallback` where the field is missing or null.
  func integer(_ name: String, default fallback: Int? = nil) throws(TransformerError) -> Int {
    guard let value = present(name) else {
      guard let fallback else { throw bad("it has no '\(name)'") }
      return fallback
    }
    guard let number = value as? NSNumber, let exact = Int(exactly: number.doubleValue) else {
      throw bad("its '\(name)' is not a whole number")
    }
    // No size of a model is larger, and products of two such numbers do not overflow.
    guard exact.magnitude <= 1 << 26 else { throw bad("its '\(name)' is \(exact)") }
    return exact
  }

  /// A finite number, or `fallback` where the field is missing or null.
  func number(_ name: String, default fallback: Double? = nil) throws(TransformerError) -> Double {
    guard let value = present(name) else {
      guard let fallback else { throw bad("it has no '\(name)'") }
      return fallback
    }
    guard let number = value as? NSNumber, number.doubleValue.isFinite else {
      throw bad("its '\(name)' is not a number")
    }
    return number.doubleValue
  }

  /// A truth value, or `fallback` where the field is missing or null.
  func flag(_ name: String, default fallback: Bool) throws(TransformerError) -> Bool {
    guard let value = present(name) else { return fallback }
    guard let flag = value as? Bool else { throw bad("its '\(name)' is neither true nor false") }
    return flag
  }

  /// A text, or `fallback` where the field is missing or null.
  func text(_ name: String, default fallback: String) throws(TransformerError) -> String {
    guard let value = present(name) else { return fallback }
    guard let text = value as? String else { throw bad("its '\(name)' is not a text") }
    return text
  }

  /// A number that may be missing or null, and then is `nil`.
  func optionalNumber(_ name: String) throws(TransformerError) -> Double? {
    has(name) ? try number(name) : nil
  }

  /// A list of texts, if there is one.
  func texts(_ name: String) throws(TransformerError) -> [String]? {
    guard let value = present(name) else { return nil }
    guard let texts = value as? [String], texts.count <= 4096 else {
      throw bad("its '\(name)' is no list of texts")
    }
    return texts
  }

  /// The activation that a field names.
  func activation(_ name: String, default fallback: String) throws(TransformerError) -> Activation {
    let text = try text(name, default: fallback)
    guard let activation = Activation(configurationName: text) else {
      throw bad("its \(name) '\(text)' is unknown")
    }
    return activation
  }

  /// Refuses a feature that is asked for and that no run here has.
  func refuse(_ name: String, _ isAskedFor: Bool) throws(TransformerError) {
    if isAskedFor { throw bad("it asks for '\(name)', which Clew does not have") }
  }

  /// A nested object, if there is one.
  func nested(_ name: String) throws(TransformerError) -> ConfigurationFields? {
    guard let value = present(name) else { return nil }
    guard let object = value as? [String: Any] else { throw bad("its '\(name)' is not an object") }
    return ConfigurationFields(object: object, path: path)
  }

  /// Whether the field is there and not null.
  func has(_ name: String) -> Bool { present(name) != nil }
}
