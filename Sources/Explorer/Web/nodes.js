// Small things that several panels say of nodes.

import { Kind, byWeight } from "./graph.js";
import { glyph } from "./glyphs.js";
import { el } from "./dom.js";

/** A button that means a node: it shows what it is, and a click selects it. */
export function nodeButton(app, place) {
  const { graph } = app;
  return el("button", {
    type: "button", class: "node", "data-id": graph.ids[place], title: app.describe(place),
    onpointerenter: () => app.hover(place), onfocus: () => app.hover(place), onpointerleave: () => app.hover(-1),
    onclick: (event) => {
      if (event.ctrlKey || event.metaKey) return app.togglePin(place);
      app.select(place);
      app.linkGraph.show(place);
    },
  }, glyph(graph.kind[place]), el("span", {}, app.label(place)),
  graph.kind[place] < 2 ? el("span", { class: "quiet" }, `L${graph.layer[place]}`) : null);
}

/** A list to choose an answer from, the most probable first. */
export function answerSelect(app, id, chosen, changed) {
  const answers = [];
  for (let place = 0; place < app.graph.count; place++) if (app.graph.kind[place] === Kind.logit) answers.push(place);
  answers.sort(byWeight(app.graph));
  const select = el("select", { id, onchange: (event) => changed(Number(event.target.value)) },
    answers.map((place) => el("option", { value: String(place), selected: place === chosen }, app.outputText(place))));
  return { select, first: answers[0] ?? -1 };
}

/** Patches that pin nodes. */
export function pinning(app, places) {
  return places.filter((place) => !app.store.isPinned(app.graph.ids[place]))
    .map((place) => ({ path: ["pinned", app.graph.ids[place]], value: true }));
}
