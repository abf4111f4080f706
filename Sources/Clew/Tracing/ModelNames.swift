internal import AttributionGraphs
internal import Foundation

/// Whether the model that transcoders name is the one they are used on, as far as names can tell.
enum ModelNames {
  /// Says so if transcoders name another model.
  ///
  /// A model's folder is its name on the hub, its name in the hub's cache, or whatever a user calls it, so all that is known
  /// of it is compared. A name that says nothing (`model`) is not held against anything.
  /// - Parameters:
  ///   - stated: What the transcoders name.
  ///   - folder: The model's folder.
  ///   - name: What people call the model.
  static func mismatch(stated: String, folder: URL, name: String) -> String? {
    let wanted = words(of: stated)
    let known = (names(of: folder) + [name]).map(words).filter { !$0.isEmpty }
    if wanted.isEmpty || known.isEmpty || known.contains(wanted) { return nil }
    return "these transcoders name '\(stated)' as their model, and this one is called '\(name)'"
  }

  /// What a folder calls its model: itself, the repository in whose cache it lies, and where its configuration came from.
  static func names(of folder: URL) -> [String] {
    let folder = folder.standardizedFileURL.resolvingSymlinksInPath()
    var names = [folder.lastPathComponent]
    names += folder.pathComponents.filter { $0.hasPrefix("models--") }.compactMap {
      $0.components(separatedBy: "--").last
    }
    if let bytes = try? Data(contentsOf: folder.appending(path: "config.json")),
      let origin = (try? JSON(parsing: Array(bytes)))?.object?["_name_or_path"]?.string
    {
      names.append(origin)
    }
    return names
  }

  /// A name without its owner, in lower case and without marks; empty if it says nothing.
  ///
  /// How weights are stored does not make another model, and `gpt2` is called `gpt2-small` by some.
  static func words(of name: String) -> String {
    let last = name.split(separator: "/").last.map(String.init) ?? ""
    let words = last.lowercased().split { !$0.isLetter && !$0.isNumber }
    return words.filter { !meaningless.contains(String($0)) }.joined()
  }

  private static let meaningless: Set = [
    "model", "hf", "bf16", "bfloat16", "fp16", "f16", "float16", "fp32", "f32", "float32", "safetensors",
    "small",
    "unknown", "local",
  ]
}
