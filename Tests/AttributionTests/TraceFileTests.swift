import Clew
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct TraceFileTests {
  @Test(arguments: ReferenceCase.traces.filter { $0.isReal })
  func `at coverage 1 the file holds the published tool's tensors under its names`(
    example: ReferenceCase
  ) throws {
    let model = try TracingModel(model: example.modelFolder, transcoders: example.coderFolder)
    let settings = try #require(example.json("trace")["settings"] as? [String: Any])
    var request = TraceRequest(prompt: try #require(settings["prompt"] as? String))
    request.settings.coverage = 1
    let folder = try TemporaryFolder()
    try PromptTrace.trace(request, with: model).write(to: folder.url, model: model, command: ["clew"])
    let actual = try SafetensorsFile(folder.url("graph.safetensors"))
    for (name, expected) in try example.tensors("trace").tensors {
      let tensor = try actual.tensor(name)
      #expect(tensor.shape == expected.shape && tensor.typeName == expected.typeName, "\(name)")
      if expected.typeName == "F32" {
        // Edges of these models reach 20; the adjacency test looks at each row's own scale.
        #expect(largestDifference(try tensor.floats(), try expected.floats()) < 1e-3, "\(name)")
      } else {
        #expect(try tensor.integers() == expected.integers(), "\(name)")
      }
    }
  }
}
