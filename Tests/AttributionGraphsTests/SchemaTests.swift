import AttributionGraphs
import Foundation
import TestSupport
import Testing

/// Neuronpedia's own schema, checked by Python's `jsonschema`.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct SchemaTests {
  static let hasValidator = (try? run(["-c", "import jsonschema"])) == ""

  @Test(.enabled(if: hasValidator, "python3 with the package jsonschema is not here"), arguments: 0...3)
  func `written files are valid by Neuronpedia's schema`(which: Int) throws {
    let graph =
      which == 3
      ? try AttributionGraph.random(seed: 1).skipping([3]).pruned().graph
      : try RealGraphTests.read(RealGraphTests.names[which]).graph
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try graph.write(toFile: file.path)
    let program = """
      import json, sys, jsonschema
      schema, graph = (json.load(open(path)) for path in sys.argv[1:])
      for error in jsonschema.Draft7Validator(schema).iter_errors(graph): print(error.message[:200])
      """
    #expect(try Self.run(["-c", program, SharedFiles.url("graphs/graph-schema.json").path, file.path]) == "")
  }

  /// What Python prints, errors included.
  private static func run(_ arguments: [String]) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
  }
}
