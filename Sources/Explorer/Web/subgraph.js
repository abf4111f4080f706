// What is pinned, as the figure for the paper: boxes, groups of them, and the effects among them. The server lays it out
// and draws the files, so that the page shows what `clew render` makes.

import { percent } from "./graph.js";
import { el, svg } from "./dom.js";

export class SubgraphView {
  constructor(app) {
    this.app = app;
    this.width = "double";
    this.chosen = new Set();
    document.addEventListener("keydown", (event) => {
      const isCommand = event.ctrlKey || event.metaKey || event.altKey;
      if (isCommand || !this.drawing?.isConnected || event.target.matches("input, select, textarea")) return;
      if (event.key === "g") this.isGrouping = true;
      if (event.key === "Delete" && this.chosen.size > 0 && !app.graph.head.isSaved) this.unpin();
    });
    document.addEventListener("keyup", (event) => { if (event.key === "g") this.endGrouping(); });
  }

  forget() {
    this.data = null;
    this.proposals = null;
    this.chosen.clear();
  }

  concerns(what) { return what.has("view") || what.has("selection") || what.has("saved"); }

  draw(panel) {
    const { app } = this;
    this.panel = panel;
    if (!this.drawing || !panel.contains(this.drawing)) {
      this.drawing = el("div", { class: "figure", id: "subgraph", ondblclick: (event) => this.renameAt(event) });
      this.side = el("div", { class: "figure-side" });
      panel.replaceChildren(this.bar(), el("div", { class: "figure-row" }, this.drawing, this.side));
    }
    this.updateBar();
    // The server draws what it has: what was not yet sent would be missing.
    if (app.unsaved?.length || app.isSaving) return;
    const state = JSON.stringify([app.graphID, app.store.view.pinned, app.store.view.supernodes, app.store.view.labels, app.store.view.positions, this.width]);
    if (state === this.state && this.data) return this.show();
    this.wanted = state;
    app.trying(() => this.load(state));
  }

  async load(state) {
    const data = await this.app.backend.subgraph(this.app.graphID, this.width);
    if (state !== this.wanted) return;
    this.state = state;
    this.data = data;
    const keys = new Set(data.boxes.map(({ key }) => key));
    this.chosen = new Set([...this.chosen].filter((key) => keys.has(key)));
    this.show();
  }

  bar() {
    const { app } = this;
    const width = el("select", { id: "figure-width", "aria-label": "Width", onchange: (event) => { this.width = event.target.value; this.draw(this.panel); } },
      [["single", "one column (3.3 in)"], ["double", "two columns (7 in)"]].map(([key, words]) => el("option", { value: key, selected: key === this.width }, words)));
    const button = (id, words, title, action) => el("button", { type: "button", id, title, onclick: action }, words);
    if (app.graph.head.isSaved) return el("div", { class: "bar quiet" }, "The figure as it was when this page was saved; clew explore changes it.");
    return el("div", { class: "bar" },
      button("group", "Group", "Make one box of the chosen ones (hold G and click boxes)", () => this.group()),
      button("ungroup", "Ungroup", "Take the chosen groups apart", () => this.ungroup()),
      button("rename", "Rename…", "Rename the chosen box", () => this.rename()),
      button("unpin", "Unpin", "Take the chosen boxes out", () => this.unpin()),
      button("propose", "Propose groups", "Features that read and write alike", () => app.trying(() => this.propose())),
      button("tidy", "Tidy", "Put the boxes back to where the layout has them", () => app.store.change(
        "Tidy", [...app.store.turning("positions", {}), { path: ["settings", "keepsRows"], value: null }])),
      width,
      ["svg", "pdf", "tikz", "caption", "table"].map((format) => el("button", {
        type: "button", class: "export", "data-format": format, onclick: () => app.trying(async () => { await app.flush(); await app.backend.figure(app.graphID, format, this.width); }),
      }, { svg: "SVG", pdf: "PDF", tikz: "TikZ", caption: "Caption", table: "Table" }[format])));
  }

  updateBar() {
    const groups = [...this.chosen].filter((key) => this.app.store.view.supernodes[key]);
    const set = (id, isOn) => { const button = document.getElementById(id); if (button) button.disabled = !isOn; };
    set("group", this.chosen.size >= 2);
    set("ungroup", groups.length > 0);
    set("rename", this.chosen.size === 1);
    set("unpin", this.chosen.size > 0);
  }

  // MARK: The picture

  show() {
    const { app, data } = this;
    if (data.boxes.length === 0) {
      this.drawing.replaceChildren(el("p", { class: "quiet" }, "Nothing is pinned yet. Select a node and press P, or Ctrl-click it; pin a few from an answer down to the tokens."));
      return this.showSide();
    }
    const { scene } = data;
    const picture = svg("svg", { viewBox: `0 0 ${scene.width} ${scene.height}`, class: "paper", role: "group", "aria-label": "Figure of what is pinned" });
    const flip = ([x, y]) => [x, scene.height - y];
    for (const guide of scene.guides) {
      const [[x1, y1], [x2, y2]] = guide.map(flip);
      picture.append(svg("line", { x1, y1, x2, y2, stroke: "#e4e4e4", "stroke-width": 0.5 }));
    }
    for (const curve of scene.curves) picture.append(this.curve(curve, flip));
    const meaning = new Map(data.boxes.map((box) => [box.key, box]));
    for (const box of scene.boxes) picture.append(this.box(box, meaning.get(box.key), flip, scene));
    for (const text of scene.texts) {
      const [x, y] = flip(text.place);
      picture.append(svg("text", { x, y, "font-size": text.fontSize, fill: text.color, "dominant-baseline": "central", "text-anchor": { left: "start", center: "middle", right: "end" }[text.anchor] }, text.text));
    }
    this.drawing.replaceChildren(picture);
    this.showSide();
    this.updateBar();
  }

  curve(curve, flip) {
    const points = curve.points.map(flip), tip = flip(curve.tip);
    let path = `M${points[0]}`;
    for (let at = 1; at + 2 < points.length; at += 3) path += `C${points[at]} ${points[at + 1]} ${points[at + 2]}`;
    const group = svg("g", { class: curve.positive ? "edge positive" : "edge negative", opacity: curve.opacity });
    const title = curve.source === "" ? "" : `${this.name(curve.source)} → ${this.name(curve.target)}: ${percent(curve.share, 1)}`;
    group.append(svg("title", {}, title), svg("path", { d: path, fill: "none", stroke: curve.color, "stroke-width": curve.lineWidth, "stroke-dasharray": curve.positive ? "none" : "3 2" }));
    const [bx, by] = points.at(-1), [tx, ty] = tip;
    const length = Math.hypot(tx - bx, ty - by) || 1, size = 1.3 + curve.lineWidth;
    const [nx, ny] = [-(ty - by) / length * size, (tx - bx) / length * size];
    group.append(curve.positive ? svg("path", { d: `M${tx} ${ty}L${bx + nx} ${by + ny}L${bx - nx} ${by - ny}Z`, fill: curve.color })
      : svg("path", { d: `M${tx + nx} ${ty + ny}L${tx - nx} ${ty - ny}`, stroke: curve.color, "stroke-width": 1.2 }));
    return group;
  }

  name(key) { return this.data.boxes.find((box) => box.key === key)?.label ?? key; }

  box(box, meaning, flip, scene) {
    const { app } = this;
    const [x, y] = flip(box.center);
    // The key below the picture has samples of boxes, which mean no node.
    const isSample = box.key === "";
    const isChosen = !isSample && this.chosen.has(box.key);
    const group = isSample ? svg("g", { transform: `translate(${x} ${y})` }) : svg("g", { class: "box", "data-key": box.key, tabindex: "0", role: "button", "aria-pressed": String(isChosen), "aria-label": `${meaning?.label ?? box.key}${meaning?.isSupernode ? `, a group of ${meaning.members.length}` : ""}`, transform: `translate(${x} ${y})` });
    const [w, h] = [box.width, box.height];
    const look = { fill: box.fill, stroke: isChosen ? "#d6006c" : box.border, "stroke-width": isChosen ? Math.max(1.4, box.lineWidth) : box.lineWidth };
    if (box.shape === "hexagon") group.append(svg("path", { d: `M${-w / 2} 0L${-w / 2 + h / 3} ${-h / 2}L${w / 2 - h / 3} ${-h / 2}L${w / 2} 0L${w / 2 - h / 3} ${h / 2}L${-w / 2 + h / 3} ${h / 2}Z`, ...look }));
    else if (box.shape === "circle") group.append(svg("ellipse", { rx: w / 2, ry: h / 2, ...look }));
    else if (box.shape === "diamond") group.append(svg("path", { d: `M0 ${-h / 2}L${w / 2} 0L0 ${h / 2}L${-w / 2} 0Z`, ...look }));
    else group.append(svg("rect", { x: -w / 2, y: -h / 2, width: w, height: h, rx: box.shape === "rounded" ? 3 : 0, ...look }));
    box.lines.forEach((line, at) => {
      group.append(svg("text", { x: 0, y: (at - (box.lines.length - 1) / 2) * scene.lineHeight, "font-size": scene.fontSize, fill: box.textColor, "text-anchor": "middle", "dominant-baseline": "central" }, line));
    });
    if (isSample) return group;
    group.append(svg("title", {}, box.tooltip));
    group.addEventListener("pointerdown", (event) => this.press(event, box, group));
    group.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); this.choose(box.key, event.shiftKey); } });
    group.addEventListener("pointerenter", () => { if (meaning?.members.length === 1) app.hover(meaning.members[0]); });
    group.addEventListener("pointerleave", () => app.hover(-1));
    return group;
  }

  /** The first click of a double click draws the boxes anew, so they cannot hear of the second. */
  renameAt(event) {
    const key = document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".box")?.dataset.key;
    if (!key) return;
    this.chosen = new Set([key]);
    this.show();
    this.rename();
  }

  /** A click chooses, a drag moves that box; the server moves out of its way what it would lie on. */
  press(event, box, group) {
    if (event.button !== 0) return;
    event.preventDefault();
    const picture = group.ownerSVGElement;
    const scale = this.data.scene.width / picture.getBoundingClientRect().width;
    const start = [event.clientX, event.clientY];
    let moved = [0, 0];
    const move = (next) => {
      if (this.app.graph.head.isSaved) return;
      const { width, height } = this.data.scene;
      const within = (value, room, size) => Math.min(Math.max(value, size / 2 + 1), room - size / 2 - 1);
      const x = within(box.center[0] + (next.clientX - start[0]) * scale, width, box.width);
      const y = within(height - box.center[1] + (next.clientY - start[1]) * scale, height, box.height);
      moved = [x - box.center[0], y - height + box.center[1]];
      group.setAttribute("transform", `translate(${x} ${y})`);
    };
    const end = () => {
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", end);
      if (Math.hypot(...moved) < 2) return this.choose(box.key, event.shiftKey || this.isGrouping);
      this.app.store.change(`Move ${this.name(box.key)}`, this.moving(box, moved));
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end);
  }

  /** Patches that move one box: in the picture's coordinates, or in those of a layout that the file brought along. */
  moving(box, [dx, dy]) {
    const path = ["positions", box.key];
    const { store } = this.app;
    if (!this.data.isFree) {
      return [
        { path, value: [round(box.center[0] + dx), round(box.center[1] - dy)] },
        { path: ["settings", "keepsRows"], value: true },
      ];
    }
    const [x, y] = store.at(path);
    const distance = (one, other) => Math.hypot(one[0] - other[0], one[1] - other[1]);
    const others = this.data.scene.boxes.filter(({ key }) => key !== "" && key !== box.key)
      .map((other) => [distance(store.at(["positions", other.key]), [x, y]), distance(other.center, box.center)]);
    const [own, drawn] = others.sort(([a], [b]) => b - a)[0] ?? [1, 1];
    const scale = own > 0 && drawn > 0 ? own / drawn : 1;
    return [{ path, value: [round(x + dx * scale), round(y - dy * scale)] }];
  }

  choose(key, adds) {
    if (adds) { if (this.chosen.has(key)) this.chosen.delete(key); else this.chosen.add(key); }
    else this.chosen = new Set(this.chosen.size === 1 && this.chosen.has(key) ? [] : [key]);
    const meaning = this.data.boxes.find((box) => box.key === key);
    if (!adds && this.chosen.has(key) && meaning?.members.length === 1) this.app.select(meaning.members[0]);
    this.show();
  }

  // MARK: Groups

  endGrouping() {
    if (!this.isGrouping) return;
    this.isGrouping = false;
    if (this.chosen.size >= 2) this.group();
  }

  members(key) {
    const { app } = this;
    return app.store.view.supernodes[key]?.members ?? [key];
  }

  group() {
    const keys = [...this.chosen];
    if (keys.length < 2) return;
    const labels = keys.map((key) => this.app.store.view.supernodes[key]?.label).filter(Boolean);
    const ids = keys.flatMap((key) => this.members(key));
    const key = this.app.store.group(ids, labels[0] ?? this.name(keys[0]));
    this.chosen = new Set([key]);
  }

  ungroup() {
    for (const key of this.chosen) if (this.app.store.view.supernodes[key]) this.app.store.ungroup(key);
    this.chosen.clear();
  }

  unpin() {
    const { store } = this.app;
    const patches = [];
    for (const key of this.chosen) {
      for (const id of this.members(key)) patches.push({ path: ["pinned", id] });
      if (store.view.supernodes[key]) patches.push({ path: ["supernodes", key] });
      patches.push({ path: ["positions", key] });
    }
    this.chosen.clear();
    store.change("Unpin", patches);
  }

  rename() {
    const [key] = this.chosen;
    if (!key) return;
    const { app } = this;
    if (app.graph.head.isSaved || (!app.store.view.supernodes[key] && !app.graph.places.has(key))) return;
    const dialog = document.getElementById("dialog");
    const input = el("input", { type: "text", id: "new-name", maxlength: "500", value: this.name(key) });
    dialog.replaceChildren(el("form", {
      method: "dialog", onsubmit: () => {
        const text = input.value.trim();
        if (text === "") return;
        if (app.store.view.supernodes[key]) app.store.set(`Rename ${text}`, ["supernodes", key, "label"], text);
        else app.store.set(`Label ${text}`, ["labels", app.graph.labelKey(app.graph.places.get(key))], text);
      },
    }, el("label", {}, "Name ", input), " ", el("button", { class: "main" }, "Rename")));
    dialog.showModal();
    input.select();
  }

  async propose() {
    const { app } = this;
    const isGrouped = new Set(Object.values(app.store.view.supernodes).flatMap(({ members }) => members));
    const pinned = app.pinnedPlaces().filter((place) => app.graph.kind[place] === 0);
    const candidates = pinned.length >= 2 ? pinned : Array.from({ length: app.graph.count }, (_, place) => place).filter((place) => app.isShown[place] && app.graph.kind[place] === 0);
    const grouped = app.pinnedPlaces().filter((place) => isGrouped.has(app.graph.ids[place]));
    const id = app.graphID;
    const { proposals } = await app.backend.ask(id, "proposals", { candidates, grouped });
    if (id !== app.graphID) return;
    this.proposals = proposals;
    if (proposals.length === 0) app.toast("No features here read and write alike enough to be one group.");
    this.showSide();
  }

  /** What the figure shows of the whole, its caption, and groups that are proposed. */
  showSide() {
    const { app, data } = this;
    // Proposals may be there before the figure is.
    if (!data) return;
    const key = [...this.chosen].at(-1);
    const box = data.boxes.find((one) => one.key === key);
    const inputs = box ? Object.entries({ shown: "boxes shown", features: "other features", embeddings: "tokens", errors: "errors", unseen: "pruned away" }).map(([part, words]) => `${words} ${percent(box.inputs[part])}`).join(", ") : null;
    const isEmpty = data.boxes.length === 0;
    this.side.replaceChildren(...[
      isEmpty ? null : el("dl", { class: "facts", id: "subgraph-facts" },
        el("dt", {}, "replacement"), el("dd", {}, data.replacement.toFixed(4)), el("dt", {}, "completeness"), el("dd", {}, data.completeness.toFixed(4)),
        el("dt", {}, "influence"), el("dd", {}, `${percent(data.influence, 1)} of all features' and errors'`)),
      data.missing.length > 0 ? el("p", { class: "warn" }, `The view names ${data.missing.length} nodes that this graph does not have.`) : null,
      box ? el("p", {}, el("b", {}, box.label), `: input from ${inputs}.`) : null,
      isEmpty ? null : el("p", { class: "quiet", id: "caption" }, data.caption),
      this.proposals?.length > 0 ? el("div", { id: "proposals" }, el("h3", {}, "Proposed groups"), this.proposals.map((proposal, at) => el("div", {
        class: "proposal", onpointerenter: () => this.preview(proposal), onpointerleave: () => this.preview(null),
      }, el("p", {}, `${proposal.label || "no label"} (${proposal.places.length}), ${proposal.reason}`),
        el("button", { type: "button", class: "accept", onclick: () => this.accept(at) }, "Group them")))) : null,
    ].filter(Boolean));
  }

  /** Marks the members of a proposal in the link graph. */
  preview(proposal) {
    this.app.marked = proposal ? proposal.places : null;
    this.app.linkGraph.draw();
  }

  accept(at) {
    const [proposal] = this.proposals.splice(at, 1);
    this.preview(null);
    this.app.store.group(proposal.places.map((place) => this.app.graph.ids[place]), proposal.label || this.app.label(proposal.places[0]));
  }
}

function round(value) { return Math.round(value * 100) / 100; }
