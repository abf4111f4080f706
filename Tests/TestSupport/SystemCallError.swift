import Foundation

/// A call to the system that failed in the tests' own tools.
public struct SystemCallError: Error, CustomStringConvertible {
  /// What was called.
  public let call: String
  /// The system's number of the error.
  public let code: Int32

  /// The call that has just failed.
  public init(call: String) { self.init(call: call, code: errno) }

  init(call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  public var description: String { "\(call) failed: \(String(cString: strerror(code)))." }
}

/// The result of a call to the system, or its error if the result is negative.
@discardableResult
func check(_ result: Int32, _ call: String) throws -> Int32 {
  guard result >= 0 else { throw SystemCallError(call: call) }
  return result
}
