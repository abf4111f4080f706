// All shown nodes as a table, for those who read rather than see, and for sorting.

import { Kind, count, kindNames, number, percent, visible } from "./graph.js";
import { el } from "./dom.js";

const page = 200;

export class NodeTable {
  constructor(app) {
    this.app = app;
    this.order = { key: "influence", falls: false };
    this.limit = page;
    this.columns = [
      { key: "label", title: "Label", value: (place) => app.label(place), isText: true },
      { key: "kind", title: "Kind", value: (place) => kindNames[app.graph.kind[place]], isText: true },
      { key: "layer", title: "Layer", value: (place) => app.graph.layer[place], text: (place) => (app.graph.kind[place] < 2 ? String(app.graph.layer[place]) : "") },
      { key: "position", title: "Position", value: (place) => app.graph.position[place], text: (place) => `${app.graph.position[place]} “${visible(app.graph.tokens[app.graph.position[place]])}”` },
      { key: "activation", title: "Activation", value: (place) => app.graph.activation[place], text: (place) => (app.graph.kind[place] === Kind.feature ? number(app.graph.activation[place]) : "") },
      {
        key: "part", title: "Of the answer", value: (place) => app.answerShare(place),
        text: (place) => percent(app.answerShare(place), 2),
      },
      { key: "influence", title: "Running share", value: (place) => app.shares[place], text: (place) => percent(app.shares[place], 1) },
    ];
  }

  concerns(what) { return ["shown", "selection", "view", "search"].some((part) => what.has(part)); }

  draw(panel) {
    const { app } = this;
    const column = this.columns.find(({ key }) => key === this.order.key);
    const sought = app.query.trim() !== "" && !app.queryFault;
    const places = (sought ? app.found : Array.from({ length: app.graph.count }, (_, place) => place)).filter((place) => sought || app.isShown[place]);
    const compare = column.isText ? (a, b) => column.value(a).localeCompare(column.value(b)) : (a, b) => orLast(column.value(a)) - orLast(column.value(b));
    places.sort((a, b) => (this.order.falls ? compare(b, a) : compare(a, b)) || a - b);
    const head = this.columns.map(({ key, title, isText }) => el("th", {
      class: isText ? "" : "number", scope: "col", "aria-sort": key === this.order.key ? (this.order.falls ? "descending" : "ascending") : null,
    }, el("button", { type: "button", onclick: () => this.sort(key) }, title + (key === this.order.key ? (this.order.falls ? " ↓" : " ↑") : ""))));
    const rows = places.slice(0, this.limit).map((place) => el("tr", {
      class: place === app.selected ? "selected" : "", "data-id": app.graph.ids[place],
      onpointerenter: () => app.hover(place),
    }, this.columns.map(({ key, text, value, isText }) => el(
      "td", { class: key === "label" ? "label" : isText ? "" : "number" },
      key === "label" ? this.button(place) : (text ?? value)(place)))));
    const top = panel.scrollTop;
    panel.replaceChildren(el("div", { class: "scroll" },
      el("table", { id: "node-table" },
        el("caption", {}, sought ? `${count(places.length)} nodes found, shown in the graph or not` : `${count(places.length)} shown nodes`),
        el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)),
      places.length > this.limit ? el("button", { type: "button", onclick: () => { this.limit += 5 * page; this.draw(panel); } }, `${count(places.length - this.limit)} more`) : null));
    panel.scrollTop = top;
  }

  button(place) {
    const { app } = this;
    const title = app.label(place);
    return el("button", { type: "button", title, onclick: () => app.select(place) }, title);
  }

  sort(key) {
    this.order = { key, falls: this.order.key === key ? !this.order.falls : false };
    this.draw(document.getElementById("tab-panel"));
  }
}

function orLast(value) { return Number.isNaN(value) ? Infinity : value; }
