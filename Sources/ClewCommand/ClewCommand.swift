internal import ArgumentParser
internal import Clew
internal import Foundation

/// The `clew` command.
@main
struct ClewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clew",
    abstract: "Traces how a language model's prompt reaches its answer.",
    discussion: """
      Clew replaces a model's MLPs by transcoder features, attributes the answer to features, tokens and errors, \
      prunes what it found into a graph, and draws it. Start with:

        clew trace "Once upon a time" --model DIR --transcoders DIR
      """,
    version: "clew \(versionText)",
    subcommands: [
      TraceCommand.self, ExploreCommand.self, ExportCommand.self, RenderCommand.self, PruneCommand.self,
      ScoreCommand.self,
      CheckCommand.self,
      FeaturesCommand.self, TrainCommand.self, ConvertCommand.self, InfoCommand.self, GenerateCommand.self,
      DemoCommand.self,
      BenchCommand.self,
    ])

  /// Prints help, the version or a completion script, and ends.
  private static func answer(_ text: String) -> Never {
    do { try Terminal.output(text + "\n") } catch {
      Terminal.complain("clew: \(error)")
      Foundation.exit(1)
    }
    Foundation.exit(0)
  }

  /// Refuses arguments that are not text: what would be read in their place is not what was given.
  private static func checkArguments() throws {
    for place in 1..<max(1, Int(CommandLine.argc)) {
      guard let bytes = CommandLine.unsafeArgv[place], String(validatingCString: bytes) == nil else {
        continue
      }
      throw ValidationError(
        "argument \(place), '\(Terminal.visible(String(cString: bytes)))', is not UTF-8 text. "
          + "Convert it, for example with iconv -t UTF-8.")
    }
  }

  /// Refuses a word in a command's place that is none, and says which was probably meant.
  private static func checkCommands(_ arguments: ArraySlice<String>) throws {
    var words = arguments
    if words.first == "help" { words.removeFirst() }
    var (command, path): (any ParsableCommand.Type, String) = (ClewCommand.self, "clew")
    while let word = words.popFirst(), !word.hasPrefix("-") {
      let commands = command.configuration.subcommands
      if commands.isEmpty || word == "help" { return }
      let names = commands.compactMap { $0.configuration.commandName }
      guard let next = commands.first(where: { $0.configuration.commandName == word }) else {
        let meant = Spelling.nearest(to: word, in: names).map { "Did you mean '\(path) \($0)'? " } ?? ""
        throw ValidationError(
          "there is no command '\(path) \(Terminal.visible(word))'. \(meant)There \(names.count == 1 ? "is" : "are") \(names.joined(separator: ", "))."
        )
      }
      (command, path) = (next, "\(path) \(word)")
    }
  }

  /// Parses, runs, and ends with status 0, 1 for what went wrong, or 2 for wrong arguments.
  static func main() {
    do {
      // Before anything is begun that would wait for ever without threads, or stop short without descriptors.
      try ProcessLimits.check()
      Interruption.watch()
      // A file that may not grow further is refused like a full disk.
      signal(SIGXFSZ, SIG_IGN)
      try TornFiles.endProcess { error in
        Terminal.complain("clew: \(error)")
        FileBatch.endProcess(status: 1)
      }
      try checkArguments()
      try checkCommands(CommandLine.arguments.dropFirst())
      var command = try parseAsRoot()
      try command.run()
    } catch {
      if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
      let code = exitCode(for: error)
      if code == .success {
        answer(fullMessage(for: error))
      } else if code == .validationFailure {
        let message = fullMessage(for: error)
        Terminal.complain("clew: " + (message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message))
        Foundation.exit(2)
      } else {
        Terminal.complain("clew: \(Terminal.visible("\(error)"))")
        Foundation.exit(1)
      }
    }
  }
}
