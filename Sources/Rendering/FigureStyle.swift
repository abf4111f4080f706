/// How large a figure is and how much of its graph it shows.
public struct FigureStyle: Sendable, Hashable {
  /// How wide a figure is made.
  public enum Width: Sendable, Hashable {
    /// As wide as its columns need.
    case natural
    /// The width of a text column, in points of 1/72 inch.
    case points(Double)

    /// One column of a two-column page: 3.3 inches.
    public static let singleColumn = Width.points(3.3 * 72)
    /// The whole text width of a page: 7 inches.
    public static let doubleColumn = Width.points(7 * 72)
  }

  /// How wide the figure is.
  public var width: Width
  /// How high it should stay, in points: labels become dots before it grows beyond. `nil` sets no limit.
  public var maximumHeight: Double?
  /// A line above the picture.
  public var title: String?
  /// How many features and errors are drawn at most, the most influential ones; `nil` draws all.
  public var maximumNodes: Int?
  /// How many outputs are drawn at most, the most probable ones; `nil` draws all.
  public var maximumLogits: Int?
  /// How many features have a box with a label; the others are dots, and so are errors unless everything
  /// has a label. `nil` labels all that fit.
  public var maximumLabels: Int?
  /// How many edges are drawn; `nil` draws three per node. Every node keeps its strongest way in and out.
  public var edgeBudget: Int?
  /// In a small graph of pinned nodes, the least part of a box's input that an edge must be to be drawn.
  public var edgeCut: Double
  /// Leaves out what the transcoders do not explain.
  public var hidesErrors: Bool
  /// Leaves out the first position, usually BOS, which sends edges everywhere.
  public var hidesFirstToken: Bool
  /// Writes below the picture what it leaves out.
  public var showsCaption: Bool
  /// Explains the shapes and lines below the picture.
  public var showsKey: Bool
  /// The size of the labels, in points.
  public var fontSize: Double
  /// Fonts in order of preference, the first as wide as Helvetica.
  public var fontFamily: String

  /// Every setting has the value that suits a figure across a page.
  public init(
    width: Width = .doubleColumn, maximumHeight: Double? = 600, title: String? = nil,
    maximumNodes: Int? = 50, maximumLogits: Int? = 5, maximumLabels: Int? = nil, edgeBudget: Int? = nil,
    hidesErrors: Bool = false, hidesFirstToken: Bool = false, showsCaption: Bool = true,
    showsKey: Bool = true, fontSize: Double = 7,
    fontFamily: String = "Helvetica,Arial,Liberation Sans,Nimbus Sans,DejaVu Sans Condensed,sans-serif",
    edgeCut: Double = 0.01
  ) {
    self.width = width
    self.maximumHeight = maximumHeight
    self.title = title
    self.maximumNodes = maximumNodes
    self.maximumLogits = maximumLogits
    self.maximumLabels = maximumLabels
    self.edgeBudget = edgeBudget
    self.hidesErrors = hidesErrors
    self.hidesFirstToken = hidesFirstToken
    self.showsCaption = showsCaption
    self.showsKey = showsKey
    self.fontSize = fontSize
    self.fontFamily = fontFamily
    self.edgeCut = edgeCut
  }

  /// A figure across a page, ``doubleColumn``.
  public static let `default` = doubleColumn
  /// A figure across a page: the 50 most influential features and errors.
  public static let doubleColumn = FigureStyle()
  /// A figure in one of two columns: the 20 most influential features and errors, in smaller type.
  public static let singleColumn = FigureStyle(
    width: .singleColumn, maximumHeight: 420, maximumNodes: 20, maximumLogits: 3, fontSize: 6)
  /// Everything, as large as it comes.
  public static let natural = FigureStyle(
    width: .natural, maximumHeight: nil, maximumNodes: nil, maximumLogits: nil)
}

extension FigureStyle {
  /// The font size that is drawn: what cannot be a size becomes the default.
  var usableFontSize: Double { fontSize.isFinite ? min(max(fontSize, 1), 200) : 7 }

  /// The width to fill, at least an inch; `nil` for the natural one.
  var targetWidth: Double? {
    switch width {
    case .natural: nil
    case .points(let points): points.isFinite ? min(max(points, 72), 14_400) : nil
    }
  }
}
