internal import Foundation
internal import Synchronization

/// A folder that another one takes the place of, whole.
///
/// The new folder is filled beside the old one. Files that others put into the old one get a second name in the new one;
/// then one call exchanges the two; then subfolders are moved over, and the old folder goes. Until it is done with, the new
/// folder holds a file that says what goes with the old one: a hidden folder that holds it was never put in place, and one
/// that does not is what another took the place of.
struct Replacement {
  /// The name of that file.
  static let record = ".clew-new"

  private let folder: String
  /// What goes with the old folder; `nil` if nothing says so.
  private var owned: Set<String>?
  private let renaming: [String: String]
  private var parent: String { URL(filePath: folder).deletingLastPathComponent().path }
  private var name: String { URL(filePath: folder).lastPathComponent }

  init(of folder: String, owned: Set<String>, renaming: [String: String]) {
    (self.folder, self.owned, self.renaming) = (folder, owned, renaming)
  }

  /// One that a killed process had begun, as the folder's own record says.
  init(recordedIn folder: String) {
    self.folder = folder
    guard let text = try? String(contentsOfFile: "\(folder)/\(Self.record)", encoding: .utf8) else {
      (owned, renaming) = (nil, [:])
      return
    }
    let lines = text.split(separator: "\n").map { $0.split(separator: "\t").map { String($0) } }
    owned = Set(lines.filter { $0.count == 1 }.map { $0[0] })
    renaming = Dictionary(lines.filter { $0.count == 2 }.map { ($0[0], $0[1]) }) { first, _ in first }
  }

  private var recordText: String {
    let lines = (owned ?? []).sorted() + renaming.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)" }
    return lines.map { $0 + "\n" }.joined()
  }

  // MARK: Beside the folder

  /// A folder beside it to fill; `nil` if that cannot be put in its place.
  func staging() -> StagingFolder? {
    // Who works in a folder would find himself in one that is gone, and a mount point cannot be moved.
    guard let own = FileIdentity(folder), let above = FileIdentity(parent, followsLinks: true),
      own.device == above.device, own != above, own != FileIdentity("."), access(parent, W_OK) == 0,
      !FileSteps.lacks(.siblings),
      let staging = try? StagingFolder(in: parent, replacing: name)
    else { return nil }
    return writeRecord(in: staging) == 0 ? staging : nil
  }

  private func writeRecord(in staging: StagingFolder) -> Int32 {
    let (record, failure) = FileCalls.create("\(staging.path)/\(Self.record)")
    guard failure == 0 else { return failure }
    var error = FileCalls.write(Array(recordText.utf8), to: record)
    if error == 0 { error = FileCalls.sync(record) }
    return close(record) != 0 && error == 0 ? errno : error
  }

  func isBeside(_ staging: StagingFolder) -> Bool {
    URL(filePath: staging.path).deletingLastPathComponent().path == parent
  }

  /// Puts a staging folder in the folder's place.
  /// - Returns: Whether that can be done here; if not, nothing was changed.
  func exchange(_ staging: StagingFolder, names: [String]) throws(FileError) -> Bool {
    // Whoever changes a file of others in it has either done so, or waits and finds the new folder.
    guard let lock = FolderLock(folder, waits: true), let there = FileIdentity(folder),
      let others = listedFolder(folder)
    else { return false }
    defer { withExtendedLifetime(lock) {} }
    // What is new takes the place of what had its name.
    var own = self
    own.owned = Set(names).union(owned ?? [])
    for name in others where own.owned?.contains(name) == false {
      let place = "\(folder)/\(name)"
      if name == Self.record {
        // Of one that was put in place long ago, by a process that was killed then.
        _ = FileCalls.remove(place)
      } else if let found = FileIdentity(place), found.isFolder {
        // It will be moved, which changes what it says of the folder above it.
        guard found.device == there.device, access(place, W_OK) == 0 else { return false }
      } else {
        guard FileCalls.link(place, at: "\(staging.path)/\(renaming[name] ?? name)") == 0 else {
          return false
        }
      }
    }
    guard staging.takeOwner(of: there) else { return false }
    var error = own.writeRecord(in: staging)
    if error == 0 { error = FileCalls.syncFolder(staging.path) }
    guard error == 0 else { throw .cannotWrite(path: folder, reason: FileCalls.reason(error)) }
    error = Unfinished.things.withLock { things in
      // Onto nothing, or an empty folder.
      var error = FileCalls.move(staging.path, to: folder)
      if error == ENOTEMPTY || error == EEXIST { error = FileCalls.exchange(staging.path, with: folder) }
      if error == 0 {
        things.stagings.remove(staging.path)
        things.commits += 1
        staging.letGo()
      }
      return error
    }
    if [ENOSYS, EINVAL, ENOTSUP, EXDEV, EBUSY, EPERM, EACCES].contains(error) { return false }
    guard error == 0 else { throw .cannotWrite(path: folder, reason: FileCalls.reason(error)) }
    error = FileCalls.syncFolder(parent)
    own.finish(old: staging.path)
    if error == 0 { error = FileCalls.syncFolder(folder) }
    guard error == 0 else { throw .unconfirmed(path: folder, reason: FileCalls.reason(error)) }
    return true
  }

  /// Takes over what is left of the old folder, and removes it.
  func finish(old: String) {
    let names = namesInFolder(old)
    for name in names {
      let place = "\(old)/\(name)"
      let target = "\(folder)/\(renaming[name] ?? name)"
      guard let found = FileIdentity(place) else { continue }
      if found.isFolder {
        if FileIdentity(target) == nil { _ = FileCalls.move(place, to: target) }
      } else if found == FileIdentity(target) || owned?.contains(name) == true {
        _ = FileCalls.remove(place)
      } else if owned != nil {
        // It was changed after it got its second name.
        _ = FileCalls.move(place, to: target)
      }
    }
    // Another that was put out before, and could not be gone through yet, needs it too.
    if FileCalls.removeFolder(old) == 0 || FileIdentity(old) == nil,
      !Leftovers.isPutOut(of: name, in: parent)
    {
      _ = FileCalls.remove("\(folder)/\(Self.record)")
    }
  }

  // MARK: In the folder

  /// Moves staged files into a hidden folder in the folder itself.
  func move(_ staging: StagingFolder, to own: StagingFolder, names: [String]) throws(FileError) {
    for name in names {
      let error = FileCalls.move("\(staging.path)/\(name)", to: "\(own.path)/\(name)")
      guard error == 0 else { throw .cannotWrite(path: "\(folder)/\(name)", reason: FileCalls.reason(error)) }
    }
  }

  /// Writes down in a hidden folder in the folder itself what goes, and what gets another name.
  func prepare(_ own: StagingFolder, names: [String]) throws(FileError) {
    var gone = (owned ?? []).subtracting(names)
    for (name, newName) in renaming where FileIdentity("\(folder)/\(name)") != nil {
      let error = FileCalls.linkOrCopy("\(folder)/\(name)", at: "\(own.path)/\(newName)")
      guard error == 0 else { throw .cannotWrite(path: "\(folder)/\(name)", reason: FileCalls.reason(error)) }
      gone.insert(name)
    }
    for name in gone.sorted() where FileIdentity("\(folder)/\(name)") != nil {
      let (mark, error) = FileCalls.create("\(own.path)/\(Journal.gone)\(name)")
      guard error == 0 else { throw .cannotWrite(path: "\(folder)/\(name)", reason: FileCalls.reason(error)) }
      close(mark)
    }
  }
}
