// Puts the page together.

import { Answers } from "./answers.js";
import { App } from "./app.js";
import { SavedPage, Server } from "./backend.js";
import { Compare } from "./compare.js";
import { Connections } from "./connections.js";
import { Controls } from "./controls.js";
import { FeatureDetail } from "./feature.js";
import { Interventions } from "./interventions.js";
import { LinkGraph } from "./links.js";
import { Paths } from "./paths.js";
import { Scores } from "./scores.js";
import { NodeTable } from "./table.js";
import { SubgraphView } from "./subgraph.js";
import { Tabs } from "./tabs.js";
import { Traces } from "./traces.js";

const saved = document.getElementById("saved-page");
const backend = saved ? new SavedPage(JSON.parse(saved.textContent)) : new Server();
const app = new App(backend);
app.linkGraph = new LinkGraph(app);
app.traces = new Traces(app);
const controls = app.controls = new Controls(app);
const tabs = app.tabs = new Tabs(app, [
  { id: "scores", title: "Scores and errors", view: new Scores(app) },
  { id: "subgraph", title: "Subgraph", view: new SubgraphView(app) },
  { id: "answers", title: "Answers", view: new Answers(app) },
  { id: "interventions", title: "Interventions", view: new Interventions(app) },
  { id: "paths", title: "Paths and cuts", view: new Paths(app) },
  { id: "compare", title: "Compare", view: new Compare(app) },
  { id: "table", title: "Table", view: new NodeTable(app) },
]);
for (const panel of [app.linkGraph, new Connections(app), new FeatureDetail(app), tabs, app.traces, controls]) app.add(panel);

/** The address holds what is looked at, so that it can be sent to others. */
const address = {
  read() {
    const values = new URLSearchParams(location.hash.slice(1));
    return { graph: values.get("graph"), selected: values.get("node"), tab: values.get("tab"), query: values.get("find") };
  },
  refresh(what) {
    if (!app.graph || !["graph", "selection", "tab", "search"].some((part) => what.has(part))) return;
    const values = new URLSearchParams({ graph: app.graphID });
    if (app.selected >= 0) values.set("node", app.graph.ids[app.selected]);
    if (tabs.current !== "scores") values.set("tab", tabs.current);
    if (app.query) values.set("find", app.query);
    history.replaceState(null, "", `#${values}`);
  },
};

app.add(address);
// What the tests ask for, and who tries things in the console.
window.clew = app;

const wanted = address.read();
await app.trying(async () => {
  const session = await controls.list(wanted.graph);
  const first = session.graphs.find(({ id }) => id === wanted.graph) ?? session.graphs[0];
  if (!first) return app.toast("No graph was given. Open a file, or start clew explore with one.");
  if (wanted.query) { document.getElementById("search").value = wanted.query; app.query = wanted.query; }
  await app.open(first.id, wanted);
  if (wanted.tab) tabs.choose(wanted.tab);
});
window.addEventListener("hashchange", async () => {
  const next = address.read();
  if (!next.graph) return;
  if (next.graph !== app.graphID) await app.trying(() => app.open(next.graph, next));
  else app.select(next.selected ? app.graph.places.get(next.selected) ?? -1 : -1);
});
window.addEventListener("pagehide", () => app.sendLast());
window.addEventListener("beforeunload", (event) => { if (app.unsaved?.length && app.saveState !== "saved") event.preventDefault(); });
backend.listen((message) => app.heard(message));
document.documentElement.dataset.ready = "true";
