internal import Rendering

/// A table of a report: a first column of names, then cells, then, if wanted, what each row means.
struct ReportTable {
  var header: [String]
  var rows: [[String]]
  /// Whether the last column is text rather than numbers.
  var endsInText = false
  /// How strongly a cell is tinted, 0 to 1, by row and column; empty for none.
  var tints: [[Double]] = []
}

/// A token with its surroundings.
struct ReportToken {
  var heading: String
  var before: String
  var token: String
  var after: String
}

/// A piece of a report that is written both as Markdown and as a page.
enum ReportBlock {
  case heading(String)
  case text(String)
  /// One that a reader must not miss.
  case warning(String)
  case list([String])
  case table(ReportTable)
  /// Pictures; Markdown leaves them out.
  case charts([any Chart])
  case tokens([ReportToken])
  case command(String)
}

// MARK: Markdown

enum MarkdownReport {
  static func text(title: String, blocks: [ReportBlock]) -> String {
    (["# \(escaped(title))"] + blocks.compactMap(block)).joined(separator: "\n\n") + "\n"
  }

  private static func block(_ block: ReportBlock) -> String? {
    switch block {
    case .heading(let text): return "## \(text)"
    case .text(let text): return text
    case .warning(let text): return "**\(text)**"
    case .list(let items): return items.map { "- \($0)" }.joined(separator: "\n")
    case .table(let table):
      let rule = "|" + String(repeating: "---|", count: table.header.count)
      let rows = ([table.header] + table.rows).map { cells in
        "| " + cells.map { VisibleText.escaped($0, ["|"]) }.joined(separator: " | ") + " |"
      }
      return ([rows[0], rule] + rows.dropFirst()).joined(separator: "\n")
    case .charts: return nil
    case .tokens(let tokens):
      return tokens.map { token in
        let text = flat(token.before) + "⟦" + flat(token.token) + "⟧" + flat(token.after)
        return "- \(token.heading): " + (text.contains("`") ? "`` \(text) ``" : "`\(text)`")
      }.joined(separator: "\n")
    case .command(let line): return "    " + VisibleText.line(line)
    }
  }

  static func flat(_ text: String) -> String { VisibleText.line(text) }
  private static func escaped(_ text: String) -> String { flat(text) }
}

// MARK: A page

/// A report as one HTML file: no script, nothing fetched, light and dark, fit to be printed.
enum HTMLReport {
  static func text(title: String, subtitle: String, blocks: [ReportBlock]) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title))</title>
    <style>\(style)</style>
    </head>
    <body>
    <main>
    <h1>\(escaped(title))</h1>
    <p class="subtitle">\(inline(subtitle))</p>
    \(blocks.map(block).joined(separator: "\n"))
    </main>
    </body>
    </html>

    """
  }

  private static func block(_ block: ReportBlock) -> String {
    switch block {
    case .heading(let text): return "<h2>\(inline(text))</h2>"
    case .text(let text): return "<p>\(inline(text))</p>"
    case .warning(let text): return "<p class=\"warning\">\(inline(text))</p>"
    case .list(let items): return "<ul>" + items.map { "<li>\(inline($0))</li>" }.joined() + "</ul>"
    case .table(let table): return html(of: table)
    case .charts(let charts):
      return "<div class=\"charts\">\n" + charts.map { $0.svg(.page) }.joined() + "</div>"
    case .tokens(let tokens):
      let items = tokens.map { token in
        "<li><span class=\"where\">\(inline(token.heading))</span> <span class=\"context\">"
          + "\(visible(token.before))<mark>\(visible(token.token))</mark>\(visible(token.after))</span></li>"
      }
      return "<ol class=\"tokens\">\n" + items.joined(separator: "\n") + "\n</ol>"
    case .command(let line): return "<pre>\(escaped(line))</pre>"
    }
  }

  private static func html(of table: ReportTable) -> String {
    func kind(_ column: Int) -> String {
      column == 0 || table.endsInText && column == table.header.count - 1 ? " class=\"text\"" : ""
    }
    let head = table.header.enumerated().map { "<th\(kind($0)) scope=\"col\">\(inline($1))</th>" }.joined()
    let rows = table.rows.enumerated().map { row, cells in
      let cells = cells.enumerated().map { column, cell -> String in
        if column == 0 { return "<th class=\"text\" scope=\"row\">\(inline(cell))</th>" }
        var tint = ""
        if row < table.tints.count, column - 1 < table.tints[row].count {
          let share = Int((min(1, max(0, table.tints[row][column - 1])) * 100).rounded())
          tint = " style=\"background:color-mix(in srgb,var(--tint) \(share)%,transparent)\""
        }
        return "<td\(kind(column))\(tint)>\(inline(cell))</td>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    return "<div class=\"wide\"><table><thead><tr>\(head)</tr></thead><tbody>\n"
      + rows.joined(separator: "\n") + "\n</tbody></table></div>"
  }

  private static func visible(_ text: String) -> String { escaped(MarkdownReport.flat(text)) }

  /// Text with what stands between backquotes set as code.
  private static func inline(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false).map { escaped(String($0)) }
    guard parts.count % 2 == 1 else { return escaped(text) }
    return parts.enumerated().map { $0 % 2 == 1 ? "<code>\($1)</code>" : $1 }.joined()
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in VisibleText.spelled(text, keeping: ["\n", "\t"]).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static let style = """
    :root{color-scheme:light dark;--ink:#1f2328;--paper:#fff;--soft:#59636e;--line:#d7dce1;--tint:#e0813f;--warn:#b3430f}
    @media screen and (prefers-color-scheme:dark){:root{--ink:#dde1e6;--paper:#16181b;--soft:#9aa4af;--line:#343a41;\
    --tint:#b25c1e;--warn:#f09a63}}
    body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 Helvetica,Arial,"Liberation Sans",sans-serif}
    main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}
    h1{font-size:26px;line-height:1.2;margin:0 0 4px}h2{font-size:19px;margin:38px 0 8px}
    p,ul{max-width:76ch}.subtitle{color:var(--soft);margin:0 0 18px}
    .warning{border-left:4px solid var(--warn);padding:6px 12px;color:var(--warn);font-weight:600}
    .charts{display:flex;flex-wrap:wrap;gap:22px 36px;margin:16px 0}.charts svg{max-width:100%;height:auto}
    .wide{overflow-x:auto;margin:12px 0}table{border-collapse:collapse;font-size:13.5px;font-variant-numeric:tabular-nums}
    th,td{padding:4px 10px;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
    thead th{border-bottom:2px solid var(--line);color:var(--soft);font-weight:600;white-space:normal;vertical-align:bottom}
    tbody th{font-weight:400}
    .text{text-align:left}td.text{white-space:normal;min-width:13em;color:var(--soft)}
    code,pre,.context{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:.92em}
    pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid var(--line);padding:8px 12px;border-radius:4px}
    .tokens{padding-left:2.2em}.tokens li{margin:5px 0}.where{color:var(--soft);font-size:13px}
    .context{white-space:pre-wrap;overflow-wrap:anywhere}
    mark{background:color-mix(in srgb,var(--tint) 55%,transparent);color:inherit;border-radius:2px}
    @media print{main{max-width:none;padding:0}h2{break-after:avoid}.charts svg,tr,li{break-inside:avoid}.wide{overflow:visible}\
    th,td{padding:2px 5px}table{font-size:10px}}
    """
}
