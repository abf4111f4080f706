// The shapes of nodes, on canvas and in lists: a circle is a feature, a diamond an error, a square a token, and a
// hexagon an output.

import { Kind } from "./graph.js";

/** Adds a node's outline to the current path. */
export function outline(context, kind, x, y, radius) {
  switch (kind) {
    case Kind.feature:
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
      break;
    case Kind.error: polygon(context, x, y, radius * 1.25, 4, Math.PI / 2); break;
    case Kind.embedding: context.rect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8); break;
    default: polygon(context, x, y, radius * 1.2, 6, 0);
  }
}

function polygon(context, x, y, radius, corners, turn) {
  for (let corner = 0; corner <= corners; corner++) {
    const angle = turn + corner * 2 * Math.PI / corners;
    const [px, py] = [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    if (corner === 0) context.moveTo(px, py); else context.lineTo(px, py);
  }
}

const shapes = [
  '<circle cx="6" cy="6" r="4"/>', '<path d="M6 1 L11 6 L6 11 L1 6 Z"/>', '<rect x="2" y="2" width="8" height="8"/>',
  '<path d="M1 6 L3.5 1.7 L8.5 1.7 L11 6 L8.5 10.3 L3.5 10.3 Z"/>',
];

/** A node's shape for a list. */
export function glyph(kind) {
  const template = document.createElement("template");
  template.innerHTML = `<svg class="glyph" viewBox="0 0 12 12" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.4">${shapes[kind]}</svg>`;
  return template.content.firstChild;
}
