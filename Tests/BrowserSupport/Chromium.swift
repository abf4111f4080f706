public import Foundation

/// The browser on this machine.
///
/// Tests of pages carry `.enabled(if: Chromium.isAvailable, "\(Chromium.reason)")`. Where `CLEW_REQUIRE_BROWSER` is 1,
/// such a test is never skipped: it fails if there is no browser.
public enum Chromium {
  /// The program: `CLEW_CHROMIUM`, or the first of the usual names on the `PATH`.
  public static let executable: URL? = {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["CLEW_CHROMIUM"] { return URL(filePath: path) }
    let folders = (environment["PATH"] ?? "").split(separator: ":")
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    return names.lazy.flatMap { name in folders.lazy.map { URL(filePath: "\($0)/\(name)") } }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }()

  /// Whether tests of pages are to run.
  public static let isAvailable =
    executable != nil || ProcessInfo.processInfo.environment["CLEW_REQUIRE_BROWSER"] == "1"

  /// The sentence that a skipped test shows.
  public static let reason =
    "there is no Chromium here to show pages in; as root, run: apt-get install chromium fonts-dejavu-core"

  /// How it is started: as tests want it, without a window, and without anything that talks to the network.
  static func arguments(profile: URL) -> [String] {
    var arguments = [
      "--headless=new", "--remote-debugging-pipe", "--user-data-dir=\(profile.path)",
      "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio",
      "--force-device-scale-factor=1", "--force-color-profile=srgb", "--lang=en-US",
      "--no-first-run", "--no-default-browser-check", "--password-store=basic", "--use-mock-keychain",
      "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
      "--disable-extensions", "--disable-sync", "--disable-client-side-phishing-detection",
      "--disable-breakpad", "--disable-crash-reporter", "--no-service-autorun", "--metrics-recording-only",
      "--disable-features=Translate,MediaRouter,OptimizationHints,InterestFeedContentSuggestions",
      // Several pages are looked at in turn, and none may sleep meanwhile.
      "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
      "--disable-background-timer-throttling", "--disable-ipc-flooding-protection",
      "--disable-popup-blocking", "--disable-prompt-on-repost", "--disable-hang-monitor",
    ]
    // Chromium's sandbox refuses to run as root.
    if geteuid() == 0 { arguments.append("--no-sandbox") }
    return arguments
  }

  /// Its environment: a home of its own, one language, one time zone, and no desktop to talk to.
  static func environment(home: URL) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment.filter { name, _ in
      !name.hasPrefix("XDG_") && !name.hasPrefix("LC_") && !["DISPLAY", "WAYLAND_DISPLAY"].contains(name)
    }
    environment["HOME"] = home.path
    environment["TMPDIR"] = home.path
    environment["LANG"] = "en_US.UTF-8"
    environment["LANGUAGE"] = "en"
    environment["TZ"] = "UTC"
    environment["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
    environment["DBUS_SYSTEM_BUS_ADDRESS"] = "disabled:"
    return environment
  }
}
