// What enters and what leaves the selected node, and what of its input is shown.

import { Kind, kindNames, number, percent } from "./graph.js";
import { glyph } from "./glyphs.js";
import { el } from "./dom.js";

/** Rows of a list before the rest is asked for. */
const page = 100;

export class Connections {
  constructor(app) {
    this.app = app;
    this.element = document.getElementById("connections");
    this.limits = { inputs: page, outputs: page };
    this.element.addEventListener("pointerleave", () => app.hover(-1));
  }

  refresh(what) {
    if (!this.app.graph) return;
    if (what.has("selection") || what.has("graph")) this.limits = { inputs: page, outputs: page };
    if (["graph", "selection", "shown", "view"].some((part) => what.has(part))) this.draw();
    if (what.has("hover")) this.mark();
  }

  draw() {
    const { app } = this;
    const place = app.selected;
    if (place < 0) {
      this.element.replaceChildren(
        el("div", { class: "head" }, el("h2", {}, "Connections")),
        el("div", { class: "scroll quiet" }, "Select a node in the graph: its inputs and outputs are listed here, with their shares."));
      return;
    }
    const { inputs, outputs } = app.links(place);
    this.element.replaceChildren(
      this.head(place), this.inputBar(place, inputs),
      el("div", { class: "columns" }, this.list("inputs", "Inputs", inputs, place), this.list("outputs", "Outputs", outputs, place)));
  }

  head(place) {
    const { app } = this;
    const id = app.graph.ids[place];
    const isPinned = app.store.isPinned(id);
    return el("div", { class: "head" },
      glyph(app.graph.kind[place]), el("h2", { title: app.label(place) }, app.label(place)),
      el("span", { class: "quiet mono" }, id), el("span", { class: "grow" }),
      el("button", { type: "button", id: "pin", "aria-pressed": String(isPinned), title: "P", onclick: () => app.togglePin(place) }, isPinned ? "Unpin" : "Pin"));
  }

  /** Where the node's input comes from: what is shown of features, tokens and errors, and what is not shown. */
  inputBar(place, inputs) {
    const { app } = this;
    const { graph, isShown } = app;
    if (graph.isSkipped[place]) return el("p", { class: "status warn" }, "This node's inputs were not computed: the trace stopped before it. They are unknown, not zero.");
    if (graph.isHeld[place]) return el("p", { class: "status" }, "This feature was set to its value while the prompt ran, so nothing leads to it.");
    if (graph.kind[place] === Kind.error || graph.kind[place] === Kind.embedding) {
      return el("p", { class: "status" }, graph.kind[place] === Kind.error ? "An error has no inputs: it is what the transcoder does not explain." : "A token has no inputs: it is where the graph begins.");
    }
    const parts = { feature: 0, embedding: 0, error: 0, pruned: 0 };
    for (const link of inputs) {
      // All links of a selected node are drawn, whatever the sliders leave out elsewhere.
      parts[isShown[link.place] ? kindNames[graph.kind[link.place]] : "pruned"] += Math.abs(link.share);
    }
    const names = { feature: "features", embedding: "tokens", error: "errors", pruned: "not shown" };
    const bar = el("div", { class: "inputs", role: "img", "aria-label": "Input: " + Object.keys(names).map((key) => `${names[key]} ${percent(parts[key])}`).join(", ") });
    for (const key of Object.keys(names)) {
      const part = el("span", { class: `part-${key}`, title: `${names[key]} ${percent(parts[key], 1)}` });
      part.style.width = `${parts[key] * 100}%`;
      bar.append(part);
    }
    const legend = el("div", { class: "legend", id: "input-legend" },
      Object.keys(names).map((key) => el("span", {}, el("i", { class: `part-${key}` }), `${names[key]} ${percent(parts[key])}`)));
    return el("div", { class: "status" }, bar, legend);
  }

  list(side, title, links, place) {
    const { app } = this;
    const shown = links.filter((link) => app.isShown[link.place]).length;
    const rows = el("div", { class: "rows", id: `${side}-rows` });
    const most = this.limits[side];
    // The ends matter: the strongest of either sign.
    const visible = links.length <= most ? links : strongest(links, most);
    for (const link of visible) rows.append(this.row(link, place));
    if (links.length > most) {
      rows.append(el("button", { type: "button", onclick: () => { this.limits[side] += 10 * page; this.draw(); } }, `${links.length - most} weaker ones`));
    }
    if (links.length === 0) rows.append(el("span", { class: "quiet" }, "none"));
    return el("div", {}, el("h3", {}, `${title} (${shown} shown of ${links.length})`), rows);
  }

  row(link, place) {
    const { app } = this;
    const { graph } = app;
    const isPositive = link.share > 0;
    const [there, here] = [graph.position[link.place], graph.position[place]];
    const arrow = there < here ? "←" : there > here ? "→" : "·";
    const where = graph.kind[link.place] < 2 ? `L${graph.layer[link.place]}` : kindNames[graph.kind[link.place]] === "logit" ? "out" : "tok";
    const meter = el("span", { class: "meter" });
    meter.style.width = `${Math.min(1, Math.abs(link.share)) * 55}%`;
    const classes = ["row", isPositive ? "positive" : "negative"];
    if (app.store.isPinned(graph.ids[link.place])) classes.push("pinned");
    if (!app.isShown[link.place]) classes.push("hidden-node");
    return el("button", {
      type: "button", class: classes.join(" "), "data-id": graph.ids[link.place],
      title: `${app.describe(link.place)}\nweight ${number(link.weight)}${app.isShown[link.place] ? "" : "\nnot shown in the graph"}`,
      onpointerenter: () => app.hover(link.place), onfocus: () => app.hover(link.place),
      onclick: (event) => (event.ctrlKey || event.metaKey ? app.togglePin(link.place) : app.select(link.place)),
    },
      glyph(graph.kind[link.place]), el("span", { class: "label" }, app.label(link.place)),
      el("span", { class: "share" }, `${isPositive ? "+" : ""}${percent(link.share, 1)} `, el("span", { class: "quiet" }, `${arrow} ${where}`)), meter);
  }

  /** Outlines the hovered node's row. */
  mark() {
    const id = this.app.hovered >= 0 ? this.app.graph.ids[this.app.hovered] : null;
    for (const row of this.element.querySelectorAll(".row")) row.classList.toggle("hovered", row.dataset.id === id);
  }
}

/** So many links of the greatest magnitude, in their old order. */
function strongest(links, count) {
  const least = links.map((link) => Math.abs(link.share)).sort((a, b) => b - a)[count - 1];
  return links.filter((link) => Math.abs(link.share) >= least).slice(0, count);
}
