// A graph as the server sends it: nodes column by column, edges in three arrays, and the orders that the mathematics
// needs. Nothing in it changes once it is read.

export const Kind = { feature: 0, error: 1, embedding: 2, logit: 3 };
export const kindNames = ["feature", "error", "embedding", "logit"];

const magic = 0x77656c43;

export class Graph {
  /**
   * @param {object} head what `/api/graphs/ID` answers
   * @param {ArrayBuffer} bytes what `/api/graphs/ID/edges` answers
   */
  constructor(head, bytes) {
    const nodes = head.nodes;
    this.head = head;
    this.tokens = head.tokens;
    this.count = nodes.id.length;
    this.ids = nodes.id;
    this.labels = nodes.label;
    this.kind = Uint8Array.from(nodes.kind, (name) => Kind[name]);
    this.position = Int32Array.from(nodes.position);
    this.index = Float64Array.from(nodes.index);
    this.activation = Float64Array.from(nodes.activation, orNaN);
    this.probability = Float64Array.from(nodes.probability, orNaN);
    // What the file states: the running share of influence in the graph before it was pruned.
    this.stated = Float64Array.from(nodes.influence, orNaN);
    this.statesInfluence = this.stated.some((share) => !Number.isNaN(share));
    // What is compared, of answers that are differences of two.
    this.difference = nodes.difference ?? [];
    this.density = Float64Array.from(nodes.density, orNaN);
    this.root = Float64Array.from(nodes.root);
    this.isSkipped = new Uint8Array(this.count);
    for (const place of nodes.skipped) this.isSkipped[place] = 1;
    // Features that were set to a value while the prompt ran.
    this.isHeld = new Uint8Array(this.count);
    for (const place of nodes.held ?? []) this.isHeld[place] = 1;

    const layers = nodes.layer.filter((layer) => layer !== null);
    this.layerCount = Math.max(head.layerCount ?? 0, layers.reduce((most, layer) => Math.max(most, layer + 1), 0));
    // Embeddings lie below all layers, outputs above them.
    this.layer = Int32Array.from(nodes.layer, (layer, place) =>
      layer ?? (this.kind[place] === Kind.embedding ? -1 : this.layerCount));

    this.readEdges(bytes);
    this.places = new Map(this.ids.map((id, place) => [id, place]));
  }

  readEdges(bytes) {
    const [mark, nodeCount, edgeCount] = new Uint32Array(bytes, 0, 3);
    if (mark !== magic || nodeCount !== this.count) throw new Error("The graph's edges do not belong to its nodes.");
    this.edgeCount = edgeCount;
    this.starts = new Uint32Array(bytes, 12, nodeCount + 1);
    this.sources = new Int32Array(bytes, 16 + 4 * nodeCount, edgeCount);
    this.weights = new Float32Array(bytes, 16 + 4 * nodeCount + 4 * edgeCount, edgeCount);
    // What is stored as zero is no edge.
    this.linkCount = this.weights.reduce((sum, weight) => sum + (weight !== 0 ? 1 : 0), 0);
    // Σ_s |A[t, s]|, by which an edge's share of its target's input is told.
    this.inputSum = new Float64Array(this.count);
    for (let target = 0; target < this.count; target++) {
      let sum = 0;
      for (let edge = this.starts[target]; edge < this.starts[target + 1]; edge++) sum += Math.abs(this.weights[edge]);
      this.inputSum[target] = sum;
    }
  }

  /** The share of an edge in its target's input, with the weight's sign; 0 where nothing enters. */
  share(edge, target) {
    const sum = this.inputSum[target];
    return sum > 0 ? this.weights[edge] / sum : 0;
  }

  /** Edges by their sources: where each source's begin, which edges they are, and their targets. */
  get outputs() {
    if (this.outputLists) return this.outputLists;
    const starts = new Uint32Array(this.count + 1);
    for (let edge = 0; edge < this.edgeCount; edge++) starts[this.sources[edge] + 1]++;
    for (let place = 0; place < this.count; place++) starts[place + 1] += starts[place];
    const next = starts.slice();
    const edges = new Uint32Array(this.edgeCount);
    const targets = new Int32Array(this.edgeCount);
    for (let target = 0; target < this.count; target++) {
      for (let edge = this.starts[target]; edge < this.starts[target + 1]; edge++) {
        const slot = next[this.sources[edge]]++;
        edges[slot] = edge;
        targets[slot] = target;
      }
    }
    this.outputLists = { starts, edges, targets };
    return this.outputLists;
  }

  /** What stands for a node in lists: its label, or what it is. */
  name(place) {
    const label = this.labels[place];
    if (label) return label;
    switch (this.kind[place]) {
      case Kind.feature: return `feature ${this.index[place]}`;
      case Kind.error: return `error of layer ${this.layer[place]}`;
      case Kind.embedding: return visible(this.tokens[this.position[place]] ?? "");
      default: return "output";
    }
  }

  /**
   * The text of an answer's token: what its label says before `(p=`, without what stands around it. A label may begin
   * with the name of a group, in brackets: `[Output "big" or "large"] Output "large" (p=0.42)`. Of a difference, both.
   */
  answerToken(place) {
    const difference = this.difference[place];
    if (difference) return difference.texts.map((text) => text.trim() || text).join(" − ");
    const label = this.labels[place];
    const end = label.lastIndexOf("(p=");
    const text = (end < 0 ? label : label.slice(0, end)).trim().replace(/^\[[^\]]*\]\s*(?=\S)/, "");
    const quoted = /^[^"“]*["“](.*)["”]$/s.exec(text);
    return quoted ? quoted[1] : text;
  }

  /** A feature whatever its position, as labels are kept by; the id of any other node. */
  labelKey(place) {
    return this.kind[place] === Kind.feature ? `${this.layer[place]}/${this.index[place]}` : this.ids[place];
  }
}

function orNaN(value) { return value ?? NaN; }

/** A token or label on one line: what cannot be seen gets a mark. */
export function visible(text) {
  // Files name positions that their prompt does not have.
  if (typeof text !== "string") return "∅";
  // A token that only goes on with the character of the one before.
  if (text === "") return "…";
  const line = text.replace(/\r?\n/g, "↵").replace(/\t/g, "⇥").replace(/[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "�");
  return line.trim() === "" ? (line === "" ? "∅" : "␣".repeat(line.length)) : line;
}

/** A share as people write it, by the rules of NumberText.percent: what is nearly nothing or nearly all is not written as that. */
export function percent(share, digits = 0) {
  if (!Number.isFinite(share)) return "–";
  const sign = share < 0 ? "−" : "", value = Math.abs(share) * 100;
  if (value === 0) return "0 %";
  // Sums of shares may be off by rounding.
  if (Math.abs(Math.abs(share) - 1) < 1e-11) return `${sign}100 %`;
  const [under, over] = share < 0 ? ["> −", "< −"] : ["< ", "> "];
  const text = value.toFixed(digits);
  if (Number(text) === 0) return `${under}${(10 ** -digits).toFixed(digits)} %`;
  if (value >= 100) return `${sign}${text} %`;
  const finest = Math.max(digits, 2);
  for (let places = digits; places <= finest; places++) {
    const finer = value.toFixed(places);
    if (Number(finer) !== 100) return `${sign}${finer} %`;
  }
  return `${over}${(100 - 10 ** -finest).toFixed(finest)} %`;
}

/** A number with three significant digits. */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)) return value.toExponential(2).replace("-", "−");
  return Number(value.toPrecision(3)).toString().replace("-", "−");
}

/** Sorts answers, those of most weight first: differences have a weight and no probability. */
export function byWeight(graph) { return (a, b) => graph.root[b] - graph.root[a] || a - b; }

/** A count with its thousands apart. */
export function count(value) { return value.toString().replace(/\B(?=(\d{3})+$)/g, ","); }
