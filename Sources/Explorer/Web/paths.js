// The strongest ways through the graph, and the smallest set of nodes without which an answer falls.

import { Kind, count, percent } from "./graph.js";
import { answerSelect, nodeButton, pinning } from "./nodes.js";
import { RequestFailure } from "./backend.js";
import { el } from "./dom.js";

export class Paths {
  constructor(app) {
    this.app = app;
    this.steps = 2;
    this.part = 0.5;
    this.from = "tokens";
  }

  concerns(what) {
    if (what.has("graph")) { this.end = null; this.answer = null; this.cutAnswer = null; }
    return what.has("view") || what.has("selection");
  }

  draw(panel) {
    const { app } = this;
    if (app.graph.head.isSaved) return panel.replaceChildren(el("div", { class: "scroll quiet" }, "Paths and cuts are worked out by clew explore; this file has none."));
    const { select, first } = answerSelect(app, "path-end", this.end, (place) => { this.end = place; });
    if (this.end === null || this.end === undefined) this.end = first;
    const selected = app.selected >= 0 && app.graph.kind[app.selected] !== Kind.logit;
    const from = el("select", { id: "path-from", onchange: (event) => { this.from = event.target.value; } },
      el("option", { value: "tokens", selected: this.from === "tokens" }, "any token"),
      el("option", { value: "selected", selected: this.from === "selected" && selected, disabled: !selected }, "the selected node"),
      el("option", { value: "pinned", selected: this.from === "pinned" }, "any pinned node"));
    const steps = el("input", { type: "number", id: "path-steps", min: "1", max: "20", value: String(this.steps), oninput: (event) => { this.steps = Number(event.target.value) || 1; } });
    const part = el("input", { type: "number", id: "cut-part", min: "1", max: "100", value: String(Math.round(this.part * 100)), oninput: (event) => { this.part = Math.min(Math.max(Number(event.target.value) / 100, 0.01), 1); } });
    this.results = el("div", { class: "scroll", id: "path-results" });
    panel.replaceChildren(
      el("div", { class: "bar" },
        el("label", {}, "To ", select), el("label", {}, "from ", from), el("label", {}, "at least ", steps, " steps"),
        el("button", { type: "button", class: "main", id: "find-paths", onclick: () => app.trying(() => this.findPaths()) }, "Find paths"),
        el("label", {}, "Lower it by ", part, " %"),
        el("button", { type: "button", id: "find-cut", onclick: () => app.trying(() => this.findCut()) }, "Find a cut")),
      this.results);
    this.show();
  }

  starts() {
    const { app } = this;
    if (this.from === "selected") {
      if (app.selected < 0) throw new RequestFailure("Select the node where paths begin.");
      return [app.selected];
    }
    if (this.from === "pinned") return app.pinnedPlaces().filter((place) => app.graph.kind[place] !== Kind.logit);
    return Array.from({ length: app.graph.count }, (_, place) => place).filter((place) => app.graph.kind[place] === Kind.embedding);
  }

  async findPaths() {
    const { app } = this;
    const [id, steps] = [app.graphID, this.steps];
    const answer = await app.backend.ask(id, "paths", { starts: this.starts(), end: this.end, count: 20, minimumSteps: steps });
    if (id !== app.graphID) return;
    this.answer = { ...answer, steps };
    this.cutAnswer = null;
    this.show();
  }

  async findCut() {
    const { app } = this;
    const id = app.graphID;
    const answer = await app.backend.ask(id, "cut", { target: this.end, part: this.part });
    if (id !== app.graphID) return;
    this.cutAnswer = answer;
    this.answer = null;
    this.show();
  }

  show() {
    if (this.answer) this.results.replaceChildren(...this.pathList());
    else if (this.cutAnswer) this.results.replaceChildren(...this.cutList());
    else this.results.replaceChildren(el("p", { class: "quiet" }, "A path's strength is the product of its edges' shares of what enters their targets. A cut is a small set of features without which the answer falls, as the graph predicts."));
  }

  pathList() {
    const { app } = this;
    const { paths, share, all, allowed, steps } = this.answer;
    if (paths.length === 0) return [el("p", { class: "quiet" }, "No path is that long.")];
    return [
      el("p", { id: "path-summary" }, `These ${paths.length} paths carry ${percent(share, 1)} of what goes along all paths; all of at least ${steps} steps carry ${percent(all > 0 ? allowed / all : 0, 1)}.`),
      el("table", { id: "path-table" }, el("thead", {}, el("tr", {}, el("th", { class: "number" }, "share"), el("th", {}, "path"), el("th", {}))),
        el("tbody", {}, paths.map((path) => el("tr", { class: path.strength > 0 ? "positive" : "negative" },
          el("td", { class: "number" }, `${path.strength < 0 ? "−" : ""}${percent(path.share, 2)}`),
          el("td", {}, path.places.flatMap((place, step) => [
            step > 0 ? el("span", { class: "quiet", title: `${percent(path.shares[step - 1], 1)} of what enters the next` }, path.shares[step - 1] > 0 ? " → " : " ⊣ ") : null,
            nodeButton(app, place)])),
          el("td", {}, el("button", { type: "button", class: "pin-path", onclick: () => app.store.change("Pin a path", pinning(app, path.places)) }, "Pin")))))),
    ];
  }

  cutList() {
    const { app } = this;
    const cut = this.cutAnswer;
    const last = cut.steps.at(-1);
    const words = cut.isReached
      ? `Without these ${cut.steps.length} the answer loses ${percent(last?.lowered ?? 0)} of what the graph adds to it, as the graph predicts. `
        + (cut.isSmallest ? "No smaller set does as much: all were tried." : `No set of fewer than ${cut.leastCount} does; whether one in between does was not tried.`)
      : `All ${count(cut.candidates)} candidates together lower it by ${percent(cut.loweredByAll)}, which is not enough.`;
    const doubts = [];
    if (cut.belowZero > 0) doubts.push(`${cut.belowZero} features would fall below zero, where the prediction does not hold.`);
    if (cut.unfollowed > 0) doubts.push(`${cut.unfollowed} features have inputs that were not computed.`);
    return [
      el("p", { id: "cut-summary" }, words, " ", el("span", { class: "warn" }, doubts.join(" "))),
      el("table", { id: "cut-table" }, el("thead", {}, el("tr", {}, el("th", {}, "take away"), el("th", { class: "number" }, "lowered so far"), el("th", { class: "number" }, "alone"))),
        el("tbody", {}, cut.steps.map((step) => el("tr", {}, el("td", {}, step.places.map((place) => nodeButton(app, place))),
          el("td", { class: "number" }, percent(step.lowered, 1)), el("td", { class: "number" }, percent(step.loweredAlone, 1)))))),
      el("button", { type: "button", id: "pin-cut", onclick: () => app.store.change("Pin a cut", pinning(app, cut.steps.flatMap((step) => step.places))) }, "Pin them"),
    ];
  }
}
