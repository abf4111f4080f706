// Two graphs: what only one has, and what changed; as tables, over each other, or side by side.

import { Graph, Kind, count, number, percent } from "./graph.js";
import { GraphUnion, drawUnion } from "./overlay.js";
import { Influence, Pruning } from "./influence.js";
import { nodeButton } from "./nodes.js";
import { el, svg } from "./dom.js";

const page = 200;
const signs = { added: "+", gone: "−", changed: "≠", same: "=" };
const words = { added: "only there", gone: "only here", changed: "changed", same: "the same" };
const forms = [["tables", "as tables"], ["overlay", "over each other"], ["sides", "side by side"]];

export class Compare {
  constructor(app) {
    this.app = app;
    this.shown = new Set(["added", "gone", "changed"]);
    this.form = "tables";
    this.limit = page;
  }

  forget() {
    this.answer = null;
    this.other = null;
    this.second = null;
    this.pruning = null;
  }

  /** The pictures show what the sliders keep. */
  concerns(what) { return what.has("shown") && Boolean(this.answer) && this.form !== "tables"; }

  draw(panel) {
    const { app } = this;
    const others = (app.session?.graphs ?? []).filter(({ id }) => id !== app.graphID);
    if (others.length === 0) return panel.replaceChildren(el("div", { class: "scroll quiet" }, "There is no other graph to compare with. Open or trace another one."));
    this.other ??= (others.find(({ id }) => id === app.previousID) ?? others[0]).id;
    const select = el("select", { id: "compare-with", onchange: (event) => { this.other = event.target.value; } },
      others.map(({ id, name }) => el("option", { value: id, selected: id === this.other }, name)));
    this.panel = panel;
    const form = el("select", { id: "compare-form", "aria-label": "How to show it", onchange: (event) => { this.form = event.target.value; this.draw(panel); document.getElementById("compare-form").focus(); } },
      forms.map(([key, words]) => el("option", { value: key, selected: key === this.form }, words)));
    panel.replaceChildren(
      el("div", { class: "bar" }, el("label", {}, "With ", select),
        el("button", { type: "button", class: "main", id: "compare", onclick: (event) => app.busy(event.currentTarget, () => this.compare()) }, "Compare"),
        form, this.form === "tables" ? this.filters(panel) : null),
      el("div", { class: "scroll", id: "comparison" }, this.answer ? this.result() : el("p", { class: "quiet" }, "Nodes are paired by layer and feature at positions that stand for each other; answers by their token.")));
  }

  filters(panel) {
    return Object.keys(signs).map((change) => el("label", {}, el("input", {
      type: "checkbox", checked: this.shown.has(change),
      onchange: (event) => { if (event.target.checked) this.shown.add(change); else this.shown.delete(change); this.draw(panel); },
    }), ` ${signs[change]} ${words[change]}`));
  }

  async compare() {
    const { app } = this;
    const [id, other] = [app.graphID, this.other];
    const [answer, { head, edges }] = await Promise.all([app.backend.ask(id, "comparison", { with: other }), app.backend.graph(other)]);
    if (id !== app.graphID) return;
    this.answer = answer;
    const graph = new Graph(head, edges);
    this.second = { graph, influence: new Influence(graph), label: (place) => graph.name(place) };
    this.pruning = null;
    this.limit = page;
    app.tabs.drawIf(this);
  }

  result() {
    const summary = el("p", { id: "comparison-summary" }, this.answer.description);
    return this.form === "tables" ? [summary, ...this.tables()] : [...this.pictures(), summary];
  }

  // MARK: Pictures

  pictures() {
    const { app, second } = this;
    if (this.pruning !== app.pruning) {
      this.pruning = app.pruning;
      this.union = new GraphUnion([
        { graph: app.graph, influence: app.influence, pruning: app.pruning, label: (place) => app.label(place) },
        { ...second, pruning: this.otherPruning() },
      ], this.answer);
    }
    const { union } = this;
    const isOverlay = this.form === "overlay";
    const room = Math.max(480, this.panel.clientWidth - 30);
    const height = Math.max(260, this.panel.clientHeight - 110);
    const options = { width: isOverlay ? room : room / 2 - 8, height, select: (at) => this.select(at), hover: (at) => this.hover(at) };
    const left = [union.leftOut > 0 ? `${count(union.leftOut)} weaker nodes` : null, union.edgesLeftOut > 0 ? `${count(union.edgesLeftOut)} weaker edges` : null].filter(Boolean);
    return [
      isOverlay ? el("div", { id: "overlay" }, drawUnion(union, options)) : el("div", { id: "sides" },
        [0, 1].map((side) => el("figure", {}, drawUnion(union, { ...options, side }), el("figcaption", { class: "quiet" }, side === 0 ? `${app.graph.head.slug}, the open graph` : second.graph.head.slug)))),
      el("div", { class: "legend", id: "union-legend" }, this.legend(isOverlay)),
      left.length > 0 ? el("p", { class: "quiet" }, `Not drawn: ${left.join(" and ")}.`) : null,
    ].filter(Boolean);
  }

  /** What is kept of the other graph: what the sliders were set to, else what it opens with itself. */
  otherPruning() {
    const { graph, influence } = this.second;
    const { settings } = this.app.store.view;
    const { nodeShare, edgeShare } = { nodeShare: graph.head.nodeShare, edgeShare: graph.head.edgeShare, ...settings };
    return new Pruning(graph, influence, nodeShare, edgeShare);
  }

  legend(isOverlay) {
    const node = (change, words) => el("span", {}, svg("svg", { class: "glyph union", viewBox: "0 0 12 12" }, svg("circle", { cx: 6, cy: 6, r: 4, class: `vertex ${change}` })), ` ${words}`);
    const line = (kind, words) => el("span", {}, svg("svg", { class: "union overlay line-sample", viewBox: "0 0 24 8" }, svg("path", { d: "M1 4H23", class: `edge ${kind}`, "stroke-width": 2 })), ` ${words}`);
    return [
      node("gone", "only in the open graph"), node("added", "only in the other"), node("changed", "in both, changed"), node("same", "in both, the same"),
      ...(isOverlay ? [line("gone positive", "edge kept in the open graph alone"), line("added positive", "in the other alone"), line("both positive", "in both"), line("both negative", "negative")] : []),
    ];
  }

  select(at) {
    const place = this.union.placesOf[at][0];
    if (place === null) return this.app.toast(`Only ${this.second.graph.head.slug} has ${this.union.label(at)}.`);
    this.app.select(place);
    this.app.linkGraph.show(place);
  }

  /** Marks a node in both pictures. */
  hover(at) {
    if (at === this.hovered) return;
    this.hovered = at;
    for (const vertex of this.panel.querySelectorAll(".union .vertex")) vertex.classList.toggle("hovered", at >= 0 && vertex.dataset.node === String(at));
    this.app.hover(at >= 0 ? this.union.placesOf[at][0] ?? -1 : -1);
  }

  // MARK: Tables

  tables() {
    const { app } = this;
    const { nodes, edges, edgeCount } = this.answer;
    const difference = ({ answerShare: [first, second] }) => Math.abs((second ?? 0) - (first ?? 0));
    const rows = nodes.filter(({ change }) => this.shown.has(change)).sort((a, b) => difference(b) - difference(a));
    const pair = (values, text) => [el("td", { class: "number" }, values[0] === null ? "" : text(values[0])), el("td", { class: "number" }, values[1] === null ? "" : text(values[1]))];
    const { graph } = this.second;
    const where = (place) => (graph.kind[place] < 2 ? ` L${graph.layer[place]}` : "") + ` @${graph.position[place]}`;
    const name = (place) => (graph.kind[place] === Kind.logit ? graph.answerToken(place) : this.second.label(place));
    const there = (place) => el(
      "span", { class: "quiet", title: graph.ids[place] }, name(place) + where(place));
    const node = (change) => {
      if (change.first === null) return there(change.second);
      // One name for both would hide that they stand for two words.
      const isWord = change.isOtherToken && app.graph.kind[change.first] === Kind.embedding;
      return isWord ? [nodeButton(app, change.first), " | ", there(change.second)] : nodeButton(app, change.first);
    };
    const end = (at) => node(nodes[at]);
    return [
      el("div", { class: "columns" },
        el("table", { id: "compared-nodes" },
          el("thead", {}, el("tr", {}, el("th", {}), el("th", {}, "node"), el("th", { class: "number", colspan: "2" }, "share of the answer here, there"), el("th", { class: "number", colspan: "2" }, "activation here, there"), el("th", { class: "number", colspan: "2" }, "probability here, there"))),
          el("tbody", {}, rows.slice(0, this.limit).map((change) => el("tr", { class: `change-${change.change}` },
            el("td", { title: words[change.change] }, signs[change.change]), el("td", {}, node(change)),
            pair(change.answerShare, (value) => percent(value, 2)), pair(change.activation, number), pair(change.probability, (value) => percent(value, 1)))))),
        el("table", { id: "compared-edges" },
          el("thead", {}, el("tr", {}, el("th", {}), el("th", {}, `edges (${count(edgeCount)} changed)`), el("th", { class: "number", colspan: "2" }, "share here, there"))),
          el("tbody", {}, edges.slice(0, 60).map((edge) => el("tr", { class: `change-${edge.change}` },
            el("td", { title: words[edge.change] }, signs[edge.change]), el("td", {}, end(edge.source), " → ", end(edge.target)),
            pair(edge.share, (value) => percent(value, 1))))))),
      rows.length > this.limit ? el("button", { type: "button", onclick: () => { this.limit += 5 * page; this.draw(this.panel); } }, `${count(rows.length - this.limit)} more`) : null,
    ].filter(Boolean);
  }
}
