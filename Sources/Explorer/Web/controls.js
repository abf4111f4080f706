// The bars: which graph, which share of it, what is sought, back and forth.

import { count, percent } from "./graph.js";
import { el, perFrame } from "./dom.js";
import { help } from "./help.js";

const byID = (id) => document.getElementById(id);

export class Controls {
  constructor(app) {
    this.app = app;
    this.slider("node-share", "nodeShare", "Share of nodes", (value) => Number(value));
    this.slider("edge-share", "edgeShare", "Share of edges", (value) => Number(value));
    this.slider("density", "maximumDensity", "Density", (value) => (Number(value) >= 0 ? 1 : 10 ** Number(value)));
    for (const [id, name, words] of [["hide-errors", "hideErrors", "Hide errors"], ["hide-first", "hideFirstToken", "Hide the first token"], ["all-edges", "allEdges", "All edges"], ["fold-tokens", "foldTokens", "Fold quiet tokens"], ["fold-layers", "foldLayers", "Fold empty layers"], ["error-share", "showErrorShare", "Error shares"]]) {
      byID(id).addEventListener("change", (event) => app.store.set(words, ["settings", name], event.target.checked));
    }
    byID("link-type").addEventListener("change", (event) => app.store.set("Links", ["settings", "linkType"], event.target.value));
    byID("undo").addEventListener("click", () => this.undo());
    byID("redo").addEventListener("click", () => this.redo());
    byID("help").addEventListener("click", () => help());
    byID("snapshots").addEventListener("click", () => this.snapshots());
    byID("theme").addEventListener("click", () => this.nextTheme());
    byID("fit").addEventListener("click", () => app.linkGraph.fit());
    byID("search").addEventListener("input", (event) => app.find(event.target.value));
    byID("search").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !app.found?.length) return;
      this.next = app.found[(app.found.indexOf(this.next) + 1) % app.found.length];
      app.select(this.next);
      app.linkGraph.show(this.next);
    });
    byID("graphs").addEventListener("change", async (event) => {
      await app.trying(() => app.open(event.target.value));
      byID("graphs").value = app.graphID;
    });
    for (const button of document.querySelectorAll(".enlarge")) button.addEventListener("click", () => this.enlarge(button));
    this.files();
    this.setTheme(stored("clew-theme"));
    document.addEventListener("keydown", (event) => this.key(event));
  }

  slider(id, name, words, value) {
    const { app } = this;
    const set = perFrame((text) => app.store.set(words, ["settings", name], value(text), name));
    byID(id).addEventListener("input", (event) => set(event.target.value));
    byID(id).addEventListener("change", () => { const last = app.store.past.at(-1); if (last) last.merges = null; });
  }

  files() {
    const { app } = this;
    const take = async (file) => {
      if (this.session?.isSaved) return app.toast("This page holds one graph. Open other files with clew explore.");
      const answer = await app.trying(() => app.backend.upload(file));
      if (!answer) return;
      await this.list();
      await app.trying(() => app.open(answer.id));
      const { length } = answer.notes;
      const notes = length === 1 ? "One thing about it is" : `${length} things about it are`;
      const kept = answer.file ? `is kept as ${answer.file}` : "is open until clew explore ends";
      app.toast(`${file.name} ${kept}.${length > 0 ? ` ${notes} noted under Scores.` : ""}`);
    };
    byID("open-file").addEventListener("click", () => byID("file").click());
    byID("file").addEventListener("change", (event) => { if (event.target.files[0]) take(event.target.files[0]); event.target.value = ""; });
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => { event.preventDefault(); if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]); });
  }

  async list(graph = this.app.graphID) {
    this.session = await this.app.backend.session(graph);
    this.app.session = this.session;
    byID("graphs").replaceChildren(...this.session.graphs.map(({ id, name, purpose }) => el(
      "option", { value: id, title: name }, shortened(name) + (purpose ? ` (${purpose})` : ""))));
    const older = (this.session.graphCount ?? 0) - this.session.graphs.length;
    if (older > 0) byID("graphs").append(el("option", { disabled: true }, `and ${older} older ones, in their folders`));
    byID("open-file").hidden = this.session.isSaved === true;
    if (this.app.graphID) byID("graphs").value = this.app.graphID;
    return this.session;
  }

  refresh(what) {
    const { app } = this;
    const { store } = app;
    byID("undo").disabled = store.past.length === 0;
    byID("redo").disabled = store.future.length === 0;
    byID("undo").title = store.past.length > 0 ? `Undo: ${store.past.at(-1).name} (Ctrl Z)` : "Undo (Ctrl Z)";
    byID("redo").title = store.future.length > 0 ? `Redo: ${store.future.at(-1).name} (Ctrl Shift Z)` : "Redo (Ctrl Shift Z)";
    if (what.has("graph")) byID("graphs").value = app.graphID;
    if (what.has("search")) this.searchState();
    if (what.has("hover")) app.linkGraph.showTip();
    if (app.graph && ["graph", "shown", "view", "saved", "sliding"].some((part) => what.has(part))) this.values();
  }

  values() {
    const { app } = this;
    const { store, pruning, graph } = app;
    for (const [id, name, step] of [["node-share", "nodeShare", 0.01], ["edge-share", "edgeShare", 0.01]]) {
      if (Math.abs(Number(byID(id).value) - store.setting(name)) > step / 2) byID(id).value = store.setting(name);
      byID(`${id}-value`).textContent = percent(store.setting(name));
    }
    const density = store.setting("maximumDensity");
    byID("density").disabled = !graph.density.some((value) => Number.isFinite(value));
    byID("density").closest("label").title = byID("density").disabled
      ? "How often this graph's features are active is not known, so none can be hidden by it"
      : "Hide features that are active at a larger share of tokens than this";
    byID("density").value = density >= 1 ? 0 : Math.log10(density);
    byID("density-value").textContent = density >= 1 ? "any" : percent(density, density < 0.01 ? 3 : 1);
    for (const [id, name] of [["hide-errors", "hideErrors"], ["hide-first", "hideFirstToken"], ["all-edges", "allEdges"], ["fold-tokens", "foldTokens"], ["fold-layers", "foldLayers"], ["error-share", "showErrorShare"]]) byID(id).checked = store.setting(name);
    byID("link-type").value = store.setting("linkType");
    const budget = app.linkGraph.wantedEdges > app.linkGraph.strongest?.length ? ` (${count(app.linkGraph.strongest.length)} drawn)` : "";
    byID("kept").title = app.viewFile ? `What you change here is kept in ${app.viewFile}` : "";
    byID("kept").textContent = `${count(pruning.nodeCount)} of ${count(graph.count)} nodes keep `
      + `${percent(pruning.keptInfluence, 1)} of the influence, ${count(pruning.edgeCount)} of `
      + `${count(graph.linkCount)} edges${budget} keep ${percent(pruning.keptEdgeInfluence, 1)} of what those nodes' edges carry`
      + (app.hiddenByFilter > 0 ? ` · ${count(app.hiddenByFilter)} nodes hidden by filters` : "")
      + (graph.head.isWhole ? "" : " · of a graph that was pruned before")
      + (app.saveState && app.saveState !== "saved" ? ` · NOT KEPT: ${app.saveState}` : app.isNotKept ? " · what you change here is not kept" : "")
      + (app.viewFile === null ? " · this graph and what you change is forgotten when clew explore ends" : "")
      + (app.isConnected === false ? " · no connection to clew explore" : "");
  }

  searchState() {
    const { app } = this;
    const state = byID("search-state");
    state.classList.toggle("warn", Boolean(app.queryFault));
    byID("search").setAttribute("aria-invalid", String(Boolean(app.queryFault)));
    state.textContent = app.queryFault ?? (app.query.trim() === "" ? "" : `${count(app.found.length)} found`);
    state.title = state.textContent;
    app.linkGraph.draw();
  }

  undo() { const name = this.app.store.undo(); if (name) this.app.say(name); }
  redo() { const name = this.app.store.redo(); if (name) this.app.say(name); }

  key(event) {
    const isTyping = event.target.matches("input[type=search], input[type=text], input[type=number], textarea, select");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !isTyping) {
      event.preventDefault();
      if (event.shiftKey) this.redo(); else this.undo();
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "y" && !isTyping) {
      event.preventDefault();
      this.redo();
    } else if (event.key === "Escape" && !event.defaultPrevented && !byID("dialog").open) {
      // In the graph it lets the selection go first.
      this.leaveEnlarged();
    } else if (event.key === "?" && !isTyping) help();
    else if (event.key === "/" && !isTyping) { event.preventDefault(); byID("search").focus(); }
  }

  /** Lists what was kept under names. */
  snapshots() {
    const { store } = this.app;
    const dialog = byID("dialog");
    const name = el("input", { type: "text", id: "snapshot-name", maxlength: "100", "aria-label": "Name", placeholder: "a name for what is pinned and set now" });
    const close = (action) => () => { action(); dialog.close(); };
    const rows = Object.keys(store.view.snapshots).sort().map((key) => el("tr", {}, el("th", { scope: "row" }, key),
      el("td", {}, el("button", { type: "button", class: "restore", onclick: close(() => store.restoreSnapshot(key)) }, "Go back to it"),
        el("button", { type: "button", onclick: close(() => store.set(`Forget “${key}”`, ["snapshots", key], null)) }, "Forget it"))));
    dialog.replaceChildren(el("h2", {}, "Snapshots"),
      rows.length > 0 ? el("table", {}, el("tbody", {}, rows)) : el("p", { class: "quiet" }, "Nothing is kept under a name yet."),
      el("form", { method: "dialog", onsubmit: () => { if (name.value.trim() !== "") store.keepSnapshot(name.value.trim()); } },
        name, " ", el("button", { class: "main", id: "keep-snapshot" }, "Keep"), " ", el("button", { type: "button", onclick: () => dialog.close() }, "Close")));
    dialog.showModal();
  }

  /** Gives a panel the whole page, or takes it back. */
  enlarge(button) {
    const isLarge = byID(button.dataset.panel).classList.toggle("enlarged");
    button.setAttribute("aria-pressed", String(isLarge));
    button.title = isLarge ? "Back to its place (Escape)" : "Enlarge";
  }

  /** Takes back what is enlarged. @returns {boolean} whether anything was */
  leaveEnlarged() {
    const buttons = [...document.querySelectorAll(".enlarge[aria-pressed=true]")];
    for (const button of buttons) this.enlarge(button);
    return buttons.length > 0;
  }

  nextTheme() {
    const order = ["", "light", "dark"];
    this.setTheme(order[(order.indexOf(document.documentElement.dataset.theme ?? "") + 1) % 3]);
  }

  setTheme(theme) {
    if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
    try { localStorage.setItem("clew-theme", theme); } catch { /* a page from a file may have no storage */ }
    byID("theme").title = `Theme: ${theme || "as the system"}`;
    this.app.themeChanged();
  }
}

/** A long name without its middle: names of prompts that begin alike differ at the end. */
function shortened(name) { return name.length > 34 ? `${name.slice(0, 11)}…${name.slice(-22)}` : name; }

/** What the browser keeps for this page; a page from a file may have no such store. */
function stored(key) {
  try { return localStorage.getItem(key) ?? ""; } catch { return ""; }
}
