// Where the nodes of the link graph stand: layers upwards, tokens across.

import { Kind, byWeight, visible } from "./graph.js";

/** What a token, a node in a cell, a line of nodes and an answer take where there is room. */
const leastColumn = 26, cellGap = 11, lineGap = 10, answerGap = 15;
/** The numbers of nodes that a cell may have side by side. */
const linesOf = [40, 28, 20, 14, 10, 7, 5, 4, 3, 2, 1];

/**
 * Columns as wide as their fullest cell needs, rows for the layers, nodes of a cell side by side in the order of their
 * importance; a cell too full for one line takes several. Both axes fill the panel, each by its own scale. Answers
 * stand in the column of the position that makes them, with their texts rotated where they would touch.
 */
export class LinkLayout {
  /**
   * @param {Graph} graph
   * @param {Uint8Array} isShown which nodes are drawn
   * @param {Float64Array} shares running shares of influence, small for what matters
   * @param {{width: number, height: number, foldTokens: boolean, foldLayers: boolean}} options
   */
  constructor(graph, isShown, shares, { width, height, foldTokens, foldLayers }) {
    this.x = new Float32Array(graph.count).fill(NaN);
    this.y = new Float32Array(graph.count).fill(NaN);
    this.width = width;
    this.height = height;
    const positions = this.positionCount = Math.max(1, graph.tokens.length);
    const rows = this.rowCount = graph.layerCount + 2;  // embeddings, layers, answers
    this.fillCells(graph, isShown, shares, positions, rows);
    const { cells, isQuiet, isEmpty } = this;

    // Texts of answers lean to the right, above the picture and beside it.
    const answers = [...cells].filter(([key]) => Math.floor(key / positions) === rows - 1).map(([, places]) => places);
    this.leansAnswers = answers.some((places) => places.length > 1);
    const axis = 44, top = this.leansAnswers ? 74 : 34, right = this.leansAnswers ? 58 : 14;
    const room = Math.max(width - axis - right, 60);
    const { perLine, widths, lines } = this.fitting(room, Math.max(height - top - 50, 60), foldTokens, foldLayers);
    this.columns = [];
    let left = axis;
    for (const [position, columnWidth] of this.shared(room, widths).entries()) {
      this.columns.push({ position, left, width: columnWidth, isFolded: foldTokens && isQuiet[position] === 1 });
      left += columnWidth;
    }
    const bottom = this.tokenRoom(graph.tokens), rise = Math.max(height - top - bottom, 60);
    const heights = rowHeights(lines, isEmpty, foldLayers);
    const grow = rise / heights.reduce((all, part) => all + part, 0);
    this.rows = [];
    let low = 0;
    for (let row = 0; row < rows; row++) {
      const rowHeight = heights[row] * grow;
      this.rows.push({
        row, low, height: rowHeight, middle: height - bottom - low - rowHeight / 2,
        isFolded: foldLayers && isEmpty[row] === 1,
      });
      low += rowHeight;
    }
    this.placeNodes(perLine, lineGap * Math.min(1.4, grow));
  }

  /** Sorts what is shown into cells, the most important first. */
  fillCells(graph, isShown, shares, positions, rows) {
    const cells = this.cells = new Map();
    const shown = [], heavier = byWeight(graph);
    for (let place = 0; place < graph.count; place++) if (isShown[place]) shown.push(place);
    shown.sort((a, b) => (graph.kind[a] === Kind.logit && graph.kind[b] === Kind.logit
      ? heavier(a, b) : shares[a] - shares[b] || a - b));
    this.isQuiet = new Uint8Array(positions).fill(1);
    this.isEmpty = new Uint8Array(rows).fill(1);
    for (const place of shown) {
      const row = graph.layer[place] + 1, position = Math.min(Math.max(graph.position[place], 0), positions - 1);
      const key = row * positions + position;
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push(place);
      this.isEmpty[row] = 0;
      if (graph.kind[place] !== Kind.embedding) this.isQuiet[position] = 0;
    }
    this.isEmpty[0] = 0;
    this.isEmpty[rows - 1] = 0;
  }

  /** How many nodes stand side by side at most, so that they are as far apart as can be, in both directions alike. */
  fitting(room, rise, foldTokens, foldLayers) {
    let best = null;
    for (const perLine of linesOf) {
      const widths = this.columnWidths(perLine, foldTokens), lines = this.lineCounts(perLine);
      const stretch = room / widths.reduce((sum, part) => sum + part, 0);
      const grow = rise / rowHeights(lines, this.isEmpty, foldLayers).reduce((sum, part) => sum + part, 0);
      // Nodes with room enough on either side are not better off with more.
      const gap = Math.min(cellGap * Math.min(stretch, 1), lineGap * Math.min(grow, 1));
      if (!best || gap > best.gap * 1.02) best = { perLine, widths, lines, gap };
    }
    return best;
  }

  /** The columns' widths in the panel: answers get the room that their texts need before the rest is shared. */
  shared(room, widths) {
    const least = new Float64Array(this.positionCount);
    for (const [key, places] of this.cells) {
      if (Math.floor(key / this.positionCount) !== this.rowCount - 1) continue;
      least[key % this.positionCount] = Math.min(places.length * answerGap + 8, 0.5 * room);
    }
    const isFixed = new Uint8Array(widths.length);
    while (true) {
      let free = room, sum = 0;
      widths.forEach((width, at) => { if (isFixed[at]) free -= least[at]; else sum += width; });
      const stretch = sum > 0 ? Math.max(free, 0.2 * room) / sum : 1;
      const tight = widths.findIndex((width, at) => !isFixed[at] && width * stretch < least[at]);
      if (tight < 0) return Array.from(widths, (width, at) => (isFixed[at] ? least[at] : width * stretch));
      isFixed[tight] = 1;
    }
  }

  /** What tokens take below the picture: those that are wider than their column lean. */
  tokenRoom(tokens) {
    let longest = 0;
    for (const { position, width } of this.columns) {
      const length = Math.min(visible(tokens[position]).length, 14);
      if (6.2 * length > width - 4 && width >= 8) longest = Math.max(longest, length);
    }
    return longest === 0 ? 30 : 22 + 4.6 * longest;
  }

  columnWidths(perLine, foldTokens) {
    const { cells, positionCount, rowCount, isQuiet } = this;
    const widths = new Float64Array(positionCount).fill(leastColumn);
    for (const [key, places] of cells) {
      const position = key % positionCount, isAnswers = Math.floor(key / positionCount) === rowCount - 1;
      const needed = isAnswers ? places.length * answerGap : Math.min(places.length, perLine) * cellGap;
      widths[position] = Math.max(widths[position], needed + 8);
    }
    if (foldTokens) for (let at = 0; at < positionCount; at++) if (isQuiet[at]) widths[at] = 7;
    return widths;
  }

  /** The lines of each row's fullest cell; answers have one. */
  lineCounts(perLine) {
    const { cells, positionCount, rowCount } = this;
    const lines = new Float64Array(rowCount).fill(1);
    for (const [key, places] of cells) {
      const row = Math.floor(key / positionCount);
      if (row < rowCount - 1) lines[row] = Math.max(lines[row], Math.ceil(places.length / perLine));
    }
    return lines;
  }

  placeNodes(perLine, lineGap) {
    const { cells, positionCount, rowCount } = this;
    const gaps = [];
    for (const [key, places] of cells) {
      const row = this.rows[Math.floor(key / positionCount)], column = this.columns[key % positionCount];
      const isAnswers = row.row === rowCount - 1;
      const side = isAnswers ? places.length : perLine;
      const lineCount = Math.ceil(places.length / side);
      const room = Math.max(column.width - Math.min(8, 0.2 * column.width), 1);
      // The likeliest answer stands at the left, where reading begins.
      const direction = isAnswers ? -1 : 1;
      let least = Infinity;
      places.forEach((place, number) => {
        const line = Math.floor(number / side);
        const inLine = Math.min(side, places.length - line * side);
        const gap = Math.min(room / inLine, 30);
        // The most important features stand at the right, as in Anthropic's own page.
        this.x[place] = column.left + column.width / 2 + direction * ((inLine - 1) / 2 - (number - line * side)) * gap;
        this.y[place] = row.middle + (line - (lineCount - 1) / 2) * lineGap;
        if (inLine > 1) least = Math.min(least, gap);
      });
      if (lineCount > 1) least = Math.min(least, lineGap);
      gaps.push([Math.min(least, 0.6 * row.height), places.length]);
    }
    this.radius = Math.min(Math.max(0.42 * crowded(gaps), 0.9), 3.6);
  }
}

/** A line's height and the room around it, for each row. */
function rowHeights(lines, isEmpty, foldLayers) {
  return lines.map((count, row) => (foldLayers && isEmpty[row] ? 5 : 22 + lineGap * (count - 1)));
}

/** The distance that all but a tenth of the nodes have from their neighbours. */
function crowded(gaps) {
  gaps.sort(([a], [b]) => a - b);
  let left = gaps.reduce((sum, [, count]) => sum + count, 0) / 10;
  for (const [gap, count] of gaps) {
    left -= count;
    if (left <= 0) return gap;
  }
  return 30;
}
