// How much each node matters to the roots, and which nodes and edges a share of that keeps. The rules are those of
// `AttributionGraph.pruned` in the library, and the tests compare the two.
//
//   N[t, s] = |A[t, s]| / max(1e-10, Σ_s' |A[t, s']|)        I = w N + w N² + w N³ + …

const maximumRounds = 1000;

/**
 * The edges that enter each target, from `starts[target]` up to `ends[target]`, with their magnitudes and the sum of
 * those.
 * @typedef {{starts: Uint32Array, ends: Uint32Array, sources: Int32Array, magnitudes: Float32Array, sums: Float64Array}} Rows
 */

/** All edges of a graph. @returns {Rows} */
function allRows(graph) {
  return {
    starts: graph.starts, ends: graph.starts.subarray(1), sources: graph.sources,
    magnitudes: graph.weights.map(Math.abs), sums: graph.inputSum,
  };
}

/** The edges among some nodes, with the number each has in the graph. @returns {Rows & {edges: Uint32Array}} */
function rowsAmong(graph, isKept) {
  const { count, starts: all, sources: from, weights } = graph;
  let room = 0;
  for (let target = 0; target < count; target++) if (isKept[target]) room += all[target + 1] - all[target];
  const starts = new Uint32Array(count), ends = new Uint32Array(count), sums = new Float64Array(count);
  const edges = new Uint32Array(room), sources = new Int32Array(room), magnitudes = new Float32Array(room);
  let slot = 0;
  for (let target = 0; target < count; target++) {
    starts[target] = slot;
    if (isKept[target]) {
      let sum = 0;
      for (let edge = all[target]; edge < all[target + 1]; edge++) {
        if (!isKept[from[edge]]) continue;
        edges[slot] = edge;
        sources[slot] = from[edge];
        magnitudes[slot] = Math.abs(weights[edge]);
        sum += magnitudes[slot++];
      }
      sums[target] = sum;
    }
    ends[target] = slot;
  }
  return { starts, ends, sources: sources.subarray(0, slot), magnitudes: magnitudes.subarray(0, slot), edges: edges.subarray(0, slot), sums };
}

/** How much each node matters to the roots, along all paths together. */
export class Influence {
  /**
   * @param {Graph} graph
   * @param {Rows?} rows the edges that there are; all if left out
   * @param {Uint8Array?} isThere which nodes there are; all if left out
   */
  constructor(graph, rows = allRows(graph), isThere = null) {
    const { count, root, isSkipped } = graph;
    const { starts, ends, sources, magnitudes, sums } = rows;
    const values = this.values = new Float64Array(count);
    const send = (target, amount) => {
      if (!(amount > 0)) return;
      const share = amount / Math.max(1e-10, sums[target]);
      for (let slot = starts[target]; slot < ends[target]; slot++) values[sources[slot]] += share * magnitudes[slot];
    };
    const order = evaluationOrder(graph);
    this.missing = 0;
    for (const target of order.nodes) {
      if (isThere && !isThere[target]) continue;
      if (isSkipped[target]) this.missing += root[target] + values[target];
      else send(target, root[target] + values[target]);
    }
    // What lies on a cycle is summed term by term.
    const cyclic = order.cyclic.filter((node) => !isThere || isThere[node]);
    if (cyclic.length === 0) return;
    const term = new Float64Array(count);
    for (const node of cyclic) term[node] = root[node] + values[node];
    const start = cyclic.reduce((sum, node) => sum + term[node], 0);
    let left = start;
    for (let round = 0; round < maximumRounds && left > start * 1e-15; round++) {
      const before = values.slice();
      for (const node of cyclic) if (!isSkipped[node]) send(node, term[node]);
      left = 0;
      for (const node of cyclic) {
        term[node] = values[node] - before[node];
        if (!isSkipped[node] && ends[node] > starts[node]) left += term[node];
      }
    }
  }
}

/** Every target before its sources, by Kahn's algorithm; nodes on cycles or below them apart. */
export function evaluationOrder(graph) {
  if (graph.order) return graph.order;
  const { count, starts, sources, weights, isSkipped } = graph;
  const readers = new Int32Array(count);
  for (let target = 0; target < count; target++) {
    if (isSkipped[target]) continue;
    for (let edge = starts[target]; edge < starts[target + 1]; edge++) if (weights[edge] !== 0) readers[sources[edge]]++;
  }
  const nodes = new Int32Array(count);
  let end = 0;
  for (let node = count - 1; node >= 0; node--) if (readers[node] === 0) nodes[end++] = node;
  for (let next = 0; next < end; next++) {
    const target = nodes[next];
    if (isSkipped[target]) continue;
    for (let edge = starts[target]; edge < starts[target + 1]; edge++) {
      if (weights[edge] !== 0 && --readers[sources[edge]] === 0) nodes[end++] = sources[edge];
    }
  }
  const cyclic = [];
  for (let node = 0; node < count; node++) if (readers[node] > 0) cyclic.push(node);
  graph.order = { nodes: nodes.subarray(0, end), cyclic };
  return graph.order;
}

/** The part of all influence that nodes at least as important as each node have: small for what matters most. */
export function runningShares(values) {
  const order = Uint32Array.from(values.keys());
  order.sort((a, b) => values[b] - values[a] || a - b);
  const total = values.reduce((sum, value) => sum + value, 0);
  const shares = new Float64Array(values.length);
  let sum = 0;
  for (const place of order) {
    sum += values[place];
    shares[place] = total > 0 ? sum / total : 0;
  }
  return shares;
}

const double = new Float64Array(1);
const words = new Uint16Array(double.buffer);

/** The leading 16 bits of a number above zero, which sort as the numbers do. */
function bucket(score) {
  double[0] = score;
  return words[3];
}

/**
 * The least of the scores that is kept so that those above zero make up a share of their sum.
 * @param {Float64Array} scores
 */
export function cut(scores, share) {
  const sums = new Float64Array(1 << 16);
  let least = Infinity;
  for (const score of scores) {
    if (!(score > 0)) continue;
    sums[bucket(score)] += score;
    if (score < least) least = score;
  }
  const goal = share * sums.reduce((sum, part) => sum + part, 0);
  if (share >= 1 || !Number.isFinite(goal)) return least;
  let sum = 0;
  for (let leading = sums.length - 1; leading >= 0; leading--) {
    if (!(sums[leading] > 0)) continue;
    if (sum + sums[leading] < goal) {
      sum += sums[leading];
      continue;
    }
    const alike = scores.filter((score) => score > 0 && bucket(score) === leading).sort().reverse();
    for (const score of alike) {
      sum += score;
      if (sum >= goal) return score;
    }
  }
  return least;
}

/** A score that no more than so many of the scores reach, within a sixteenth of the greatest such. */
export function leastOfGreatest(scores, wanted) {
  const counts = new Uint32Array(1 << 16);
  for (const score of scores) if (score > 0) counts[bucket(score)]++;
  let kept = 0, leading = counts.length - 1;
  while (leading >= 0 && kept + counts[leading] <= wanted) kept += counts[leading--];
  words.fill(0);
  words[3] = leading + 1;
  return double[0];
}

/**
 * A test of which nodes a share keeps, by the running shares that a file states. Where nothing but the file's own last
 * step goes beyond the share, it counts as within, and so does what the file says nothing of.
 */
function within(stated, share) {
  let least = Infinity, most = -Infinity;
  for (const value of stated) {
    if (!(value > share)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return (place) => !(stated[place] > share) || least === most;
}

/**
 * What stays of a graph, and what of its influence. A file that was pruned before is not pruned in the same way again:
 * its own shares count where it states them, a share of 1 is all that it holds, and without a cut of the edges no node
 * is dropped for want of them.
 */
export class Pruning {
  /**
   * @param {Graph} graph
   * @param {Influence} influence that of the whole graph
   * @param {number} nodeShare which part of the nodes' influence stays
   * @param {number} edgeShare which part of the edges' scores stays, among the nodes that stay
   * @param {Set<number>} spared nodes that stay whatever their influence
   */
  constructor(graph, influence, nodeShare, edgeShare, spared = new Set()) {
    const { count, root, kind, isSkipped } = graph;
    const values = influence.values;
    const isWhole = graph.head.isWhole;
    this.nodeCut = cut(values, nodeShare);
    const isWithin = !isWhole && nodeShare >= 1 ? () => true
      : !isWhole && graph.statesInfluence ? within(graph.stated, nodeShare) : (place) => values[place] >= this.nodeCut;
    const isFixed = new Uint8Array(count);
    const isKept = new Uint8Array(count);
    /** The nodes that stay for no other reason. */
    this.sparedOnly = new Set();
    for (let place = 0; place < count; place++) {
      isFixed[place] = kind[place] >= 2 || root[place] > 0 ? 1 : 0;
      isKept[place] = isFixed[place] || isWithin(place) ? 1 : 0;
      if (!spared.has(place)) continue;
      if (!isKept[place]) this.sparedOnly.add(place);
      isFixed[place] = isKept[place] = 1;
    }
    const rows = rowsAmong(graph, isKept);
    const core = new Influence(graph, rows, isKept);
    const scores = new Float64Array(rows.sources.length);
    for (let target = 0; target < count; target++) {
      if (isSkipped[target]) continue;
      const share = (core.values[target] + root[target]) / Math.max(1e-10, rows.sums[target]);
      for (let slot = rows.starts[target]; slot < rows.ends[target]; slot++) scores[slot] = share * rows.magnitudes[slot];
    }
    this.edgeCut = edgeShare === 1 ? 0 : cut(scores, edgeShare);
    const isEdgeKept = new Uint8Array(scores.length);
    let total = 0;
    for (let slot = 0; slot < scores.length; slot++) {
      total += scores[slot];
      if (rows.magnitudes[slot] !== 0 && scores[slot] >= this.edgeCut) isEdgeKept[slot] = 1;
    }
    if (isWhole || edgeShare < 1) {
      const isUnconnected = dropUnconnected(graph, rows, isKept, isEdgeKept, isFixed);
      for (const place of spared) if (isUnconnected(place)) this.sparedOnly.add(place);
    }

    /** Whether each node stays. */
    this.isKept = isKept;
    let edgeCount = 0;
    for (let slot = 0; slot < isEdgeKept.length; slot++) edgeCount += isEdgeKept[slot];
    /** How many edges stay. */
    this.edgeCount = edgeCount;
    /** The edges that stay, by their targets; in numbers, for a million objects would take longer than all else. */
    this.keptEdges = new Int32Array(edgeCount);
    this.keptTargets = new Int32Array(edgeCount);
    this.keptScores = new Float64Array(edgeCount);
    /** Whether each edge of the graph stays. */
    this.isEdgeKept = new Uint8Array(graph.edgeCount);
    let keptScore = 0, next = 0;
    for (let target = 0; target < count; target++) {
      for (let slot = rows.starts[target]; slot < rows.ends[target]; slot++) {
        if (!isEdgeKept[slot]) continue;
        this.isEdgeKept[rows.edges[slot]] = 1;
        this.keptEdges[next] = rows.edges[slot];
        this.keptTargets[next] = target;
        this.keptScores[next++] = scores[slot];
        keptScore += scores[slot];
      }
    }
    let all = 0, kept = 0, keptNodes = 0;
    for (let place = 0; place < count; place++) {
      all += values[place];
      if (!isKept[place]) continue;
      kept += values[place];
      keptNodes++;
    }
    this.nodeCount = keptNodes;
    /** The part of all nodes' influence that the kept nodes have. */
    this.keptInfluence = all > 0 ? kept / all : 0;
    /** The part of the scores of the edges among the nodes that stayed at first that the kept edges have. */
    this.keptEdgeInfluence = total > 0 ? keptScore / total : 0;
  }

  /** The edges that stay, one by one. */
  get edges() { return this.edgeList ??= Array.from(this.keptEdges, (edge, at) => this.edge(at)); }

  /** One of the edges that stay, with its target and score. */
  edge(at) { return { edge: this.keptEdges[at], target: this.keptTargets[at], score: this.keptScores[at] }; }
}

/**
 * Drops features and errors that nothing reads, and features that read nothing, until there are none.
 * @returns {(place: number) => boolean} whether a node would have been dropped, had it not been fixed
 */
function dropUnconnected(graph, rows, isKept, isEdgeKept, isFixed) {
  const { count, kind, isSkipped, isHeld } = graph;
  const { starts, ends, sources } = rows;
  const readers = new Int32Array(count), inputs = new Int32Array(count);
  for (let target = 0; target < count; target++) {
    for (let slot = starts[target]; slot < ends[target]; slot++) {
      if (!isEdgeKept[slot]) continue;
      readers[sources[slot]]++;
      inputs[target]++;
    }
  }
  const isUnconnected = (place) => kind[place] < 2
    && (readers[place] === 0 || (kind[place] === 0 && inputs[place] === 0 && !isSkipped[place] && !isHeld?.[place]));
  while (true) {
    const dropped = [];
    for (let place = 0; place < count; place++) {
      if (isKept[place] && !isFixed[place] && isUnconnected(place)) dropped.push(place);
    }
    if (dropped.length === 0) return isUnconnected;
    for (const place of dropped) isKept[place] = 0;
    for (let target = 0; target < count; target++) {
      for (let slot = starts[target]; slot < ends[target]; slot++) {
        if (!isEdgeKept[slot] || (isKept[target] && isKept[sources[slot]])) continue;
        isEdgeKept[slot] = 0;
        readers[sources[slot]]--;
        inputs[target]--;
      }
    }
  }
}
