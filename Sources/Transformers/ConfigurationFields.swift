internal import Checkpoints
internal import Foundation
internal import Tensors

/// The fields of a `config.json`, read with the checks that hostile files need.
struct ConfigurationFields {
  let object: [String: Any]
  let path: String
  /// What stands before a field's name in messages: the names of the objects around it.
  var prefix = ""

  /// What is thrown about the file.
  func bad(_ reason: String) -> TransformerError { .badConfiguration(path: path, reason: reason) }

  private func present(_ name: String) -> Any? {
    guard let value = object[name], !(value is NSNull) else { return nil }
    return value
  }

  /// A field's value, `nil` where the field is missing.
  ///
  /// Null is refused unless the family itself takes it for its default: elsewhere, libraries take it for zero or no, or do not
  /// load the model.
  private func value(_ name: String, nullable: Bool) throws(TransformerError) -> Any? {
    if let value = present(name) { return value }
    guard nullable || object[name] == nil else {
      throw bad("its '\(prefix)\(name)' is null; state its value, or leave the field out for the default")
    }
    return nil
  }

  /// A whole number, or `fallback` where the field is missing.
  /// - Parameter nullable: Whether null stands for the fallback too.
  func integer(
    _ name: String, default fallback: Int? = nil, nullable: Bool = false
  ) throws(TransformerError) -> Int {
    guard let value = try value(name, nullable: nullable) else {
      guard let fallback else { throw bad("it has no '\(prefix)\(name)'") }
      return fallback
    }
    guard let number = JSONScalar.number(value), let exact = Int(exactly: number) else {
      throw bad("its '\(prefix)\(name)' is not a whole number")
    }
    // No size of a model is larger, and products of two such numbers do not overflow.
    guard exact.magnitude <= 1 << 26 else { throw bad("its '\(prefix)\(name)' is \(exact)") }
    return exact
  }

  /// A finite number, or `fallback` where the field is missing.
  /// - Parameter nullable: Whether null stands for the fallback too.
  func number(
    _ name: String, default fallback: Double? = nil, nullable: Bool = false
  ) throws(TransformerError) -> Double {
    guard let value = try value(name, nullable: nullable) else {
      guard let fallback else { throw bad("it has no '\(prefix)\(name)'") }
      return fallback
    }
    guard let number = JSONScalar.number(value), number.isFinite else {
      throw bad("its '\(prefix)\(name)' is not a number")
    }
    return number
  }

  /// A truth value, or `fallback` where the field is missing.
  /// - Parameter null: What null stands for, where it stands for anything.
  func flag(_ name: String, default fallback: Bool, null: Bool? = nil) throws(TransformerError) -> Bool {
    guard let value = try value(name, nullable: null != nil) else {
      return object[name] == nil ? fallback : null ?? fallback
    }
    guard let flag = JSONScalar.flag(value) else {
      throw bad("its '\(prefix)\(name)' is neither true nor false")
    }
    return flag
  }

  /// A text, or `fallback` where the field is missing.
  func text(_ name: String, default fallback: String) throws(TransformerError) -> String {
    guard let value = try value(name, nullable: false) else { return fallback }
    guard let text = value as? String else { throw bad("its '\(prefix)\(name)' is not a text") }
    return text
  }

  /// A number that may be null, and then is `nil`; `fallback` where the field is missing.
  func optionalNumber(_ name: String, default fallback: Double? = nil) throws(TransformerError) -> Double? {
    if has(name) { return try number(name) }
    return object[name] == nil ? fallback : nil
  }

  /// A whole number that may be null, and then is `nil`; `fallback` where the field is missing.
  func optionalInteger(_ name: String, default fallback: Int? = nil) throws(TransformerError) -> Int? {
    if has(name) { return try integer(name) }
    return object[name] == nil ? fallback : nil
  }

  /// A number above zero, or `fallback` where the field is missing.
  /// - Parameter nullable: Whether null stands for the fallback too.
  func positive(
    _ name: String, default fallback: Double? = nil, nullable: Bool = false
  ) throws(TransformerError) -> Double {
    let value = try number(name, default: fallback, nullable: nullable)
    guard value > 0 else { throw bad("its '\(prefix)\(name)' is \(value), which is not positive") }
    return value
  }

  /// The one number that several places state; `nil` where none does.
  static func agreed(
    _ places: [(fields: ConfigurationFields, name: String)]
  ) throws(TransformerError) -> Double? {
    var known: (name: String, value: Double)?
    for (fields, name) in places {
      guard try fields.value(name, nullable: false) != nil else { continue }
      let value = try fields.number(name)
      if let known, known.value != value {
        throw fields.bad(
          "its '\(known.name)' is \(known.value), but its '\(fields.prefix)\(name)' is \(value)")
      }
      known = (fields.prefix + name, value)
    }
    return known?.value
  }

  /// A list of texts, if there is one.
  func texts(_ name: String) throws(TransformerError) -> [String]? {
    guard let value = present(name) else { return nil }
    guard let texts = value as? [String], texts.count <= 4096 else {
      throw bad("its '\(prefix)\(name)' is no list of texts")
    }
    return texts
  }

  /// The activation that a field names.
  func activation(_ name: String, default fallback: String) throws(TransformerError) -> Activation {
    let text = try text(name, default: fallback)
    guard let activation = Activation(configurationName: text) else {
      throw .unsupported(path: path, what: "\(name) '\(text)'")
    }
    return activation
  }

  /// Refuses a feature that is asked for and that no run here has.
  func refuse(_ name: String, _ isAskedFor: Bool) throws(TransformerError) {
    if isAskedFor { throw .unsupported(path: path, what: "'\(name)'") }
  }

  /// A nested object, if there is one.
  func nested(_ name: String) throws(TransformerError) -> ConfigurationFields? {
    guard let value = present(name) else { return nil }
    guard let object = value as? [String: Any] else { throw bad("its '\(prefix)\(name)' is not an object") }
    return ConfigurationFields(object: object, path: path, prefix: "\(prefix)\(name).")
  }

  /// Whether the field is there and not null.
  func has(_ name: String) -> Bool { present(name) != nil }
}
