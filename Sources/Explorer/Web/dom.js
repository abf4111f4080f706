// Building pages without markup in strings: text is always text.

/** An element with attributes, listeners (`onclick`) and children; `null` children are left out. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** An element of a drawing, with attributes and children; `null` ones are left out. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Runs something at most once a frame, with the last arguments. */
export function perFrame(action) {
  let waiting = null;
  return (...values) => {
    if (!waiting) requestAnimationFrame(() => { const last = waiting; waiting = null; action(...last); });
    waiting = values;
  };
}
