import AttributionGraphs
import Testing

/// Rounding must claim neither all nor nothing where that is not so.
struct NumberTextTests {
  @Test(
    arguments: [
      (0, "0 %"), (1, "100 %"), (0.436, "44 %"), (0.994, "99 %"), (0.996, "99.6 %"), (0.9987, "99.9 %"),
      (0.9998, "99.98 %"), (0.99998, "> 99.99 %"), (1 - 1e-7, "> 99.99 %"), (0.004, "< 1 %"),
      (0.00499, "< 1 %"),
      (3e-6, "< 1 %"), (.leastNonzeroMagnitude, "< 1 %"), (-0.0003, "> −1 %"), (-0.25, "−25 %"),
      (-0.9999999, "< −99.99 %"),
      (1.5, "150 %"), (1 - 1e-15, "100 %"), (.nan, "–"), (.infinity, "–"), (-.infinity, "–"),
    ] as [(Double, String)])
  func `whole percent`(share: Double, text: String) { #expect(NumberText.percent(share) == text) }

  @Test(
    arguments: [
      (0, "0 %"), (1, "100 %"), (0.9985, "99.85 %"), (0.99994, "99.99 %"), (0.99996, "> 99.99 %"),
      (3e-6, "< 0.01 %"), (0.00006, "0.01 %"), (-0.0003, "−0.03 %"), (-0.000003, "> −0.01 %"),
      (0.5, "50.00 %"),
    ] as [(Double, String)])
  func `percent with two decimals`(share: Double, text: String) {
    #expect(NumberText.percent(share, decimals: 2) == text)
  }

  @Test func `no share below all is written as all, and none above nothing as nothing`() {
    for exponent in 1...15 {
      for decimals in 0...4 {
        let small = 3 * (0..<exponent).reduce(1.0) { value, _ in value / 10 }
        let (near, far) = (
          NumberText.percent(1 - small, decimals: decimals), NumberText.percent(small, decimals: decimals)
        )
        if small > 1e-10 { #expect(!near.hasPrefix("100"), "\(near) for 1 - \(small)") }
        #expect(far.contains { ("1"..."9").contains($0) }, "\(far) for \(small)")
      }
    }
  }

  @Test(
    arguments: [
      (0, "0"), (1, "1"), (0.7134, "0.713"), (0.9996, "0.9996"), (0.99999996, "> 0.99999"),
      (0.0001, "< 0.001"),
      (-0.0001, "> −0.001"), (2.5, "2.500"), (.nan, "–"),
    ] as [(Double, String)])
  func `scores with three decimals`(value: Double, text: String) {
    #expect(NumberText.decimal(value) == text)
  }

  @Test(
    arguments: [
      (3.2144, "+3.214"), (-0.02, "−0.020"), (0, "0"), (-0.0, "0"), (3e-6, "+3e-06"), (-4e-5, "−4e-05"),
      (.nan, "–"),
    ] as [(Double, String)])
  func `differences have their sign`(value: Double, text: String) {
    #expect(NumberText.signed(value) == text)
  }

  @Test(
    arguments: [
      (0.0865123, "0.086512"), (3.2e-6, "3.2e-06"), (1, "1"), (0, "0"), (-0.0, "0"), (123_456, "123460"),
      (-0.000299999, "-0.0003"),
    ] as [(Double, String)])
  func `numbers in tables have five digits that count`(value: Double, text: String) {
    #expect(NumberText.significant(value) == text)
  }

  @Test(arguments: [
    1e15, 1e18, 1e300, .greatestFiniteMagnitude, -1e300, .leastNonzeroMagnitude, .infinity, .nan,
  ])
  func `no number is too great or too small`(value: Double) {
    for decimals in 0...6 {
      #expect(!NumberText.percent(value, decimals: decimals).isEmpty)
      #expect(!NumberText.decimal(value, decimals: decimals).isEmpty)
      #expect(!NumberText.signed(value, decimals: decimals).isEmpty)
      #expect(!NumberText.significant(value, digits: max(1, decimals)).isEmpty)
    }
  }
}
