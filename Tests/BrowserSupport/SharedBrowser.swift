extension Browser {
  /// The browser that tests share, since a start takes a second: started when the first test wants it.
  public static var shared: Browser {
    get async throws { try await SharedBrowser.instance.browser() }
  }

  /// Gives a test one page of the shared browser, and fails it if the page has troubles that the test did not take.
  ///
  /// Where all that can throw stands inside `#expect`, the compiler does not see it, and the closure has to say so:
  /// `{ page async throws in … }`.
  public static func withPage<Result>(
    width: Int = 1280, height: Int = 800, _ body: (Page) async throws -> Result
  ) async throws -> Result {
    try await shared.withPage(width: width, height: height, body)
  }

  /// Gives a test a window of the shared browser; see ``withPage(width:height:_:)``.
  public static func withWindow<Result>(_ body: (Window) async throws -> Result) async throws -> Result {
    try await shared.withWindow(body)
  }
}

/// Keeps the shared browser, and starts another if it has ended.
private actor SharedBrowser {
  static let instance = SharedBrowser()

  private var launch: Task<Browser, any Error>?

  func browser() async throws -> Browser {
    while let current = launch {
      let browser = try await current.value
      if !browser.hasEnded { return browser }
      // Somebody else may have started another meanwhile.
      if launch == current { launch = nil }
    }
    let task = Task { try await Browser.launch() }
    launch = task
    return try await task.value
  }
}
