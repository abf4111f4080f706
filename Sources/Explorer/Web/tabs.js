// The views below the graph, one at a time.

import { el } from "./dom.js";

export class Tabs {
  /**
   * @param {{id: string, title: string, view: object}[]} tabs each view has `draw(panel)` and `concerns(what)`, and
   * `forget()` if it knows anything of a graph
   */
  constructor(app, tabs) {
    this.app = app;
    this.tabs = tabs;
    this.bar = document.getElementById("tabs");
    this.panel = document.getElementById("tab-panel");
    this.current = tabs[0].id;
    for (const { id, title } of tabs) {
      this.bar.append(el("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": "tab-panel", onclick: () => this.choose(id) }, title));
    }
    this.bar.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      const next = (this.tabs.findIndex(({ id }) => id === this.current) + step + this.tabs.length) % this.tabs.length;
      this.choose(this.tabs[next].id);
      document.getElementById(`tab-${this.current}`).focus();
    });
    this.mark();
  }

  choose(id) {
    if (!this.tabs.some((tab) => tab.id === id)) return;
    this.current = id;
    this.mark();
    this.draw();
    this.app.refresh("tab");
  }

  mark() {
    for (const { id } of this.tabs) {
      const button = document.getElementById(`tab-${id}`);
      button.setAttribute("aria-selected", String(id === this.current));
      button.tabIndex = id === this.current ? 0 : -1;
    }
    this.panel.setAttribute("aria-labelledby", `tab-${this.current}`);
  }

  get view() { return this.tabs.find(({ id }) => id === this.current).view; }

  refresh(what) {
    if (!this.app.graph) return;
    // Views that are not shown, too, must forget what they knew of the last graph.
    if (what.has("graph")) for (const { view } of this.tabs) view.forget?.();
    if (what.has("graph") || this.view.concerns(what)) this.draw();
  }

  /** Draws a view again that has news, unless another one is looked at by now. */
  drawIf(view) { if (view === this.view) this.draw(); }

  draw() { if (this.app.graph) this.view.draw(this.panel); }
}
