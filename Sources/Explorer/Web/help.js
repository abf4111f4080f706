// Help on a key.

import { el } from "./dom.js";

const keys = [
  ["← → ↑ ↓", "go to the nearest node in the graph"], ["Enter", "select it, or let it go"], ["P", "pin it"],
  ["N, Shift N", "go to the selected node's next strongest input, or output"], ["+ − 0", "nearer, farther, everything"],
  ["Shift", "hold what the pointer shows"], ["Ctrl click", "pin"], ["/", "find"],
  ["Ctrl Z, Ctrl Shift Z", "undo, redo"], ["Escape", "let the selection go, or leave what is enlarged"],
  ["?", "this help"], ["Shift click", "in the figure: choose one more box"],
  ["G and clicks", "in the figure: make one box of those clicked"],
  ["Delete", "in the figure: unpin the chosen boxes"], ["Double click", "in the figure: rename the box"],
];

const search = [
  ["Texas", "label, token or id holds the word"], ["\"is in\"", "several words"], ["layer:3  layer>3", "layers"], ["pos:4  pos:-1", "positions, also from the end"],
  ["kind:error", "feature, error, embedding or logit"], ["influence<0.4", "among the nodes that carry the first 40 % of the influence"],
  ["activation>2  index:15589", "numbers"], ["id:20_15589_10", "the node itself"], ["-layer:0", "a minus turns a term round"],
];

export function help() {
  const dialog = document.getElementById("dialog");
  const table = (rows) => el("table", {}, el("tbody", {}, rows.map(([key, words]) => el("tr", {}, el("th", { scope: "row" }, el("kbd", {}, key)), el("td", {}, words)))));
  dialog.replaceChildren(
    el("h2", {}, "How to read the graph"),
    el("p", {}, "Each column is a token of the prompt, each row a layer of the model. A circle is a feature, a diamond what the transcoders leave unexplained, a square a token, a hexagon a possible answer. A link's width is its share of what enters its target; solid green links excite, dashed purple ones inhibit."),
    el("h3", {}, "Keys"), table(keys), el("h3", {}, "Find"), table(search),
    el("form", { method: "dialog" }, el("button", { class: "main" }, "Close")));
  dialog.showModal();
}
