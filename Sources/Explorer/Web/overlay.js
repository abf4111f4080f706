// Two graphs in one layout, so that what stands for the same stands at the same place: over each other, or side by side.

import { Kind, number, percent, visible } from "./graph.js";
import { runningShares } from "./influence.js";
import { LinkLayout } from "./layout.js";
import { outlinePath } from "./glyphs.js";
import { svg } from "./dom.js";

/** The most nodes and edges that are drawn; those of the greatest influence stay. */
const nodeBudget = 1500, edgeBudget = 400;

/** What two graphs have together: the nodes of both that their prunings keep, with the edges among them. */
export class GraphUnion {
  /**
   * @param {{graph: Graph, influence: Influence, pruning: Pruning}[]} sides
   * @param {object} comparison what the server answers, whose nodes name those of both graphs
   */
  constructor(sides, comparison) {
    const { nodes, columns } = comparison;
    this.sides = sides;
    this.nodes = nodes;
    const places = this.placesOf = nodes.map(({ first, second }) => [first, second]);
    const numbers = sides.map((_, side) => new Map(places.map((pair, at) => [pair[side], at])));
    const running = sides.map(({ influence }) => runningShares(influence.values));
    const least = (at) => Math.min(...places[at].map((place, side) => (place === null ? Infinity : running[side][place])));
    this.isKept = places.map((pair) => pair.map((place, side) => place !== null && sides[side].pruning.isKept[place] === 1));
    const kept = nodes.map((_, at) => at).filter((at) => this.isKept[at].some(Boolean)).sort((a, b) => least(a) - least(b) || a - b);
    this.shown = kept.slice(0, nodeBudget);
    this.leftOut = kept.length - this.shown.length;
    const isShown = this.isShown = new Uint8Array(nodes.length);
    for (const at of this.shown) isShown[at] = 1;

    // What the layout asks of a graph.
    const of = (at, name) => { const side = places[at][0] !== null ? 0 : 1; return sides[side].graph[name][places[at][side]]; };
    this.layerCount = Math.max(...sides.map(({ graph }) => graph.layerCount));
    this.laidOut = {
      count: nodes.length, layerCount: this.layerCount, tokens: columns.map((pair) => this.columnText(pair)),
      kind: Uint8Array.from(nodes, (_, at) => of(at, "kind")), position: Int32Array.from(nodes, ({ column }) => column),
      layer: Int32Array.from(nodes, (_, at) => (of(at, "kind") === Kind.logit ? this.layerCount : of(at, "layer"))),
      root: Float64Array.from(nodes, (_, at) => of(at, "root")),
    };
    this.shares = Float64Array.from(nodes, (_, at) => least(at));
    this.edges = this.edgesOf(numbers);
  }

  columnText(pair) {
    const texts = pair.map((position, side) => (position === null ? null : visible(this.sides[side].graph.tokens[position])));
    if (texts[0] === null || texts[1] === null || texts[0] === texts[1]) return texts[0] ?? texts[1];
    return `${texts[0]} | ${texts[1]}`;
  }

  /** The strongest kept edges of either graph, weak ones first, each with its shares in both. */
  edgesOf(numbers) {
    const found = new Map();
    for (const [side, { graph, pruning }] of this.sides.entries()) {
      for (const { edge, target } of pruning.edges) {
        const [from, to] = [numbers[side].get(graph.sources[edge]), numbers[side].get(target)];
        if (!this.isShown[from] || !this.isShown[to]) continue;
        const key = from * this.nodes.length + to;
        if (!found.has(key)) found.set(key, { from, to, shares: [null, null] });
        found.get(key).shares[side] = graph.share(edge, target);
      }
    }
    const size = ({ shares }) => Math.max(...shares.map((share) => Math.abs(share ?? 0)));
    const edges = [...found.values()].sort((a, b) => size(a) - size(b));
    this.edgesLeftOut = Math.max(0, edges.length - edgeBudget);
    return edges.slice(-edgeBudget);
  }

  label(at) {
    const side = this.placesOf[at][0] !== null ? 0 : 1;
    return this.sides[side].label(this.placesOf[at][side]);
  }

  /** An answer's token. */
  answer(at) {
    const side = this.placesOf[at][0] !== null ? 0 : 1;
    return visible(this.sides[side].graph.answerToken(this.placesOf[at][side]));
  }
}

/** Whose edge or node something is: of both graphs, of the first alone or of the second alone. */
function owner([isFirst, isSecond]) { return isFirst && isSecond ? "both" : isFirst ? "gone" : "added"; }

/**
 * Draws both graphs, or one of them at the places that both have.
 * @param {GraphUnion} union
 * @param {{width: number, height: number, side: number?, select: function, hover: function}} options no side draws both
 */
export function drawUnion(union, { width, height, side = null, select, hover }) {
  // Words have their names where there is room for them.
  const foldTokens = union.laidOut.tokens.length * 34 > width - 60;
  const layout = new LinkLayout(
    union.laidOut, union.isShown, union.shares, { width, height, foldTokens, foldLayers: true });
  const isDrawn = (at) => (side === null ? true : union.isKept[at][side]);
  const curve = (from, to) => {
    const [x0, y0, x1, y1] = [layout.x[from], layout.y[from], layout.x[to], layout.y[to]].map((value) => Number(value.toFixed(1)));
    const bend = (y0 - y1) * 0.35;
    return `M${x0} ${y0}C${x0} ${(y0 - bend).toFixed(1)} ${x1} ${(y1 + bend).toFixed(1)} ${x1} ${y1}`;
  };
  const edges = union.edges.filter(({ shares }) => side === null || shares[side] !== null).map(({ from, to, shares }) => {
    const known = shares.filter((share) => share !== null);
    const share = side !== null ? shares[side] : known.reduce((sum, value) => sum + value, 0) / known.length;
    const classes = ["edge", share < 0 ? "negative" : "positive", owner(shares.map((value) => value !== null))];
    return svg("path", { d: curve(from, to), class: classes.join(" "), "stroke-width": Math.max(0.6, 4 * Math.sqrt(Math.abs(share))).toFixed(2) },
      svg("title", {}, `${union.label(from)} → ${union.label(to)}: ${shares.map((value) => (value === null ? "not kept" : percent(value, 1))).join(" here, ")} there`));
  });
  const nodes = union.shown.filter(isDrawn).map((at) => {
    const { change, answerShare, activation } = union.nodes[at];
    const pair = (values, text) => `${values[0] === null ? "–" : text(values[0])} here, ${values[1] === null ? "–" : text(values[1])} there`;
    const words = [`${union.label(at)}: ${change}`, `share of the answer ${pair(answerShare, (value) => percent(value, 2))}`];
    if (activation.some((value) => value !== null)) words.push(`activation ${pair(activation, number)}`);
    return svg("path", {
      d: outlinePath(union.laidOut.kind[at], layout.x[at], layout.y[at], Math.max(1.2 * layout.radius, 2.2)),
      class: `vertex ${change}`, "data-node": String(at), tabindex: "-1",
    }, svg("title", {}, words.join("\n")));
  });
  const words = [];
  for (const row of layout.rows) {
    if (row.isFolded) continue;
    words.push(svg("text", { x: 37, y: row.middle, "text-anchor": "end", "dominant-baseline": "middle" },
      row.row === 0 ? "token" : row.row === layout.rows.length - 1 ? "out" : `L${row.row - 1}`));
  }
  let free = -Infinity, leaning = -Infinity;
  const answers = union.shown.filter((at) => union.laidOut.kind[at] === Kind.logit && isDrawn(at)).sort((a, b) => layout.x[a] - layout.x[b]);
  for (const at of answers) {
    const text = union.answer(at).slice(0, 14);
    const half = 3.2 * text.length, [x, y] = [layout.x[at], layout.y[at]];
    if (layout.leansAnswers) {
      if (x - leaning < 10) continue;
      leaning = x;
      const transform = `translate(${(x + 2).toFixed(1)} ${(y - 9).toFixed(1)}) rotate(-53)`;
      words.push(svg("text", { transform, class: "answer" }, text));
      continue;
    }
    if (x - half < free) continue;
    free = x + half + 4;
    const middle = Math.min(x, layout.width - half - 2);
    const place = { x: middle.toFixed(1), y: (y - 11).toFixed(1) };
    words.push(svg("text", { ...place, "text-anchor": "middle", class: "answer" }, text));
  }
  const base = layout.rows[0].middle + Math.min(layout.rows[0].height / 2, 8);
  for (const column of layout.columns) {
    if (column.isFolded) continue;
    const text = union.laidOut.tokens[column.position];
    const x = (column.left + column.width / 2 + 4).toFixed(1);
    words.push(svg("text", { "text-anchor": "end", transform: `translate(${x} ${(base + 9).toFixed(1)}) rotate(-40)` }, text.length > 18 ? `${text.slice(0, 17)}…` : text));
  }
  const picture = svg("svg", {
    viewBox: `0 0 ${layout.width.toFixed(0)} ${layout.height.toFixed(0)}`, class: side === null ? "union overlay" : "union one-side", role: "img",
    "aria-label": `${nodes.length} nodes and ${edges.length} edges`,
  }, svg("g", { class: "edges" }, edges), svg("g", { class: "vertices" }, nodes), svg("g", { class: "words" }, words));
  const meant = (event) => { const vertex = event.target.closest?.(".vertex"); return vertex ? Number(vertex.dataset.node) : -1; };
  picture.addEventListener("click", (event) => { const at = meant(event); if (at >= 0) select(at); });
  picture.addEventListener("pointerover", (event) => hover(meant(event)));
  picture.addEventListener("pointerleave", () => hover(-1));
  return picture;
}
