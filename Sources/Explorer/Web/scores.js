// How far the picture can be trusted: scores, coverage, what is kept and what it does not show.

import { count, number, percent } from "./graph.js";
import { el } from "./dom.js";

export class Scores {
  constructor(app) { this.app = app; }

  concerns(what) { return what.has("shown"); }

  draw(panel) {
    const { app } = this;
    const { graph, pruning } = app;
    const { head } = graph;
    const { scores } = head;
    const facts = [];
    const fact = (name, value, id) => facts.push(el("dt", {}, name), el("dd", id ? { id } : {}, value));
    const ranged = (value, [low, high]) => (high - low > 1e-9 ? `${value.toFixed(4)} (between ${low.toFixed(4)} and ${high.toFixed(4)}: not all rows were computed)` : value.toFixed(4));
    fact("replacement score", ranged(scores.replacement, scores.replacementBounds), "replacement");
    fact("completeness score", ranged(scores.completeness, scores.completenessBounds), "completeness");
    if (!head.isWhole && typeof scores.statedReplacement === "number") {
      fact("before pruning", `replacement ${scores.statedReplacement.toFixed(4)}, completeness ${typeof scores.statedCompleteness === "number" ? scores.statedCompleteness.toFixed(4) : "–"}, as its maker states`);
    }
    const coverage = head.generationSettings?.coverage_reached;
    if (typeof coverage === "number") fact("coverage", `${percent(coverage, 1)} of the influence was followed to its ends`, "coverage");
    fact("nodes", `${count(pruning.nodeCount)} kept of ${count(graph.count)}, with ${percent(pruning.keptInfluence, 1)} of the influence`, "kept-nodes");
    const carried = `${percent(pruning.keptEdgeInfluence, 1)} of what the kept nodes' edges carry`;
    fact("edges", `${count(pruning.edgeCount)} kept of ${count(graph.linkCount)}, with ${carried}`, "kept-edges");
    fact("model, transcoders", `${head.info?.model ?? "not stated"}, ${head.info?.transcoder_set ?? head.scan}`);
    const fit = scores.transcoderFit;
    const byLayer = (values, text) => values.map((value, layer) => `L${layer} ${text(value)}`).join(", ");
    if (Array.isArray(fit?.fvu)) fact("FVU on this prompt", byLayer(fit.fvu, number), "fvu");
    if (Array.isArray(fit?.error_norm_share)) fact("|error| / |MLP output|", byLayer(fit.error_norm_share, (share) => percent(share)), "error-norms");
    const notes = Array.isArray(fit?.notes) ? fit.notes.map((note) => el("p", { class: "trace-note" }, `Note: ${note}.`)) : [];
    panel.replaceChildren(el("div", { class: "scroll" },
      notes, el("p", { id: "not-shown" }, this.sentence()), el("dl", { class: "facts" }, facts),
      this.file(),
      this.errorTable()));
  }

  /** What is odd about the file, and a copy in which it is put right. */
  file() {
    const { app } = this;
    const { head } = app.graph;
    const { notes } = head;
    const save = head.isSaved ? null : el("p", {}, el("button", {
      type: "button", id: "save-file", onclick: (event) => app.busy(event.currentTarget, async () => { await app.flush(); await app.backend.file(app.graphID); }),
    }, notes.length > 0 ? "Save a repaired copy" : "Save as a graph file"), el("span", { class: "quiet" }, " with what you pinned and grouped, for this page and the public viewers"));
    if (notes.length === 0) return save;
    return el("div", {}, el("h3", {}, "About the file"), el("ul", {}, notes.map((note) => el("li", {}, note))), save);
  }

  /** What the picture does not show, plainly. */
  sentence() {
    const { app } = this;
    const { graph, pruning } = app;
    const parts = [];
    const changed = graph.head.generationSettings?.changes?.length ?? 0;
    if (changed > 0) parts.push("The graph is of a run in which features were changed: what was set to a value has no inputs.");
    if (!graph.head.isWhole) parts.push("The file holds a pruned graph: all shares here are of what it holds.");
    const hidden = graph.count - pruning.nodeCount;
    parts.push(`The picture leaves out ${count(hidden)} nodes with ${percent(1 - pruning.keptInfluence, 1)} of the influence`
      + (app.hiddenByFilter > 0 ? `, and hides ${count(app.hiddenByFilter)} more by your filters.` : "."));
    if (app.errorShares.hasErrors) parts.push(`Of what reaches the answers, ${percent(1 - graph.head.scores.replacement)} starts in errors: the transcoders do not say where it comes from.`);
    else parts.push("The graph has no error nodes, so what the transcoders miss is not in it.");
    parts.push("Attention patterns and norms are held as recorded: how a pattern came about is not explained.");
    return parts.join(" ");
  }

  errorTable() {
    const { graph, errorShares } = this.app;
    if (!errorShares.hasErrors) return null;
    const bar = (share) => { const element = el("span", { class: "bar-cell" }); element.style.width = `${Math.round(share * 90)}px`; return element; };
    const table = (caption, names, shares, id) => el("table", { id },
      el("thead", {}, el("tr", {}, el("th", {}, caption), el("th", { class: "number" }, "error share"), el("th", {}))),
      el("tbody", {}, names.map((name, at) => el("tr", {}, el("td", {}, name), el("td", { class: "number" }, percent(shares[at], 1)), el("td", {}, bar(shares[at]))))));
    return el("div", {}, el("h3", {}, "Where errors are: their share of the influence that a layer's or a token's features and errors have"),
      el("div", { class: "columns" },
        el("div", {}, table("layer", Array.from(errorShares.layers, (_, layer) => `L${layer}`), errorShares.layers, "layer-errors")),
        el("div", {}, table("token", graph.tokens, errorShares.positions, "token-errors"))));
  }
}
