// The link graph: all nodes that are kept, layers upwards and tokens across, with the edges among them.

import { Kind, byWeight, kindNames, number, percent, visible } from "./graph.js";
import { outline } from "./glyphs.js";
import { leastOfGreatest } from "./influence.js";
import { LinkLayout } from "./layout.js";

/** The most edges that are drawn behind everything; the strongest stay. */
const edgeBudget = 6000;
/** The same while a slider moves. */
const movingBudget = 1200;
/** How far from a node the pointer still means it, in pixels. */
const reach = 30;
const layersOf = { background: 0, selection: 1 };

export class LinkGraph {
  /** What shows a node while the pointer is over it. */
  static hovering = "#stage, #connections, button, tr, .box, .union";

  constructor(app) {
    this.app = app;
    this.stage = document.getElementById("stage");
    this.edgeCanvas = document.getElementById("edges");
    this.nodeCanvas = document.getElementById("nodes");
    this.tip = document.getElementById("tip");
    this.scale = 1;
    this.shift = [0, 0];
    this.frozen = false;
    this.pending = false;
    this.edgesAreOld = true;
    new ResizeObserver(() => { this.arrange(); this.drawNow(); }).observe(this.stage);
    window.addEventListener("beforeprint", () => this.print());
    this.listen();
  }

  refresh(what) {
    if (!this.app.graph) return;
    if (what.has("graph")) {
      this.scale = 1;
      this.shift = [0, 0];
      this.freeze(false);
      this.tip.hidden = true;
    }
    this.isMoving = what.has("sliding");
    if (what.has("graph") || what.has("shown") || what.has("sliding")) return this.arrange();
    if (what.has("theme") || what.has("shown") || what.has("view") || what.has("selection")) this.edgesAreOld = true;
    this.draw();
  }

  // MARK: Layout

  arrange() {
    const { app } = this;
    const box = this.stage.getBoundingClientRect();
    this.size = [box.width, box.height];
    const pixels = window.devicePixelRatio || 1;
    for (const canvas of [this.edgeCanvas, this.nodeCanvas]) {
      canvas.width = Math.round(box.width * pixels);
      canvas.height = Math.round(box.height * pixels);
    }
    if (!app.graph || box.width < 10) return;
    this.layout = this.layOut(box.width, box.height);
    this.shown = [];
    for (let place = 0; place < app.graph.count; place++) if (app.isShown[place]) this.shown.push(place);
    this.strongest = this.strongestEdges();
    this.edgesAreOld = true;
    this.draw();
  }

  layOut(width, height) {
    const { graph, isShown, shares, store } = this.app;
    return new LinkLayout(graph, isShown, shares, {
      width, height, foldTokens: store.setting("foldTokens"), foldLayers: store.setting("foldLayers"),
    });
  }

  /** The edges drawn behind everything, weak ones first; fewer while a slider moves. */
  strongestEdges() {
    const { graph, pruning, isShown } = this.app;
    const { keptEdges, keptTargets, keptScores } = pruning;
    const places = new Int32Array(pruning.edgeCount);
    let count = 0;
    for (let at = 0; at < places.length; at++) {
      if (isShown[keptTargets[at]] && isShown[graph.sources[keptEdges[at]]]) places[count++] = at;
    }
    this.wantedEdges = count;
    const budget = this.isMoving ? movingBudget : edgeBudget;
    const shown = places.subarray(0, count);
    const least = count > budget ? leastOfGreatest(Float64Array.from(shown, (at) => keptScores[at]), budget) : -Infinity;
    const edges = [];
    for (const at of shown) if (keptScores[at] >= least) edges.push(pruning.edge(at));
    return edges.sort((a, b) => a.score - b.score);
  }

  /** Where a node is on the panel, in pixels. */
  at(place) {
    return [this.layout.x[place] * this.scale + this.shift[0], this.layout.y[place] * this.scale + this.shift[1]];
  }

  /** The size of nodes, in pixels: smaller where they are many. */
  get radius() { return Math.min(this.layout.radius * Math.max(1, Math.sqrt(this.scale)), 9); }

  // MARK: Drawing

  draw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.drawNow();
    });
  }

  drawNow() {
    if (!this.layout) return;
    if (this.edgesAreOld) this.drawEdges();
    this.drawNodes();
  }

  /** Draws the picture once more for paper, light and at a size of its own: no frame comes while a page is printed. */
  print() {
    const { app } = this;
    if (!app.graph) return;
    const paper = document.getElementById("printed");
    const [root, theme] = [document.documentElement, document.documentElement.dataset.theme];
    const before = { size: this.size, layout: this.layout, scale: this.scale, shift: this.shift };
    const canvases = { edgeCanvas: this.edgeCanvas, nodeCanvas: this.nodeCanvas };
    root.dataset.theme = "light";
    app.readColors();
    const [width, height] = [1000, 640], pixels = 2;
    Object.assign(this, { size: [width, height], scale: 1, shift: [0, 0], pixels });
    this.layout = this.layOut(width, height);
    paper.width = width * pixels;
    paper.height = height * pixels;
    const context = paper.getContext("2d");
    for (const draw of ["drawEdges", "drawNodes"]) {
      this.edgeCanvas = this.nodeCanvas = document.createElement("canvas");
      this.edgeCanvas.width = paper.width;
      this.edgeCanvas.height = paper.height;
      this[draw]();
      context.drawImage(this.edgeCanvas, 0, 0);
    }
    if (theme === undefined) delete root.dataset.theme; else root.dataset.theme = theme;
    app.readColors();
    Object.assign(this, before, canvases, { pixels: null, edgesAreOld: true });
    this.draw();
  }

  context(canvas) {
    const context = canvas.getContext("2d");
    const pixels = this.pixels ?? (window.devicePixelRatio || 1);
    context.setTransform(pixels, 0, 0, pixels, 0, 0);
    context.clearRect(0, 0, ...this.size);
    return context;
  }

  drawEdges() {
    this.edgesAreOld = false;
    const { app } = this;
    const colors = app.colors;
    const context = this.context(this.edgeCanvas);
    this.drawGround(context, colors);
    const isFaint = app.selected >= 0 || app.store.setting("linkType") === "pinned";
    if (app.store.setting("allEdges")) {
      context.globalAlpha = isFaint ? 0.05 : Math.min(0.5, 0.10 + 40 / (this.strongest.length + 60));
      for (const { edge, target } of this.strongest) this.drawEdge(context, edge, target, colors, layersOf.background);
      context.globalAlpha = 1;
    }
    for (const [edge, target] of this.selectedEdges()) this.drawEdge(context, edge, target, colors, layersOf.selection);
  }

  /** Rows, columns, and what stands beside them. */
  drawGround(context, colors) {
    const { app, layout } = this;
    const factor = this.scale;
    const toX = (x) => x * factor + this.shift[0], toY = (y) => y * factor + this.shift[1];
    const [width, height] = this.size;
    context.font = "11px " + colors.font;
    context.textBaseline = "middle";
    const last = layout.rows.length - 1;
    let nextFree = Infinity;
    const answers = toY(layout.rows[last].middle);
    for (const row of layout.rows) {
      const middle = toY(row.middle), rowHeight = row.height * factor;
      if (row.row === 0 || row.row === last) {
        context.fillStyle = colors.band;
        context.fillRect(0, middle - rowHeight / 2, width, rowHeight);
      }
      if (app.store.setting("showErrorShare") && row.row > 0 && row.row < last) this.shade(context, app.errorShares.layers[row.row - 1], 0, middle - rowHeight / 2, width, rowHeight, colors);
      context.strokeStyle = colors.line;
      context.globalAlpha = row.isFolded ? 0.25 : 0.6;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(40, middle);
      context.lineTo(width, middle);
      context.stroke();
      context.globalAlpha = 1;
      // The answers' row keeps its name where layers lie close.
      if (row.isFolded || nextFree - middle < 12 || (row.row < last && middle - answers < 12)) continue;
      context.fillStyle = colors.quiet;
      context.textAlign = "right";
      context.fillText(row.row === 0 ? "token" : row.row === last ? "out" : `L${row.row - 1}`, 37, middle);
      nextFree = middle;
    }
    this.drawTokens(context, colors, toX, toY(layout.rows[0].middle) + layout.rows[0].height * factor / 2);
  }

  drawTokens(context, colors, toX, top) {
    const { app, layout } = this;
    const factor = this.scale;
    context.textAlign = "right";
    for (const column of layout.columns) {
      const left = toX(column.left), width = column.width * factor;
      context.strokeStyle = colors.line;
      context.globalAlpha = 0.35;
      context.beginPath();
      context.moveTo(left, 0);
      context.lineTo(left, top);
      context.stroke();
      context.globalAlpha = 1;
      if (app.store.setting("showErrorShare")) this.shade(context, app.errorShares.positions[column.position], left, 0, width, top, colors);
      if (column.isFolded) continue;
      const text = visible(app.graph.tokens[column.position]);
      const isSelected = app.selected >= 0 && app.graph.position[app.selected] === column.position;
      context.fillStyle = isSelected ? colors.text : colors.quiet;
      context.save();
      context.font = (isSelected ? "600 " : "") + "11px " + colors.font;
      if (context.measureText(text).width < width - 4) {
        context.textAlign = "center";
        context.fillText(text, left + width / 2, top + 11);
      } else if (width >= 8) {
        context.translate(left + width / 2 + 4, top + 7);
        context.rotate(-Math.PI / 4);
        context.fillText(text.length > 14 ? text.slice(0, 13) + "…" : text, 0, 0);
      }
      context.restore();
    }
  }

  shade(context, share, x, y, width, height, colors) {
    if (!(share > 0)) return;
    context.fillStyle = colors.error;
    context.globalAlpha = 0.5 * Math.min(1, share);
    context.fillRect(x, y, width, height);
    context.globalAlpha = 1;
  }

  drawEdge(context, edge, target, colors, layer) {
    const { graph } = this.app;
    const source = graph.sources[edge];
    const [x0, y0] = this.at(source), [x1, y1] = this.at(target);
    if (Number.isNaN(x0) || Number.isNaN(x1)) return;
    const share = graph.share(edge, target);
    const isPositive = share > 0;
    context.strokeStyle = isPositive ? colors.positive : colors.negative;
    context.lineWidth = Math.max(layer === layersOf.background ? 0.5 : 0.9, 4 * Math.sqrt(Math.abs(share)));
    if (layer === layersOf.selection) {
      context.globalAlpha = 0.35 + 0.65 * Math.sqrt(Math.min(1, 2 * Math.abs(share)));
    }
    // Sign is seen without colour.
    context.setLineDash(isPositive ? [] : [5, 3]);
    context.beginPath();
    context.moveTo(x0, y0);
    const bend = (y0 - y1) * 0.35;
    context.bezierCurveTo(x0, y0 - bend, x1, y1 + bend, x1, y1);
    context.stroke();
    context.setLineDash([]);
    if (layer === layersOf.selection) context.globalAlpha = 1;
  }

  /** The edges of what is selected, or those among pinned nodes; weak ones first. */
  selectedEdges() {
    const { app } = this;
    const { graph, isShown, store } = app;
    const type = store.setting("linkType");
    const found = [];
    if (app.selected >= 0 && type !== "pinned") {
      const { inputs, outputs } = app.links(app.selected);
      if (type !== "output") for (const link of inputs) if (isShown[link.place]) found.push([link.edge, app.selected]);
      if (type !== "input") for (const link of outputs) if (isShown[link.place]) found.push([link.edge, link.place]);
    } else {
      const pinned = app.pinnedPlaces();
      const isPinned = new Set(pinned);
      for (const target of pinned) {
        for (let edge = graph.starts[target]; edge < graph.starts[target + 1]; edge++) {
          if (isPinned.has(graph.sources[edge]) && app.pruning.isEdgeKept[edge]) found.push([edge, target]);
        }
      }
    }
    found.sort((a, b) => Math.abs(graph.share(...a)) - Math.abs(graph.share(...b)));
    return found.slice(-2000);
  }

  drawNodes() {
    const { app } = this;
    const { graph, store, colors } = app;
    const context = this.context(this.nodeCanvas);
    const { radius } = this;
    const [width, height] = this.size;
    const near = app.selected >= 0 ? app.neighbourShares() : null;
    context.lineWidth = 1;
    for (const place of this.shown) {
      const [x, y] = this.at(place);
      if (x < -20 || y < -20 || x > width + 20 || y > height + 20) continue;
      const kind = graph.kind[place];
      const share = near?.get(place);
      context.globalAlpha = near && share === undefined && place !== app.selected ? 0.35 : 1;
      context.beginPath();
      outline(context, kind, x, y, radius);
      context.fillStyle = share !== undefined ? (share > 0 ? colors.positive : colors.negative)
        : kind === Kind.error ? colors.error : kind === Kind.feature ? colors.feature : colors.leaf;
      context.fill();
      const isPinned = store.view.pinned[graph.ids[place]];
      context.strokeStyle = isPinned ? colors.text : colors.panel;
      context.lineWidth = isPinned ? 2.2 : Math.min(0.8, radius / 3);
      context.stroke();
    }
    context.globalAlpha = 1;
    this.drawTexts(context, colors, radius);
    for (const place of app.sameFeature(app.hovered >= 0 ? app.hovered : app.selected)) {
      if (app.isShown[place]) this.ring(context, place, radius + 4, colors.focus, [1, 3]);
    }
    if (app.selected >= 0) this.ring(context, app.selected, radius + 4, colors.focus, []);
    if (app.hovered >= 0 && app.hovered !== app.selected) this.ring(context, app.hovered, radius + 4, colors.focus, [3, 2]);
    for (const place of app.marked ?? app.found ?? []) if (app.isShown[place]) this.ring(context, place, radius + 6, colors.accent, [2, 2]);
  }

  ring(context, place, radius, color, dash) {
    const [x, y] = this.at(place);
    if (Number.isNaN(x)) return;
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.setLineDash(dash);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
    context.setLineDash([]);
  }

  /** Outputs' texts always; labels of features once there is room for them, the most important first. */
  drawTexts(context, colors, radius) {
    const { app } = this;
    const { graph } = app;
    context.font = "11px " + colors.font;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const taken = [];
    const write = (place, text, y) => {
      const [x] = this.at(place);
      const half = context.measureText(text).width / 2 + 2;
      const box = [x - half, y - 7, x + half, y + 7];
      if (box[0] < 0 || box[2] > this.size[0] || box[1] < 0 || box[3] > this.size[1]) return;
      if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) return;
      taken.push(box);
      context.lineWidth = 3;
      context.strokeStyle = colors.panel;
      context.strokeText(text, x, y);
      context.fillStyle = colors.text;
      context.fillText(text, x, y);
    };
    const short = (text, length) => (text.length > length ? text.slice(0, length - 1) + "…" : text);
    const named = [app.selected, app.hovered].filter((place) => place >= 0 && app.isShown[place]);
    this.drawAnswers(context, colors, radius, taken);
    for (const place of named) if (graph.kind[place] !== Kind.logit) write(place, short(app.label(place), 34), this.at(place)[1] - radius - 9);
    const pinned = app.pinnedPlaces().filter((place) => app.isShown[place]);
    const others = this.scale > 1.6 ? this.shown.filter((place) => graph.kind[place] === Kind.feature).sort((a, b) => app.shares[a] - app.shares[b]).slice(0, 400) : [];
    for (const place of [...pinned, ...others]) {
      if (graph.kind[place] === Kind.feature) write(place, short(app.label(place), 22), this.at(place)[1] - radius - 8);
    }
  }

  /** Answers' texts, the likeliest first; they lean where several stand side by side. */
  drawAnswers(context, colors, radius, taken) {
    const { app, layout } = this;
    const { graph } = app;
    const answers = this.shown.filter((place) => graph.kind[place] === Kind.logit)
      .sort(byWeight(graph));
    const written = [];
    for (const place of answers) {
      const [x, y] = this.at(place);
      if (x < 0 || x > this.size[0] || written.some((other) => Math.abs(other - x) < 12.5)) continue;
      written.push(x);
      const text = app.outputText(place, app.isDifference(place) ? 26 : 11);
      const isChosen = place === app.selected || place === app.hovered;
      context.save();
      context.font = (isChosen ? "600 " : "") + "11px " + colors.font;
      const width = context.measureText(text).width;
      if (layout.leansAnswers) {
        context.textAlign = "left";
        context.translate(x + 2, y - radius - 5);
        context.rotate(-Math.PI / 3.4);
      } else {
        const middle = Math.min(Math.max(x, width / 2 + 4), this.size[0] - width / 2 - 4);
        taken.push([middle - width / 2, y - radius - 16, middle + width / 2, y - radius - 2]);
        context.translate(middle, y - radius - 9);
      }
      context.lineWidth = 3;
      context.strokeStyle = colors.panel;
      context.strokeText(text, 0, 0);
      context.fillStyle = colors.text;
      context.fillText(text, 0, 0);
      context.restore();
    }
  }

  // MARK: Pointer and keys

  listen() {
    const canvas = this.nodeCanvas;
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerleave", () => { if (!this.frozen) this.app.hover(-1); });
    canvas.addEventListener("pointerdown", (event) => {
      this.press = { x: event.clientX, y: event.clientY, shift: [...this.shift], moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const [x, y] = this.pointer(event);
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0016)), x, y);
    }, { passive: false });
    canvas.addEventListener("dblclick", () => this.fit());
    canvas.addEventListener("keydown", (event) => this.key(event));
    // What was under the pointer may have gone without the pointer's leaving it.
    document.addEventListener("pointermove", ({ target }) => {
      if (this.app.graph && this.app.hovered >= 0 && !this.frozen && !target.closest?.(LinkGraph.hovering)) this.app.hover(-1);
    });
    window.addEventListener("keydown", (event) => { if (event.key === "Shift" && this.app.hovered >= 0) this.freeze(true); });
    window.addEventListener("keyup", (event) => { if (event.key === "Shift") this.freeze(false); });
  }

  pointer(event) {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  move(event) {
    if (this.press && event.buttons === 1) {
      const [dx, dy] = [event.clientX - this.press.x, event.clientY - this.press.y];
      if (!this.press.moved && Math.hypot(dx, dy) < 4) return;
      this.press.moved = true;
      this.stage.classList.add("panning");
      this.shift = [this.press.shift[0] + dx, this.press.shift[1] + dy];
      this.edgesAreOld = true;
      return this.draw();
    }
    if (!this.frozen) this.app.hover(this.nearest(...this.pointer(event)));
  }

  release(event) {
    const press = this.press;
    this.press = null;
    this.stage.classList.remove("panning");
    if (!press || press.moved) return;
    const place = this.nearest(...this.pointer(event));
    const { app } = this;
    if (place >= 0 && (event.ctrlKey || event.metaKey)) app.togglePin(place);
    else app.select(place === app.selected ? -1 : place);
  }

  /** The shown node that is nearest to a point, if any is near. */
  nearest(x, y) {
    let best = -1, least = reach * reach;
    for (const place of this.shown ?? []) {
      const [px, py] = this.at(place);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < least) { best = place; least = distance; }
    }
    return best;
  }

  zoom(factor, x, y) {
    const scale = Math.min(Math.max(this.scale * factor, 1), 24);
    const by = scale / this.scale;
    this.shift = [x - (x - this.shift[0]) * by, y - (y - this.shift[1]) * by];
    this.scale = scale;
    if (scale === 1) this.shift = [0, 0];
    this.edgesAreOld = true;
    this.draw();
  }

  fit() { this.scale = 1; this.shift = [0, 0]; this.edgesAreOld = true; this.draw(); }

  /** Moves the picture so that a node is well within it. */
  show(place) {
    if (!this.layout || !this.app.isShown[place]) return;
    const [x, y] = this.at(place);
    const [width, height] = this.size;
    const dx = x < 40 ? 40 - x : x > width - 40 ? width - 40 - x : 0;
    const dy = y < 30 ? 30 - y : y > height - 30 ? height - 30 - y : 0;
    if (dx === 0 && dy === 0) return;
    this.shift = [this.shift[0] + dx, this.shift[1] + dy];
    this.edgesAreOld = true;
    this.draw();
  }

  freeze(isFrozen) {
    this.frozen = isFrozen;
    this.tip.classList.toggle("frozen", isFrozen);
  }

  showTip() {
    const { app } = this;
    const place = app.hovered;
    this.tip.hidden = place < 0 || !app.isShown[place];
    if (this.tip.hidden) return;
    const { graph } = app;
    const facts = [kindNames[graph.kind[place]]];
    if (graph.kind[place] < 2) facts.push(`layer ${graph.layer[place]}`);
    facts.push(`at “${visible(graph.tokens[graph.position[place]])}” (${graph.position[place]})`);
    if (graph.kind[place] === Kind.feature) facts.push(`#${graph.index[place]}`, `activation ${number(graph.activation[place])}`);
    if (graph.kind[place] === Kind.logit) {
      if (!app.isDifference(place)) facts.push(`probability ${percent(graph.probability[place], 2)}`);
    } else facts.push(`${percent(app.answerShare(place), 1)} of the answer passes through here`);
    const title = document.createElement("b");
    title.textContent = app.label(place);
    this.tip.replaceChildren(title, facts.join(" · "));
    const [x, y] = this.at(place);
    this.tip.style.left = `${Math.min(Math.max(x + 12, 4), this.size[0] - this.tip.offsetWidth - 4)}px`;
    this.tip.style.top = `${y + 14 + this.tip.offsetHeight > this.size[1] ? y - 14 - this.tip.offsetHeight : y + 14}px`;
  }

  key(event) {
    const { app } = this;
    if (event.ctrlKey || event.metaKey || event.altKey || !this.layout) return;
    const from = app.hovered >= 0 ? app.hovered : app.selected;
    switch (event.key) {
      case "ArrowLeft": case "ArrowRight": case "ArrowUp": case "ArrowDown":
        this.walk(from, event.key);
        break;
      case "Enter": case " ": if (from >= 0) app.select(from === app.selected ? -1 : from); break;
      case "p": case "P": if (from >= 0) app.togglePin(from); break;
      case "n": case "N": this.follow(event.shiftKey); break;
      case "0": this.fit(); break;
      case "+": case "=": this.zoom(1.3, this.size[0] / 2, this.size[1] / 2); break;
      case "-": this.zoom(1 / 1.3, this.size[0] / 2, this.size[1] / 2); break;
      case "Escape":
        // Without a selection to let go it is for what is enlarged.
        if (app.selected < 0 && app.hovered < 0) return;
        app.select(-1);
        app.hover(-1);
        break;
      default: return;
    }
    event.preventDefault();
  }

  /** Goes to the nearest node in a direction. */
  walk(from, key) {
    const { app, layout } = this;
    if (from < 0 || !app.isShown[from]) return app.hover(this.shown.at(-1) ?? -1, true);
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    let best = -1, least = Infinity;
    for (const place of this.shown) {
      const x = layout.x[place] - layout.x[from], y = layout.y[place] - layout.y[from];
      const ahead = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
      if (ahead < 1 || (dx !== 0 && aside > 4)) continue;
      const distance = dx !== 0 ? ahead : ahead + 0.5 * aside;
      if (distance < least) { best = place; least = distance; }
    }
    if (best >= 0) { app.hover(best, true); this.show(best); }
  }

  /** Goes to the selected node's next strongest input, or output. */
  follow(toOutputs) {
    const { app } = this;
    if (app.selected < 0) return;
    const links = app.links(app.selected)[toOutputs ? "outputs" : "inputs"].filter((link) => app.isShown[link.place])
      .toSorted((a, b) => Math.abs(b.share) - Math.abs(a.share));
    if (links.length === 0) return app.say(`No ${toOutputs ? "outputs" : "inputs"} are shown.`);
    const next = (links.findIndex((link) => link.place === app.hovered) + 1) % links.length;
    app.hover(links[next].place, true);
    this.show(links[next].place);
  }
}
