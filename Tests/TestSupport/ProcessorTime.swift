internal import Foundation

/// The processor's time that this thread spends on some work, in seconds. A busy machine does not lengthen it much, so a
/// test may bound it: generously, and only to find work that grows without measure.
public func processorSeconds<Result, Failure: Error>(
  _ work: () throws(Failure) -> Result
) throws(Failure) -> (result: Result, seconds: Double) {
  let start = secondsOfThisThread()
  let result = try work()
  return (result, secondsOfThisThread() - start)
}

private func secondsOfThisThread() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
