// What all panels share: the graph, what is kept of it, what is selected, and the reader's view.

import { Graph, Kind, percent, visible } from "./graph.js";
import { Influence, Pruning, runningShares } from "./influence.js";
import { RequestFailure } from "./backend.js";
import { matcher } from "./query.js";
import { Store } from "./store.js";

/** Names this page among those that look at the same graph. */
const client = Math.random().toString(36).slice(2);

export class App {
  constructor(backend) {
    this.backend = backend;
    this.panels = [];
    this.store = new Store();
    this.graph = null;
    this.selected = -1;
    this.hovered = -1;
    this.query = "";
    this.readColors();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.themeChanged());
  }

  add(panel) { this.panels.push(panel); }

  /** Tells all panels what has changed. */
  refresh(...what) {
    const set = new Set(what);
    const active = document.activeElement;
    const key = ["id", "data-id", "data-key"].find((name) => active?.getAttribute?.(name));
    const selector = key ? `[${key}="${CSS.escape(active.getAttribute(key))}"]` : null;
    for (const panel of this.panels) {
      // What one panel cannot show must not keep the others from showing it.
      try { panel.refresh(set); } catch (error) { console.error(error); this.toast(`A panel cannot show this: ${error.message}`); }
    }
    // Panels are drawn anew; the keyboard stays where it was.
    if (selector && !document.contains(active)) document.querySelector(selector)?.focus({ preventScroll: true });
  }

  // MARK: Graphs

  /** Opens a graph of the server's list. */
  async open(id, wanted = {}) {
    // What was changed belongs to the graph that is still shown.
    const turn = this.turn = (this.turn ?? 0) + 1;
    const { head, edges } = await this.backend.graph(id);
    if (!await this.mayLeave()) return;
    const saved = await this.backend.view(id);
    // Another graph was asked for meanwhile.
    if (turn !== this.turn) return;
    if (id !== this.graphID) this.previousID = this.graphID;
    this.graphID = id;
    this.graph = new Graph(head, edges);
    this.revision = saved.revision;
    this.store = new Store(saved.view, { nodeShare: head.nodeShare, edgeShare: head.edgeShare });
    this.isNotKept = saved.isNotKept === true || Boolean(saved.trouble);
    this.viewFile = saved.file;
    this.store.keep = this.isNotKept ? null : (patches) => this.keep(patches);
    this.saveState = saved.trouble ?? null;
    this.store.addEventListener("change", (event) => this.viewChanged(event.detail));
    this.influence = new Influence(this.graph);
    this.shares = influenceScale(this.graph, this.influence.values);
    this.answerSum = this.graph.root.reduce((sum, weight) => sum + weight, 0);
    this.features = featurePlaces(this.graph);
    this.errorShares = errorShares(this.graph, this.influence.values);
    this.selected = wanted.selected ? this.graph.places.get(wanted.selected) ?? -1 : -1;
    this.hovered = -1;
    this.prune();
    this.find(this.query);
    document.title = `${head.slug} – Clew`;
    this.refresh("graph", "shown", "selection", "view");
    if (saved.note) this.toast(saved.note);
    if (saved.trouble) this.toast(`${saved.trouble} The graph is shown without it, and nothing you change is kept.`);
  }

  /** Works out again what is kept and what of it is shown. */
  prune() {
    const { graph, store } = this;
    const start = performance.now();
    this.pruning = new Pruning(
      graph, this.influence, store.setting("nodeShare"), store.setting("edgeShare"), new Set(this.pinnedPlaces()));
    this.filter();
    this.pruneTime = performance.now() - start;
  }

  /** Works out what is shown of what is kept; what is pinned or selected is shown in any case. */
  filter() {
    const { graph, store, pruning } = this;
    const [hideErrors, hideFirst] = [store.setting("hideErrors"), store.setting("hideFirstToken")];
    const maximumDensity = store.setting("maximumDensity");
    this.isShown = pruning.isKept.slice();
    this.hiddenByFilter = 0;
    const wanted = new Set(this.pinnedPlaces());
    for (let place = 0; place < graph.count; place++) {
      if (!this.isShown[place]) continue;
      const kind = graph.kind[place];
      const isHidden = (hideErrors && kind === Kind.error)
        || (hideFirst && graph.position[place] === 0 && kind !== Kind.logit)
        || (kind === Kind.feature && graph.density[place] > maximumDensity);
      if (!isHidden || wanted.has(place)) continue;
      this.isShown[place] = 0;
      this.hiddenByFilter++;
    }
    /** Whether the selected node would not be there if it were not selected. */
    this.showsSelected = this.selected >= 0 && !this.isShown[this.selected];
    if (this.showsSelected) this.isShown[this.selected] = 1;
  }

  /** Whether what is pinned changes what is kept: a node that was left out, or one that stayed for its pin alone. */
  needsPruning() {
    const pinned = new Set(this.pinnedPlaces());
    const { isKept, sparedOnly } = this.pruning;
    return [...pinned].some((place) => !isKept[place]) || [...sparedOnly].some((place) => !pinned.has(place));
  }

  // MARK: The view

  viewChanged({ name, patches }) {
    const settings = new Set(patches.filter(({ path }) => path[0] === "settings").map(({ path }) => path[1]));
    const all = patches.some(({ path }) => path.length === 1);
    const pins = patches.some(({ path }) => path[0] === "pinned");
    const prunes = ["nodeShare", "edgeShare"].some((key) => settings.has(key)) || all || (pins && this.needsPruning());
    // A pin shows what a filter hides, and without it that is hidden again.
    const filters = pins
      || ["hideErrors", "hideFirstToken", "maximumDensity", "foldTokens", "foldLayers"]
        .some((key) => settings.has(key));
    if (prunes) this.prune(); else if (filters) this.filter();
    if (prunes || filters) this.showSoon(); else this.refresh("view");
    this.say(name);
  }

  /** Shows what is kept now: at once in the graph, and in all panels once a slider that moves has come to rest. */
  showSoon() {
    const now = performance.now();
    const isSliding = now - (this.lastShown ?? -Infinity) < 150;
    this.lastShown = now;
    clearTimeout(this.restTimer);
    if (!isSliding) return this.refresh("shown", "view");
    this.refresh("sliding");
    this.restTimer = setTimeout(() => this.refresh("shown", "view"), 160);
  }

  /** Sends patches to the server, in their order, until it has them; of two with one path the last counts. */
  keep(patches) {
    const paths = new Set(patches.map(({ path }) => path.join("\n")));
    this.unsaved = [
      ...(this.unsaved ?? []).filter(({ path }) => !paths.has(path.join("\n"))),
      ...patches.map(({ path, value }) => ({ path, value: value ?? null })),
    ];
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => this.save(), 250);
  }

  /** Sends what is not kept yet. @returns {Promise<boolean>} whether all is kept */
  async flush() {
    while (this.isSaving) await new Promise((done) => setTimeout(done, 20));
    await this.save();
    return !this.unsaved?.length;
  }

  /** Whether another graph may be opened: what was changed is kept, or the reader gives it up. */
  async mayLeave() {
    if (!this.graph || await this.flush()) return true;
    if (!confirm(`What you changed last is not kept: ${this.saveState} Open another graph all the same?`)) return false;
    this.unsaved = [];
    return true;
  }

  async save() {
    if (this.isSaving || !this.unsaved?.length) return;
    clearTimeout(this.saveTimer);
    this.isSaving = true;
    const patches = this.unsaved;
    this.unsaved = [];
    const expected = this.revision + 1;
    try {
      const { revision } = await this.backend.save(this.graphID, patches, client);
      this.revision = revision;
      this.saveState = "saved";
      // Somebody else was faster.
      if (revision !== expected) this.isBehind = true;
    } catch (error) {
      if (this.saveState !== error.message) this.toast(`Not kept: ${error.message}`);
      this.saveState = error.message;
      if (error.status >= 400 && error.status < 500) {
        // It will never be taken; what the server has counts.
        this.isBehind = true;
      } else {
        this.unsaved = [...patches, ...this.unsaved];
        this.saveTimer = setTimeout(() => this.save(), 3000);
      }
    }
    this.isSaving = false;
    this.refresh("saved");
    if (this.isBehind) await this.catchUp();
    else if (this.unsaved.length > 0 && this.saveState === "saved") await this.save();
  }

  /** Sends what is left while the page goes away. */
  sendLast() {
    if (this.unsaved?.length && this.graphID) this.backend.saveLast(this.graphID, this.unsaved, client);
  }

  /** What the server tells of. */
  heard(message) {
    if (message.type === "view" && message.graph === this.graphID && message.client !== client) {
      // In turn, and with nothing of ours on its way, it can be taken over; else the whole view is read again.
      if (message.revision === this.revision + 1 && !this.isSaving && !this.unsaved?.length) {
        this.revision = message.revision;
        this.store.merge(message.patches);
      } else if (message.revision > this.revision || this.isSaving) {
        this.isBehind = true;
        if (!this.isSaving) this.catchUp();
      }
    }
    this.traces?.heard(message);
    if (message.type === "connected" || message.type === "disconnected") {
      const wasAway = this.isConnected === false;
      this.isConnected = message.type === "connected";
      if (this.isConnected) this.catchUp(wasAway);
      this.refresh("saved");
    }
  }

  /**
   * Reads the view as the server has it, and puts on top of it what waits to be sent.
   * @param {boolean} isSure whether something was missed for certain; else the revision tells
   */
  async catchUp(isSure = true) {
    if (!this.graph || this.isNotKept || this.isCatchingUp) return;
    this.isCatchingUp = true;
    try {
      while (true) {
        while (this.isSaving) await new Promise((done) => setTimeout(done, 20));
        this.isBehind = false;
        const [id, before] = [this.graphID, this.revision];
        const saved = await this.backend.view(id);
        if (id !== this.graphID) return;
        // What was sent or heard meanwhile may be in it or not.
        if (this.isSaving || this.isBehind || this.revision !== before) continue;
        if (!isSure && saved.revision === this.revision) break;
        this.revision = saved.revision;
        this.store.replace(saved.view, this.unsaved ?? []);
        break;
      }
    } catch (error) {
      this.isBehind = true;
      this.saveState = error.message;
    } finally {
      this.isCatchingUp = false;
    }
    if (this.unsaved?.length) await this.save();
  }

  // MARK: Selection

  select(place) {
    if (place === this.selected) return;
    this.selected = place;
    this.near = null;
    const isHidden = place >= 0 && !this.isShown[place];
    if (isHidden || this.showsSelected) {
      this.filter();
      this.refresh("shown");
    }
    if (place >= 0) this.say(`Selected ${this.describe(place)}`); else this.say("Nothing selected");
    this.refresh("selection");
  }

  hover(place, aloud = false) {
    if (place === this.hovered) return;
    this.hovered = place;
    if (aloud && place >= 0) this.say(this.describe(place));
    this.refresh("hover");
  }

  togglePin(place) { this.store.togglePin(this.graph.ids[place], this.label(place)); }

  pinnedPlaces() {
    return Object.keys(this.store.view.pinned).map((id) => this.graph.places.get(id)).filter((place) => place !== undefined);
  }

  /** What enters and leaves a node, each with its share of its target's input; the most positive first. */
  links(place) {
    const { graph } = this;
    const inputs = [], outputs = [];
    for (let edge = graph.starts[place]; edge < graph.starts[place + 1]; edge++) {
      if (graph.weights[edge] !== 0) inputs.push({ place: graph.sources[edge], edge, share: graph.share(edge, place), weight: graph.weights[edge] });
    }
    const lists = graph.outputs;
    for (let slot = lists.starts[place]; slot < lists.starts[place + 1]; slot++) {
      const edge = lists.edges[slot], target = lists.targets[slot];
      if (graph.weights[edge] !== 0) outputs.push({ place: target, edge, share: graph.share(edge, target), weight: graph.weights[edge] });
    }
    const bySign = (a, b) => b.share - a.share || a.place - b.place;
    return { inputs: inputs.sort(bySign), outputs: outputs.sort(bySign) };
  }

  /** The shares of all that is linked with the selected node. */
  neighbourShares() {
    if (this.near?.place === this.selected) return this.near.shares;
    const { inputs, outputs } = this.links(this.selected);
    const shares = new Map();
    const type = this.store.setting("linkType");
    if (type !== "output") for (const link of inputs) shares.set(link.place, link.share);
    if (type !== "input") for (const link of outputs) shares.set(link.place, link.share);
    this.near = { place: this.selected, shares };
    return shares;
  }

  /** Whether the graph was traced with the model that runs here, so that it can be run again. */
  get isLive() { return this.session?.graphs.some(({ id, isLive }) => id === this.graphID && isLive) === true; }

  // MARK: Words

  /** What the reader calls a node, or else the graph; may be empty. */
  givenLabel(place) { return this.store.view.labels[this.graph.labelKey(place)] ?? this.graph.labels[place]; }

  /** What a node is called, and failing that what it is. */
  label(place) { return this.givenLabel(place) || this.graph.name(place); }

  /** An answer's token, shortened if need be, and its probability. */
  outputText(place, length = 40) {
    const text = visible(this.graph.answerToken(place) || this.graph.name(place));
    const short = text.length > length ? `${text.slice(0, length - 1)}…` : text;
    const probability = this.graph.probability[place];
    return Number.isFinite(probability) && !this.isDifference(place) ? `${short} ${percent(probability)}` : short;
  }

  /** Whether an answer is a difference of two, which has no probability of its own. */
  isDifference(place) {
    const { graph } = this;
    return graph.kind[place] === Kind.logit && (Boolean(graph.difference[place]) || / − /.test(graph.answerToken(place)));
  }

  describe(place) {
    const { graph } = this;
    const where = graph.kind[place] < 2 ? `, layer ${graph.layer[place]}` : "";
    return `${this.label(place)}${where}, at ${visible(graph.tokens[graph.position[place]])}, position ${graph.position[place]}`;
  }

  /** Where a feature is at a position; -1 if the graph does not have it. */
  featurePlace(layer, index, position) {
    const { graph } = this;
    for (let place = 0; place < graph.count; place++) {
      if (graph.kind[place] === Kind.feature && graph.layer[place] === layer && graph.index[place] === index && graph.position[place] === position) return place;
    }
    return -1;
  }

  /** The share of the answer that passes through a node: its influence of the weight that the answers have together. */
  answerShare(place) {
    const { influence, graph, answerSum } = this;
    return answerSum > 0 ? (influence.values[place] + graph.root[place]) / answerSum : 0;
  }

  /** The same feature wherever else it is. */
  sameFeature(place) {
    if (place < 0 || this.graph.kind[place] !== Kind.feature) return [];
    return this.features.get(this.graph.labelKey(place)).filter((other) => other !== place);
  }

  /** Says something to those who do not see it. */
  say(text) { document.getElementById("live").textContent = text; }

  /** Says something to everybody for a while. */
  toast(text) {
    const toast = document.getElementById("toast");
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => { toast.hidden = true; }, 7000);
  }

  /** Runs something that may fail, and says why if it does. */
  async trying(action) {
    try { return await action(); } catch (error) {
      this.toast(error instanceof RequestFailure ? error.message : `This went wrong: ${error.message}`);
      if (!(error instanceof RequestFailure)) console.error(error);
      return null;
    }
  }

  /** Runs something that takes its time, and may fail, for a button that shows it. */
  async busy(button, action) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try { return await this.trying(action); } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }

  // MARK: Search

  /** Marks the nodes that a query means; an empty one means none. */
  find(query) {
    this.query = query;
    this.found = [];
    this.queryFault = null;
    if (query.trim() !== "" && this.graph) {
      try {
        const matches = matcher(query, this);
        for (let place = 0; place < this.graph.count; place++) if (matches(place)) this.found.push(place);
        this.found.sort((a, b) => this.shares[a] - this.shares[b] || a - b);
      } catch (error) {
        this.queryFault = error.message;
      }
    }
    this.refresh("search");
  }

  // MARK: Theme

  themeChanged() { this.readColors(); this.refresh("theme"); }

  readColors() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(`--${name}`).trim();
    this.colors = { font: getComputedStyle(document.body).fontFamily };
    for (const name of ["page", "panel", "text", "quiet", "line", "band", "accent", "focus", "positive", "negative", "feature", "error", "leaf"]) {
      this.colors[name] = of(name);
    }
  }
}

/** The places of each feature, by what it is called at all positions. */
function featurePlaces(graph) {
  const places = new Map();
  for (let place = 0; place < graph.count; place++) {
    if (graph.kind[place] !== Kind.feature) continue;
    const key = graph.labelKey(place);
    if (places.has(key)) places.get(key).push(place); else places.set(key, [place]);
  }
  return places;
}

/**
 * Running shares of influence, the one scale of sliders, search and panels: those that a pruned file states, for they
 * are of the whole graph that it came from, else those of the graph as it is here.
 */
function influenceScale(graph, influence) {
  if (graph.head.isWhole || !graph.statesInfluence) return runningShares(influence);
  return graph.stated.map((share, place) => (Number.isNaN(share) ? (graph.kind[place] === Kind.logit ? 0 : 1) : share));
}

/** The part of influence that comes from errors, of each layer's and each position's features and errors. */
function errorShares(graph, influence) {
  const layers = new Float64Array(graph.layerCount), layerSums = new Float64Array(graph.layerCount);
  const positions = new Float64Array(graph.tokens.length), positionSums = new Float64Array(graph.tokens.length);
  let errors = 0, all = 0, embeddings = 0;
  for (let place = 0; place < graph.count; place++) {
    if (graph.kind[place] === Kind.embedding) embeddings += influence[place];
    if (graph.kind[place] >= 2) continue;
    const [layer, position] = [graph.layer[place], graph.position[place]];
    layerSums[layer] += influence[place];
    positionSums[position] += influence[place];
    all += influence[place];
    if (graph.kind[place] !== Kind.error) continue;
    layers[layer] += influence[place];
    positions[position] += influence[place];
    errors += influence[place];
  }
  const divided = (parts, sums) => parts.map((part, at) => (sums[at] > 0 ? part / sums[at] : 0));
  return {
    layers: divided(layers, layerSums), positions: divided(positions, positionSums),
    all: all > 0 ? errors / all : 0, hasErrors: errors > 0, embeddings,
  };
}
