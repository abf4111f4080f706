// What is known of a feature: its label, where it is active, what it promotes.

import { Kind, kindNames, number, percent, visible } from "./graph.js";
import { el } from "./dom.js";

export class FeatureDetail {
  constructor(app) {
    this.app = app;
    this.element = document.getElementById("feature");
    this.known = new Map();
  }

  refresh(what) {
    const { app } = this;
    if (!app.graph) return;
    if (what.has("graph")) this.known.clear();
    // What the pointer means comes first; without it, what is selected.
    const place = app.hovered >= 0 ? app.hovered : app.selected;
    const isWriting = this.element.contains(document.activeElement) && document.activeElement.matches("input");
    if (what.has("graph") || (what.has("selection") && !isWriting)) return this.show(place);
    if (what.has("hover") && place !== this.place && !isWriting) return this.show(place);
    if (what.has("view") && place >= 0 && !this.element.contains(document.activeElement)) this.show(place);
  }

  async show(place) {
    const { app } = this;
    this.place = place;
    if (place < 0) {
      this.element.replaceChildren(el("div", { class: "head" }, el("h2", {}, "Feature")),
        el("div", { class: "scroll quiet" }, "What the selected node stands for is shown here: where its feature is active in text, and what it promotes."));
      return;
    }
    const { graph } = app;
    const body = el("div", { class: "scroll" }, this.facts(place));
    this.element.replaceChildren(
      el("div", { class: "head" }, el("h2", {}, graph.kind[place] === Kind.feature ? `Feature ${graph.index[place]} of layer ${graph.layer[place]}` : kindNames[graph.kind[place]])),
      body);
    if (graph.kind[place] !== Kind.feature) return;
    body.prepend(this.labelForm(place));
    if (!graph.head.hasExamples) {
      body.append(el("p", { class: "quiet" }, "No examples are known. Make them with clew features build, and open the graph again with --transcoders."));
      return;
    }
    const key = graph.labelKey(place);
    // A pointer that only passes by asks for nothing.
    if (!this.known.has(key) && place !== app.selected) await new Promise((done) => setTimeout(done, 90));
    if (this.place !== place || !body.isConnected) return;
    if (!this.known.has(key)) this.known.set(key, app.backend.examples(app.graphID, graph.layer[place], graph.index[place]).catch((error) => error));
    const examples = await this.known.get(key);
    if (this.place !== place || !body.isConnected) return;
    if (examples instanceof Error) body.append(el("p", { class: "quiet" }, examples.message));
    else body.append(...this.examples(examples, place));
  }

  labelForm(place) {
    const { app } = this;
    const key = app.graph.labelKey(place);
    const input = el("input", { type: "text", id: "label", value: app.label(place), "aria-label": "Label of the feature", maxlength: "500" });
    return el("form", {
      id: "label-form", onsubmit: (event) => {
        event.preventDefault();
        const text = input.value.trim();
        app.store.set(`Label ${text}`, ["labels", key], text === "" || text === app.graph.name(place) ? null : text);
        input.blur();
      },
    }, input, el("button", { type: "submit" }, "Set label"));
  }

  facts(place) {
    const { app } = this;
    const { graph } = app;
    const facts = [];
    const fact = (name, value) => facts.push(el("dt", {}, name), el("dd", {}, value));
    fact("at", `“${visible(graph.tokens[graph.position[place]])}”, position ${graph.position[place]}`);
    if (graph.kind[place] === Kind.feature) fact("activation", number(graph.activation[place]));
    if (graph.kind[place] === Kind.logit) {
      if (!app.isDifference(place)) fact("probability", percent(graph.probability[place], 2));
    } else {
      fact("answer share", `${percent(app.answerShare(place), 1)} of the answer passes through here`);
      fact("running share", `${percent(app.shares[place], 1)} of the influence is in this node and those before it`
        + (graph.head.isWhole || !graph.statesInfluence ? "" : ", as the file states"));
    }
    const others = app.sameFeature(place).map((other) => graph.position[other]);
    const positions = others.sort((a, b) => a - b).join(", ");
    if (others.length > 0) fact("also at", `position${others.length > 1 ? "s" : ""} ${positions}`);
    if (graph.kind[place] === Kind.feature && Number.isFinite(graph.density[place])) fact("density", `active at ${percent(graph.density[place], 2)} of tokens`);
    return el("dl", { class: "facts" }, facts);
  }

  examples(data, place) {
    const activation = this.app.graph.activation[place];
    const parts = [];
    if (data.histogram?.length > 0) parts.push(el("h3", {}, "Activations"), histogram(data, activation));
    if (data.top_logits?.length > 0) {
      parts.push(el("h3", {}, "Promotes"), tokenList(data.top_logits));
      parts.push(el("h3", {}, "Suppresses"), tokenList(data.bottom_logits ?? []));
    }
    const most = Math.max(data.act_max ?? 0, ...(data.examples_quantiles ?? []).flatMap((group) => group.examples.flatMap((example) => example.tokens_acts_list))) || 1.4;
    for (const group of data.examples_quantiles ?? []) {
      parts.push(el("h3", {}, group.quantile_name), ...group.examples.map((one) => example(one, most)));
    }
    if (parts.length === 0) parts.push(el("p", { class: "quiet" }, "This feature was active nowhere in the text that was read."));
    return parts;
  }
}

function tokenList(tokens) { return el("div", { class: "tokens-list" }, tokens.map((token) => el("span", { class: "token" }, visible(token)))); }

/** A text with the feature's activation behind each token. */
function example(one, most) {
  const line = el("div", { class: one.is_repeated_datapoint ? "example repeated" : "example" });
  one.tokens.forEach((token, at) => {
    const activation = one.tokens_acts_list[at] ?? 0;
    if (activation <= 0) { line.append(token.replace(/\n/g, "↵")); return; }
    const span = el("span", { title: number(activation), class: at === one.train_token_ind ? "peak" : "" }, token.replace(/\n/g, "↵"));
    span.style.background = `rgba(var(--mark), ${(0.12 + 0.7 * Math.min(1, activation / most)).toFixed(3)})`;
    line.append(span);
  });
  return line;
}

/** How often each size of activation occurs, with this one marked. */
function histogram(data, activation) {
  const counts = data.histogram;
  const [low, high] = [data.act_min ?? 0, data.act_max ?? 1];
  const most = Math.max(...counts, 1);
  const svg = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const picture = svg("svg", { class: "histogram", viewBox: "0 0 300 74", preserveAspectRatio: "none", role: "img" });
  const label = `Histogram of activations from ${number(low)} to ${number(high)}; here it is ${number(activation)}`;
  picture.setAttribute("aria-label", label);
  counts.forEach((value, bin) => {
    if (value === 0) return;
    const height = Math.max(1.5, 58 * Math.log1p(value) / Math.log1p(most));
    picture.append(svg("rect", { x: 300 * bin / counts.length, y: 60 - height, width: Math.max(300 / counts.length - 0.6, 0.6), height, fill: "currentColor", opacity: 0.45 }));
  });
  const at = 300 * Math.min(1, Math.max(0, (activation - low) / (high - low || 1)));
  picture.append(svg("line", { x1: at, x2: at, y1: 0, y2: 62, stroke: "var(--focus)", "stroke-width": 2 }));
  return el("div", {}, picture, el("div", { class: "legend" }, el("span", {}, number(low)), el("span", {}, `here ${number(activation)}`), el("span", {}, number(high)), el("span", {}, "(heights are logarithms of counts)")));
}
