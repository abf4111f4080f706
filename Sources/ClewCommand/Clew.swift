import ArgumentParser

@main
struct ClewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "clew", abstract: "Attribution graphs.")
}
