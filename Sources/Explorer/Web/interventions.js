// Changing features while the model runs: what the graph predicts, next to what the model shows.

import { Kind, number, percent, visible } from "./graph.js";
import { nodeButton } from "./nodes.js";
import { modeSelect } from "./modes.js";
import { el, svg } from "./dom.js";

export class Interventions {
  constructor(app) {
    this.app = app;
    this.forget();
  }

  forget() {
    this.changes = [];
    this.mode = "free";
    this.continuation = 12;
    this.outcome = null;
    this.isRunning = false;
  }

  concerns(what) { return what.has("selection") || what.has("view"); }

  draw(panel) {
    const { app } = this;
    this.panel = panel;
    if (!app.isLive) {
      return panel.replaceChildren(el("div", { class: "scroll quiet" }, app.session?.hasModel
        ? "This graph was not traced with the model that runs here, or is of a changed run, so nothing can be changed and run again."
        : "There is no model here to run. Start clew explore with --model and --transcoders."));
    }
    panel.replaceChildren(
      el("div", { class: "bar" },
        el("button", { type: "button", id: "add-selected", disabled: !this.isFeature(app.selected), onclick: () => this.add([app.selected]) }, "Add the selected feature"),
        this.groupButtons(),
        el("label", {}, "Hold ", modeSelect("mode", this.mode, (mode) => { this.mode = mode; document.getElementById("trace-changed").disabled = this.isHeldBack; })),
        el("label", {}, "Continue ", el("input", { type: "number", id: "continuation", min: "0", max: "200", value: String(this.continuation), oninput: (event) => { this.continuation = Math.max(0, Math.min(200, Number(event.target.value) || 0)); } }), " tokens"),
        el("button", { type: "button", class: "main", id: "run", disabled: this.changes.length === 0 || this.isRunning, onclick: (event) => app.busy(event.currentTarget, () => this.run()) }, this.isRunning ? "Running…" : "Run"),
        el("button", {
          type: "button", id: "trace-changed", disabled: this.isHeldBack,
          title: "A graph of the changed run, to compare with this one", onclick: () => app.trying(() => this.trace()),
        }, "Trace the changed run")),
      el("div", { class: "scroll" }, this.changeList(), this.outcome ? this.result() : el("p", { class: "quiet" }, "Select a feature and add it, then say what becomes of it. The graph's prediction is linear: it adds up the effects along all paths, with everything that it holds frozen.")));
  }

  /** Whether the changed run cannot be traced: nothing is changed, or norms and MLPs are held. */
  get isHeldBack() { return this.changes.length === 0 || this.mode === "direct"; }

  isFeature(place) { return place >= 0 && this.app.graph.kind[place] === Kind.feature; }

  groupButtons() {
    const { app } = this;
    return Object.entries(app.store.view.supernodes).map(([key, group]) => el("button", {
      type: "button", "data-group": key,
      onclick: () => this.add(group.members.map((id) => app.graph.places.get(id)).filter((place) => place !== undefined && this.isFeature(place)), group.label),
    }, `Add ${group.label}`));
  }

  add(places, label = null) {
    if (places.length === 0) return;
    this.changes.push({ places, label, action: "remove", value: this.app.graph.activation[places[0]], factor: 2, swap: null });
    this.draw(this.panel);
  }

  changeList() {
    const { app } = this;
    if (this.changes.length === 0) return null;
    const features = Array.from({ length: app.graph.count }, (_, place) => place).filter((place) => this.isFeature(place) && app.isShown[place]).sort((a, b) => app.shares[a] - app.shares[b]);
    return el("table", { id: "changes" }, el("tbody", {}, this.changes.map((change, at) => el("tr", {},
      el("td", {}, change.label ? el("b", {}, change.label, " ") : null, change.places.map((place) => nodeButton(app, place))),
      el("td", {}, el("select", { class: "action", "aria-label": "What becomes of it", onchange: (event) => { change.action = event.target.value; this.draw(this.panel); } },
        [["remove", "remove"], ["set", "set to"], ["scale", "scale by"], ["swap", "swap for"]].map(([key, words]) => el("option", { value: key, selected: key === change.action }, words)))),
      el("td", {}, this.operand(change, features)),
      el("td", { class: "quiet" }, `now ${number(app.graph.activation[change.places[0]])}`),
      el("td", {}, el("button", { type: "button", "aria-label": "Leave it as it is", onclick: () => { this.changes.splice(at, 1); this.draw(this.panel); } }, "✕"))))));
  }

  operand(change, features) {
    if (change.action === "set" || change.action === "scale") {
      const key = change.action === "set" ? "value" : "factor";
      return el("input", { type: "number", class: "operand", step: "any", value: String(Number(change[key].toPrecision(6))), "aria-label": key, oninput: (event) => { change[key] = Number(event.target.value) || 0; } });
    }
    if (change.action !== "swap") return null;
    change.swap ??= features.find((place) => !change.places.includes(place)) ?? null;
    return el("select", { class: "operand", "aria-label": "The feature that takes its place", onchange: (event) => { change.swap = Number(event.target.value); } },
      features.filter((place) => !change.places.includes(place)).map((place) => el("option", { value: String(place), selected: place === change.swap }, `${this.app.label(place)} (L${this.app.graph.layer[place]} @${this.app.graph.position[place]})`)));
  }

  order() {
    const ids = (places) => places.map((place) => this.id(place));
    const changes = this.changes.map(({ places, action, value, factor, swap }) => ({
      action, features: ids(places),
      ...(action === "set" ? { value } : action === "scale" ? { factor } : action === "swap" ? { replacements: ids([swap]) } : {}),
    }));
    return { changes, mode: { kind: this.mode }, shownFeaturesOnly: false, continuation: this.continuation };
  }

  id(place) { const { graph } = this.app; return `${graph.layer[place]}_${graph.index[place]}_${graph.position[place]}`; }

  async run() {
    const { app } = this;
    const id = app.graphID;
    this.isRunning = true;
    try {
      const outcome = await app.backend.ask(id, "outcome", this.order());
      if (id === app.graphID) this.outcome = outcome;
    } finally {
      this.isRunning = false;
      if (id === app.graphID) app.tabs.drawIf(this);
    }
  }

  /** Has the changed run traced; its graph is opened, and Compare offers this one. */
  trace() {
    const { changes, mode } = this.order();
    return this.app.traces.trace({ of: this.app.graphID, changes, mode });
  }

  result() {
    const { answers, features, answerFit, featureFit, continuation, edits } = this.outcome;
    const inactive = edits.filter(({ wasActive }) => !wasActive).length;
    return el("div", { id: "outcome" },
      el("p", { id: "fit-figures" },
        `Log-probabilities of answers: ${this.fit(answerFit)}. Features downstream: ${this.fit(featureFit)}.`,
        inactive > 0 ? ` ${inactive} of the changed features were not active, so the graph has no edges for them; `
          + "a frozen run stands in." : ""),
      el("div", { class: "columns wide" },
        el("div", {}, el("h3", {}, "Answers"), this.answerTable(answers)),
        el("div", {}, el("h3", {}, "Predicted and measured change of every feature downstream"), scatter(features.filter(({ predicted }) => typeof predicted === "number")))),
      el("h3", {}, "The worst misses"), this.missTable(features, featureFit.worst),
      continuation ? el("div", {}, el("h3", {}, "The text that follows"), el("table", { id: "continuation-texts" }, el("tbody", {}, el("tr", {}, el("th", {}, "before"), el("td", { class: "mono" }, continuation.before)), el("tr", {}, el("th", {}, "after"), el("td", { class: "mono" }, continuation.after))))) : null);
  }

  fit({ count, rSquared, correlation, slope }) {
    if (count === 0) return "none to compare";
    const text = (value) => (typeof value === "number" ? value.toFixed(3) : "–");
    return `${count} compared, R² ${text(rSquared)}, correlation ${text(correlation)}, slope ${text(slope)}`;
  }

  answerTable(answers) {
    const signed = (value) => (typeof value === "number" ? `${value > 0 ? "+" : ""}${number(value)}` : "–");
    const cell = (text) => el("td", { class: "number" }, text);
    const title = (text, words) => el("th", { class: "number", title: words }, text);
    // Two tokens' probabilities together say nothing of their difference.
    const part = (answer, share) => (answer.token === undefined || answer.token === null || typeof share !== "number"
      ? "–" : percent(share, 1));
    return el("table", { id: "answer-changes" },
      el("thead", {}, el("tr", {}, el("th", {}, "answer"),
        title("Δ log p, predicted", "Change of the log-probability over all tokens; of a difference, of the log-odds"),
        title("Δ log p, measured", "The same in the changed run"),
        title("p before", "The probability in the run as it was"),
        title("p after, predicted", "If all logits change as predicted"),
        title("p after, measured", "The probability in the changed run"))),
      el("tbody", {}, answers.map((answer) => el("tr", {}, el("td", {}, visible(answer.text)),
        cell(signed(answer.logProbabilityPredicted)), cell(signed(answer.logProbabilityMeasured)),
        cell(part(answer, answer.probabilityBefore)), cell(part(answer, answer.predictedProbability)),
        cell(part(answer, answer.probabilityAfter))))),
      el("caption", { class: "quiet" }, "What moves the logits of all tokens alike counts for nothing here."));
  }

  missTable(features, worst) {
    const { app } = this;
    const rows = worst.map((at) => features[at]).filter(Boolean);
    if (rows.length === 0) return el("p", { class: "quiet" }, "No feature downstream could be predicted.");
    return el("table", { id: "misses" },
      el("thead", {}, el("tr", {}, el("th", {}, "feature"), el("th", { class: "number" }, "predicted"), el("th", { class: "number" }, "measured"), el("th", { class: "number" }, "activation before"), el("th", { class: "number" }, "after"))),
      el("tbody", {}, rows.map((row) => {
        const [layer, index, position] = row.place.split("_").map(Number);
        const place = app.featurePlace(layer, index, position);
        return el("tr", {}, el("td", {}, place >= 0 ? nodeButton(app, place) : row.label || row.place),
          el("td", { class: "number" }, number(row.predicted)), el("td", { class: "number" }, number(row.measured)),
          el("td", { class: "number" }, number(row.activationBefore)), el("td", { class: "number" }, number(row.activationAfter)));
      })));
  }
}

/** Predicted changes across, measured ones up; the diagonal is where they agree. */
function scatter(rows) {
  const size = 260, edge = 34;
  const most = Math.max(1e-6, ...rows.flatMap(({ predicted, measured }) => [Math.abs(predicted), Math.abs(measured)])) * 1.05;
  const at = (value) => edge + (size - edge - 6) * (value + most) / (2 * most);
  const line = (x0, y0, x1, y1, attributes) => svg("line", { x1: at(x0), y1: size - at(y0), x2: at(x1), y2: size - at(y1), ...attributes });
  const word = (text, attributes) => svg("text", { "font-size": 10, fill: "var(--quiet)", ...attributes }, text);
  return svg("svg", { viewBox: `0 0 ${size} ${size}`, class: "scatter", role: "img", "aria-label": `Scatter plot of ${rows.length} features` },
    line(-most, -most, most, most, { stroke: "var(--quiet)", "stroke-dasharray": "4 3" }),
    line(0, -most, 0, most, { stroke: "var(--line)" }), line(-most, 0, most, 0, { stroke: "var(--line)" }),
    rows.map(({ predicted, measured, label, place }) => svg("circle", { cx: at(predicted), cy: size - at(measured), r: 2.6, fill: "var(--accent)", opacity: 0.6 },
      svg("title", {}, `${label || place}: predicted ${number(predicted)}, measured ${number(measured)}`))),
    word("predicted", { x: size / 2 + edge / 2, y: size - 4, "text-anchor": "middle" }),
    word(number(-most), { x: at(-most), y: size - 16, "text-anchor": "start" }),
    word(number(most), { x: at(most), y: size - 16, "text-anchor": "end" }),
    word("measured", { x: 12, y: size / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${size / 2})` }));
}
