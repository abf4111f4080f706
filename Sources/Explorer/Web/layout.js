// Where the nodes of the link graph stand: layers upwards, tokens across.

import { Kind } from "./graph.js";

const leastColumn = 26;
const cellGap = 11;

/**
 * Columns as wide as their fullest cell needs, rows for the layers, nodes of a cell side by side in the order of their
 * importance; a cell too full for one line takes several.
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
    const positions = Math.max(1, graph.tokens.length);
    const rows = graph.layerCount + 2;  // embeddings, layers, outputs
    const cells = new Map();
    const shown = [];
    for (let place = 0; place < graph.count; place++) if (isShown[place]) shown.push(place);
    shown.sort((a, b) => (graph.kind[a] === Kind.logit && graph.kind[b] === Kind.logit
      ? graph.probability[b] - graph.probability[a] || a - b : shares[a] - shares[b] || a - b));
    const isQuiet = new Uint8Array(positions).fill(1);
    const isEmpty = new Uint8Array(rows).fill(1);
    const inner = new Uint32Array(positions);
    for (const place of shown) {
      const row = graph.layer[place] + 1, position = Math.min(Math.max(graph.position[place], 0), positions - 1);
      const key = row * positions + position;
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push(place);
      isEmpty[row] = 0;
      if (graph.kind[place] !== Kind.embedding) isQuiet[position] = 0;
      if (graph.kind[place] === Kind.feature || graph.kind[place] === Kind.error) inner[position]++;
    }
    isEmpty[0] = 0;
    isEmpty[rows - 1] = 0;

    // A cell that would need more than a fifth of the width takes several lines.
    const axis = 44, top = 34, bottom = 64;
    const room = Math.max(width - axis - 14, 120);
    const perLine = Math.max(4, Math.floor(room / 5 / cellGap));
    const widths = new Float64Array(positions).fill(leastColumn);
    for (const [key, places] of cells) {
      const position = key % positions;
      if (Math.floor(key / positions) === rows - 1) continue;
      widths[position] = Math.max(widths[position], Math.min(places.length, perLine) * cellGap + 8);
    }
    if (foldTokens) for (let position = 0; position < positions; position++) if (isQuiet[position]) widths[position] = 7;
    const total = widths.reduce((sum, part) => sum + part, 0);
    // Up to a point all moves together before the picture is made smaller.
    const stretch = Math.max(0.4, room / total);
    this.columns = [];
    let left = axis;
    for (let position = 0; position < positions; position++) {
      const columnWidth = widths[position] * stretch;
      this.columns.push({ position, left, width: columnWidth, isFolded: foldTokens && isQuiet[position] === 1 });
      left += columnWidth;
    }
    this.width = left + 14;

    const lines = new Float64Array(rows).fill(1);
    for (const [key, places] of cells) {
      const row = Math.floor(key / positions);
      if (row < rows - 1) lines[row] = Math.max(lines[row], Math.ceil(places.length / perLine));
    }
    const heights = new Float64Array(rows);
    for (let row = 0; row < rows; row++) heights[row] = foldLayers && isEmpty[row] ? 5 : 14 + 10 * (lines[row] - 1) + 8;
    const sum = heights.reduce((all, part) => all + part, 0);
    const grow = Math.max(0.42, (height - top - bottom) / sum);
    const lineGap = 10 * Math.min(1, grow);
    this.rows = [];
    let low = 0;
    for (let row = 0; row < rows; row++) {
      this.rows.push({ row, low, height: heights[row] * grow, isFolded: foldLayers && isEmpty[row] === 1 });
      low += heights[row] * grow;
    }
    this.height = low + top + bottom;
    for (const row of this.rows) row.middle = this.height - bottom - row.low - row.height / 2;

    for (const [key, places] of cells) {
      const row = this.rows[Math.floor(key / positions)];
      const column = this.columns[key % positions];
      if (row.row === rows - 1) { this.spreadOutputs(places, row, column); continue; }
      const lineCount = Math.ceil(places.length / perLine);
      places.forEach((place, number) => {
        const line = Math.floor(number / perLine);
        const inLine = Math.min(perLine, places.length - line * perLine);
        const gap = Math.min((column.width - 8) / inLine, 30);
        // The most important stand at the right, as in Anthropic's own page.
        this.x[place] = column.left + column.width / 2 + ((inLine - 1) / 2 - (number - line * perLine)) * gap;
        this.y[place] = row.middle + (line - (lineCount - 1) / 2) * lineGap;
      });
    }
  }

  /** Outputs have the whole width: all stand over one token, and their texts need room. */
  spreadOutputs(places, row, column) {
    const gap = Math.min(Math.max((this.width - 60) / places.length, 12), 78);
    const span = gap * (places.length - 1);
    const start = Math.min(Math.max(column.left + column.width / 2 - span / 2, 60), Math.max(this.width - 40 - span, 60));
    places.forEach((place, number) => {
      this.x[place] = start + number * gap;
      this.y[place] = row.middle;
    });
  }
}
