internal import ArgumentParser
internal import Clew
internal import Foundation

extension TraceCommand {
  /// Traces one prompt after the other with one model; what is wrong with a line is said, and the others are traced.
  /// - Throws: An exit code of 1 if a prompt could not be traced, and what keeps all of them from it.
  func trace(_ list: PromptList, _ bar: ProgressBar) throws {
    let parent = URL(filePath: output ?? "Output")
    // A folder that cannot be written is found before the work, not after it.
    let probe = try FileBatch(folder: parent)
    bar.show("opening the model", fraction: 0)
    let model = try models.open(tellsNotes: json || quiet)
    var (traced, failed): ([String], [Int]) = ([], [])
    for (index, line) in list.lines.enumerated() {
      do {
        let entry = try line.content.get()
        let (done, count) = (Double(index), Double(list.lines.count))
        let (trace, folder) = try self.trace(entry, with: model, bar) { phase, fraction in
          bar.show(
            "prompt \(index + 1) of \(list.lines.count), \(phase)", fraction: (done + fraction) / count)
        }
        bar.clear()
        traced.append(folder)
        try say(trace, folder: folder, line: line.number)
      } catch let error as OutputError {
        throw error
      } catch {
        bar.clear()
        failed.append(line.number)
        Terminal.complain("clew: line \(line.number) of \(list.name): \(Terminal.visible("\(error)"))")
        if json { try say(error, line: line.number) }
      }
    }
    withExtendedLifetime(probe) {}
    if !json, !quiet {
      try Terminal.output(
        "traced    \(traced.count) of \(list.lines.count) prompts, into folders in \(parent.relativePath)\n")
    }
    if !failed.isEmpty { throw ExitCode(1) }
  }

  private func say(_ trace: PromptTrace, folder: String, line: Int) throws {
    if json {
      guard var summary = trace.summary(folder: folder).object else { return }
      summary["line"] = JSON(line)
      try Terminal.output(String(decoding: try JSON.object(summary).bytes(), as: UTF8.self) + "\n")
    } else if !quiet {
      try Terminal.output("line      \(line)\n" + TraceText.text(trace, folder: folder) + "\n")
    }
  }

  private func say(_ error: any Error, line: Int) throws {
    let record: JSON = ["line": JSON(line), "error": .string("\(error)")]
    try Terminal.output(String(decoding: try record.bytes(), as: UTF8.self) + "\n")
  }
}
