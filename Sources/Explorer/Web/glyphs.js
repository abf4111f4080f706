// The shapes of nodes, on canvas and in lists: a circle is a feature, a diamond an error, a square a token, and a
// hexagon an output.

import { Kind } from "./graph.js";

/** The corners of a node's outline; a feature has none, it is round. */
function corners(kind, x, y, radius) {
  const around = (count, size, turn) => Array.from({ length: count }, (_, corner) => {
    const angle = turn + corner * 2 * Math.PI / count;
    return [x + size * Math.cos(angle), y + size * Math.sin(angle)];
  });
  switch (kind) {
    case Kind.feature: return null;
    case Kind.error: return around(4, radius * 1.25, Math.PI / 2);
    case Kind.embedding: return around(4, radius * 0.9 * Math.SQRT2, Math.PI / 4);
    default: return around(6, radius * 1.2, 0);
  }
}

/** Adds a node's outline to the current path. */
export function outline(context, kind, x, y, radius) {
  const points = corners(kind, x, y, radius);
  if (!points) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  context.moveTo(...points.at(-1));
  for (const point of points) context.lineTo(...point);
}

/** A node's outline as the data of a path. */
export function outlinePath(kind, x, y, radius) {
  const points = corners(kind, x, y, radius);
  const text = (value) => value.toFixed(1);
  if (!points) return `M${text(x - radius)} ${text(y)}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;
  return `M${points.map((point) => point.map(text).join(" ")).join("L")}Z`;
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
