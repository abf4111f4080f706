// Two graphs side by side: what was added, what is gone, what changed.

import { count, number, percent } from "./graph.js";
import { nodeButton } from "./nodes.js";
import { el } from "./dom.js";

const page = 200;
const signs = { added: "+", gone: "−", changed: "≠", same: "=" };

export class Compare {
  constructor(app) {
    this.app = app;
    this.shown = new Set(["added", "gone", "changed"]);
    this.limit = page;
  }

  concerns(what) {
    if (what.has("graph")) { this.answer = null; this.other = null; }
    return false;
  }

  draw(panel) {
    const { app } = this;
    const others = (app.session?.graphs ?? []).filter(({ id }) => id !== app.graphID);
    if (others.length === 0) return panel.replaceChildren(el("div", { class: "scroll quiet" }, "There is no other graph to compare with. Open or trace another one."));
    const select = el("select", { id: "compare-with", onchange: (event) => { this.other = event.target.value; } },
      others.map(({ id, name }) => el("option", { value: id, selected: id === this.other }, name)));
    this.other ??= others[0].id;
    this.panel = panel;
    const filters = ["added", "gone", "changed", "same"].map((change) => el("label", {}, el("input", {
      type: "checkbox", checked: this.shown.has(change),
      onchange: (event) => { if (event.target.checked) this.shown.add(change); else this.shown.delete(change); this.draw(panel); },
    }), ` ${signs[change]} ${change}`));
    panel.replaceChildren(
      el("div", { class: "bar" }, el("label", {}, "With ", select),
        el("button", { type: "button", class: "main", id: "compare", onclick: () => app.trying(() => this.compare()) }, "Compare"), filters),
      el("div", { class: "scroll", id: "comparison" }, this.answer ? this.result() : el("p", { class: "quiet" }, "Nodes are paired by layer and feature at positions that stand for each other; answers by their token.")));
  }

  async compare() {
    const { app } = this;
    const [id, other] = [app.graphID, this.other];
    const [answer, head] = await Promise.all([app.backend.ask(id, "comparison", { with: other }), app.backend.head(other)]);
    if (id !== app.graphID) return;
    this.answer = answer;
    this.labels = head.nodes;
    this.limit = page;
    this.draw(this.panel);
  }

  result() {
    const { app } = this;
    const { nodes, description, edges, edgeCount } = this.answer;
    const difference = ({ influence: [first, second] }) => Math.abs((second ?? 0) - (first ?? 0));
    const rows = nodes.filter(({ change }) => this.shown.has(change)).sort((a, b) => difference(b) - difference(a));
    const pair = (values, text) => [el("td", { class: "number" }, values[0] === null ? "" : text(values[0])), el("td", { class: "number" }, values[1] === null ? "" : text(values[1]))];
    const node = (change) => (change.first !== null ? nodeButton(app, change.first)
      : el("span", { class: "quiet" }, this.labels.label[change.second] || this.labels.id[change.second]));
    const name = (at) => node(nodes[at]);
    return [
      el("p", { id: "comparison-summary" }, description),
      el("div", { class: "columns" },
        el("table", { id: "compared-nodes" },
          el("thead", {}, el("tr", {}, el("th", {}), el("th", {}, "node"), el("th", { class: "number", colspan: "2" }, "influence here, there"), el("th", { class: "number", colspan: "2" }, "activation"), el("th", { class: "number", colspan: "2" }, "probability"))),
          el("tbody", {}, rows.slice(0, this.limit).map((change) => el("tr", { class: `change-${change.change}` },
            el("td", { title: change.change }, signs[change.change]), el("td", {}, node(change)),
            pair(change.influence, (value) => percent(value, 2)), pair(change.activation, number), pair(change.probability, (value) => percent(value, 1)))))),
        el("table", { id: "compared-edges" },
          el("thead", {}, el("tr", {}, el("th", {}), el("th", {}, `edges (${count(edgeCount)} changed)`), el("th", { class: "number", colspan: "2" }, "share here, there"))),
          el("tbody", {}, edges.slice(0, 60).map((edge) => el("tr", { class: `change-${edge.change}` },
            el("td", { title: edge.change }, signs[edge.change]), el("td", {}, name(edge.source), " → ", name(edge.target)),
            pair(edge.share, (value) => percent(value, 1))))))),
      rows.length > this.limit ? el("button", { type: "button", onclick: () => { this.limit += 5 * page; this.draw(this.panel); } }, `${count(rows.length - this.limit)} more`) : null,
    ].filter(Boolean);
  }
}
