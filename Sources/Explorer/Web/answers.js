// The prompt token by token: how well the model expected each, what it expected instead, and what to trace.

import { visible } from "./graph.js";
import { el } from "./dom.js";

export class Answers {
  constructor(app) { this.app = app; }

  forget() { this.known = null; this.chosen = null; }

  concerns(what) { return what.has("selection") && Boolean(this.known); }

  draw(panel) {
    const { app } = this;
    this.panel = panel;
    if (!app.session?.hasModel) return panel.replaceChildren(el("div", { class: "scroll quiet" }, "There is no model here to ask. Start clew explore with --model and --transcoders."));
    if (!app.isLive) {
      return panel.replaceChildren(el("div", { class: "scroll quiet" }, `This graph was not traced with ${app.session.model}, the model that runs here, or is of a changed run, so its answers are not known. Trace the prompt above to see what ${app.session.model} makes of it.`));
    }
    if (!this.known) {
      panel.replaceChildren(el("div", { class: "scroll quiet" }, "Asking the model…"));
      // Asked twice, the second answer would draw the strip anew under a finger that presses.
      if (this.asked !== app.graphID) app.trying(() => this.load());
      return;
    }
    const { positions } = this.known;
    const most = Math.max(0.1, ...positions.map(({ logProbability }) => -(logProbability ?? 0)));
    this.chosen ??= positions.length - 1;
    panel.replaceChildren(el("div", { class: "scroll" },
      el("p", { class: "quiet" }, "The stronger a token is marked, the more it surprised the model. "
        + "Choose one to see what it expected after it, and to trace that."),
      el("div", { class: "strip", id: "strip", role: "listbox", "aria-label": "Tokens of the prompt", onkeydown: (event) => this.key(event, positions.length) }, positions.map((position, at) => this.token(position, at, most))),
      this.detail(positions, this.chosen)));
  }

  async load() {
    const id = this.asked = this.app.graphID;
    let known;
    try { known = await this.app.backend.answers(id); } finally { this.asked = null; }
    if (id !== this.app.graphID) return;
    this.known = known;
    this.app.tabs.drawIf(this);
  }

  /** Shows what the model expects behind a token, and keeps the keyboard there. */
  choose(at) {
    this.chosen = at;
    this.draw(this.panel);
    this.panel.querySelector(`[data-position="${at}"]`).focus();
  }

  /** The strip is one stop of the Tab key; arrows go along it. */
  key(event, count) {
    const at = { ArrowLeft: this.chosen - 1, ArrowRight: this.chosen + 1, Home: 0, End: count - 1 }[event.key];
    if (at === undefined) return;
    event.preventDefault();
    if (at >= 0 && at < count) this.choose(at);
  }

  token(position, at, most) {
    const surprise = -(position.logProbability ?? 0);
    const button = el("button", {
      type: "button", class: "strip-token", role: "option", "aria-selected": String(at === this.chosen), "data-position": String(at),
      "data-key": `token-${at}`, tabindex: at === this.chosen ? "0" : "-1",
      title: at === 0 ? "the first token has no probability" : `log-probability ${position.logProbability.toFixed(3)}, ${ordinal(position.rank)} likeliest`,
      onclick: () => this.choose(at),
    }, el("span", {}, visible(position.text)), el("small", {}, position.logProbability === null || position.logProbability === undefined ? "–" : position.logProbability.toFixed(2)), el("small", { class: "quiet" }, `H ${position.next.entropy.toFixed(2)}`));
    button.style.background = `rgba(var(--mark), ${(0.65 * surprise / most).toFixed(3)})`;
    return button;
  }

  detail(positions, at) {
    const { app } = this;
    const { next } = positions[at];
    const follower = positions[at + 1];
    const isLast = at === positions.length - 1;
    // The graph's own tokens are meant: its texts need not lead back to them. No targets are the likeliest answers,
    // whatever the graph itself was traced for.
    const run = (targets) => app.trying(() => app.traces.trace(
      { of: app.graphID, ...(isLast ? {} : { tokenCount: at + 1 }), targets }));
    const { selected, graph } = app;
    const feature = selected >= 0 && graph.kind[selected] === 0
      ? `feature:${graph.layer[selected]}/${graph.index[selected]}@${graph.position[selected]}` : null;
    const first = next.candidates[0];
    const rows = next.candidates.map((candidate, rank) => el("tr", {},
      el("td", {}, visible(candidate.text)), el("td", { class: "number" }, `${(candidate.probability * 100).toFixed(2)} %`), el("td", { class: "number" }, Math.log(candidate.probability).toFixed(3)),
      el("td", {}, el("button", { type: "button", class: "trace-one", onclick: () => run([`token:${candidate.token}`]) }, "Trace it"),
        rank > 0 ? el("button", { type: "button", class: "trace-difference", onclick: () => run([`token:${first.token}-token:${candidate.token}`]) }, `Trace ${visible(first.text)} − ${visible(candidate.text)}`) : null)));
    return el("section", { id: "next-token" },
      el("h3", {}, `After “${visible(positions[at].text)}”: entropy ${next.entropy.toFixed(3)} nats`,
        follower ? `; then came “${visible(follower.text)}” (${ordinal(follower.rank)} likeliest)` : ""),
      el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, "token"), el("th", { class: "number" }, "probability"), el("th", { class: "number" }, "log"), el("th", {}))), el("tbody", {}, rows)),
      el("p", {}, el("button", { type: "button", id: "trace-here", onclick: () => run(null) }, isLast ? "Trace the likeliest answers" : "Trace what is expected here"),
        " ", feature ? el("button", {
          type: "button", id: "trace-feature",
          onclick: () => app.trying(() => app.traces.trace({ of: app.graphID, targets: [feature] })),
        }, "Trace the selected feature") : null));
  }
}

function ordinal(rank) {
  const ending = rank % 100 >= 11 && rank % 100 <= 13 ? "th" : ["th", "st", "nd", "rd"][rank % 10] ?? "th";
  return `${rank}${ending}`;
}
