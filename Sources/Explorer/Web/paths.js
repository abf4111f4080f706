// The strongest ways through the graph, and the smallest set of nodes without which an answer falls.

import { Kind, count, number, percent } from "./graph.js";
import { answerSelect, nodeButton, pinning } from "./nodes.js";
import { modeSelect, modeWords } from "./modes.js";
import { RequestFailure } from "./backend.js";
import { el } from "./dom.js";

export class Paths {
  constructor(app) {
    this.app = app;
    this.steps = 2;
    this.part = 0.5;
    this.from = "tokens";
    this.mode = "free";
  }

  forget() { this.end = null; this.answer = null; this.cut = null; }

  concerns(what) { return what.has("view") || what.has("selection"); }

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
        el("span", { class: "together" }, el("label", {}, "Lower it by ", part, " %"),
          el("button", { type: "button", id: "find-cut", onclick: () => app.trying(() => this.findCut()) }, "Find a cut"))),
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
    this.cut = null;
    this.show();
  }

  async findCut() {
    const { app } = this;
    const id = app.graphID;
    const target = this.end;
    const answer = await app.backend.ask(id, "cut", { target, part: this.part });
    if (id !== app.graphID) return;
    this.cut = { ...answer, target, measured: null };
    this.answer = null;
    this.show();
  }

  /** Takes the cut's features out of the model, one more each time, and reads the answer. */
  async measureCut() {
    const { app, cut } = this;
    const ids = cut.steps.map(({ places }) => places.map((place) => app.graph.ids[place]));
    const sets = ids.map((_, step) => ids.slice(0, step + 1).flat());
    const mode = this.mode;
    const outcomes = await app.backend.ask(app.graphID, "cuts", { sets, mode: { kind: mode } });
    if (cut !== this.cut) return;
    const id = app.graph.ids[cut.target];
    cut.measured = { mode, answers: outcomes.map(({ answers }) => answers.find(({ nodeID }) => nodeID === id)) };
    this.show();
  }

  show() {
    if (this.answer) this.results.replaceChildren(...this.pathList());
    else if (this.cut) this.results.replaceChildren(...this.cutList());
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
    const cut = this.cut;
    const last = cut.steps.at(-1);
    const words = cut.isReached
      ? `Without ${cut.steps.length === 1 ? "this one" : `these ${cut.steps.length}`} the answer loses ${percent(last?.lowered ?? 0)} of what the graph adds to it, as the graph predicts. `
        + (cut.isSmallest ? "No smaller set does as much: all were tried." : `No set of fewer than ${cut.leastCount} does; whether one in between does was not tried.`)
      : `All ${count(cut.candidates)} candidates together lower it by ${percent(cut.loweredByAll)}, which is not enough.`;
    const doubts = [];
    if (cut.belowZero > 0) doubts.push(`${cut.belowZero} features would fall below zero, where the prediction does not hold.`);
    if (cut.unfollowed > 0) doubts.push(`${cut.unfollowed} features have inputs that were not computed.`);
    const { measured } = cut;
    const head = ["lowered so far", "alone", ...(measured ? ["measured so far", "probability"] : [])];
    const shown = ({ measured: change, probabilityBefore, probabilityAfter }) => [
      el("td", { class: "number" }, percent(-change / cut.value, 1)),
      el("td", { class: "number" }, `${percent(probabilityBefore, 1)} → ${percent(probabilityAfter, 1)}`)];
    return [
      el("p", { id: "cut-summary" }, words, " ", el("span", { class: "warn" }, doubts.join(" "))),
      el("table", { id: "cut-table" }, el("thead", {}, el("tr", {}, el("th", {}, "take away"), head.map((title) => el("th", { class: "number" }, title)))),
        el("tbody", {}, cut.steps.map((step, at) => el("tr", {}, el("td", {}, step.places.map((place) => nodeButton(app, place))),
          el("td", { class: "number" }, percent(step.lowered, 1)), el("td", { class: "number" }, percent(step.loweredAlone, 1)),
          measured ? shown(measured.answers[at]) : null)))),
      el("p", {}, el("button", { type: "button", id: "pin-cut", onclick: () => app.store.change("Pin a cut", pinning(app, cut.steps.flatMap((step) => step.places))) }, "Pin them"),
        app.isLive && cut.steps.length > 0 ? [" ", el("label", {}, "Hold ", modeSelect("cut-mode", this.mode, (mode) => { this.mode = mode; })), " ",
          el("button", { type: "button", id: "measure-cut", onclick: (event) => app.busy(event.currentTarget, () => this.measureCut()) }, "Measure it in the model")]
          : el("span", { class: "quiet" }, app.isLive ? "" : " What the model does without them can be measured where it was traced by clew explore.")),
      measured ? el("p", { class: "quiet", id: "cut-measured" }, `Measured while ${modeWords(measured.mode)}: by how much the answer's logit fell, as a part of the ${number(cut.value)} that the graph adds to it.`) : null,
    ].filter(Boolean);
  }
}
