internal import ArgumentParser
internal import Clew
internal import Foundation

/// Says what a folder of weights holds.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Says what a model's folder or a folder of transcoders holds.")

  @Argument(help: "The folder, or its name on the Hugging Face hub.", completion: .directory) var folder:
    String
  @Flag(help: "Print JSON on standard output.") var json = false

  func run() throws {
    let info = try FolderInfo.of(HubReference.folder(folder, of: nil))
    if json {
      try Terminal.output(String(decoding: try JSON.object(info).bytes(), as: UTF8.self) + "\n")
      return
    }
    let lines = info.members.map { key, value in
      let name = key.replacingOccurrences(of: "_", with: " ")
      return name.padding(toLength: 20, withPad: " ", startingAt: 0) + text(value) + "\n"
    }
    try Terminal.output(lines.joined())
  }

  private func text(_ value: JSON) -> String {
    switch value {
    case .null: "none"
    case .bool(let flag): flag ? "yes" : "no"
    case .number(let number): number
    case .string(let text): text
    case .array(let items): items.map { text($0) }.joined(separator: ", ")
    case .object: ""
    }
  }
}
