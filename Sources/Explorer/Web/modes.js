// What is held while the model runs again.

import { el } from "./dom.js";

const modes = [
  ["free", "everything is recomputed"], ["frozenAttention", "attention patterns are held"],
  ["direct", "attention, norms and MLPs are held: direct effects alone"],
];

/** What is held, in words. */
export function modeWords(mode) { return modes.find(([key]) => key === mode)?.[1] ?? mode; }

/** A list to choose from what is held. */
export function modeSelect(id, chosen, changed) {
  return el("select", { id, onchange: (event) => changed(event.target.value) },
    modes.map(([key, words]) => el("option", { value: key, selected: key === chosen, title: words }, words)));
}
