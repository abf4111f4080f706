internal import ArgumentParser

@main
struct ClewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clew", abstract: "Traces how a language model's prompt reaches its answer.",
    subcommands: [BenchCommand.self])
}
