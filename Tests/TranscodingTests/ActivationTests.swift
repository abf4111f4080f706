import Clew
import Testing

struct ActivationTests {
  private func indices(_ coder: Transcoder, _ preactivations: [Float]) -> [Int] {
    coder.activeFeatures(preactivations[...], layer: 0).map(\.index)
  }

  @Test func `ReLU keeps what is more than zero`() throws {
    let folder = try TranscoderFolder.perLayer()
    let coder = try folder.load()
    #expect(indices(coder, [-1, 0, 1e-30]) == [2])
  }

  @Test func `TopK keeps negative values among the largest, of equals the first`() throws {
    let folder = try TranscoderFolder.perLayer(more: "activation: topk\nk: 2")
    let coder = try folder.load()
    let kept = coder.activeFeatures([-3, -1, -2], layer: 0)
    #expect(kept.map(\.index) == [1, 2])
    #expect(kept.map(\.activation) == [-1, -2])
    #expect(indices(coder, [5, 5, 5]) == [0, 1])
    #expect(indices(coder, [0, 0, -1]) == [])
  }

  @Test func `TopK of as many features as there are keeps all`() throws {
    let folder = try TranscoderFolder.perLayer(more: "activation: topk\nk: 3")
    #expect(indices(try folder.load(), [1, -2, 3]) == [0, 1, 2])
  }

  @Test func `JumpReLU keeps what is more than its threshold, and not what equals it`() throws {
    let folder = try TranscoderFolder.perLayer {
      $0["activation_function.threshold"] = Tensor(values: [0.5, 1, -1], shape: [3])
    }
    let coder = try folder.load()
    #expect(indices(coder, [0.5, 1, -1]) == [])
    #expect(indices(coder, [Float(0.5).nextUp, Float(1).nextUp, Float(-1).nextUp]) == [0, 1, 2])
    // What is zero adds nothing, whatever the threshold.
    #expect(indices(coder, [0, 0, 0]) == [])
    #expect(coder.activeFeatures([2, 0, -0.5], layer: 0).map(\.activation) == [2, -0.5])
  }

  @Test(arguments: [[Int](), [1]]) func `one threshold may stand for all features`(shape: [Int]) throws {
    let folder = try TranscoderFolder.perLayer {
      $0["activation_function.threshold"] = Tensor(values: [1], shape: shape)
    }
    #expect(indices(try folder.load(), [1, 2, 0.5]) == [1])
  }

  @Test func `a slice of many positions is read from its own start`() throws {
    let folder = try TranscoderFolder.perLayer {
      $0["activation_function.threshold"] = Tensor(values: [1, 2, 3], shape: [3])
    }
    let coder = try folder.load()
    let preactivations: [Float] = [9, 9, 9, 0, 2.5, 3]
    #expect(coder.activeFeatures(preactivations[3...], layer: 0).map(\.index) == [1])
  }

  @Test func `preactivations are the encoder's product with its bias`() throws {
    let folder = try TranscoderFolder.perLayer()
    let input = Matrix(rows: 1, columns: 2, values: [1, 10])
    // W_enc = [[1, 2], [3, 4], [5, 6]], b_enc = [1, 2, 3].
    #expect(try folder.load().preactivations(of: input, layer: 0).values == [22, 45, 68])
  }
}

struct SkipTests {
  private let input = Matrix(rows: 1, columns: 2, values: [1, 10])

  @Test func `a skip matrix of one layer's transcoder is applied as it is stored`() throws {
    let folder = try TranscoderFolder.perLayer { $0["W_skip"] = .counting([2, 2]) }
    let coder = try folder.load()
    let skip = try #require(coder.layers[0].skip)
    // [[1, 2], [3, 4]] · (1, 10)
    #expect(input.multiplied(byTransposed: skip).values == [21, 43])
    #expect(coder.hasSkip)
  }

  @Test func `a skip matrix of a cross-layer transcoder is applied from the right`() throws {
    let folder = try TranscoderFolder.crossLayer { layer, tensors in
      tensors["W_skip_\(layer)"] = .counting([2, 2])
    }
    let coder = try folder.load()
    let skip = try #require(coder.layers[0].skip)
    // (1, 10) · [[1, 2], [3, 4]]
    #expect(input.multiplied(byTransposed: skip).values == [31, 42])
  }
}
