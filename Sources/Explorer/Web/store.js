// What the reader chose, as one value with a history. Every change is a list of patches that can be taken back, sent to
// the server, and merged with those of another tab: a patch sets or deletes one entry, so that edits of different
// entries never overwrite each other.

const emptyView = () => ({
  labels: {}, pinned: {}, positions: {}, settings: {}, snapshots: {}, supernodes: {}, version: 1,
});

/** Settings that a view may hold, with what counts where it does not. */
export const defaults = {
  nodeShare: 0.8, edgeShare: 0.98, hideErrors: false, hideFirstToken: false, linkType: "both", maximumDensity: 1,
  allEdges: true, foldTokens: false, foldLayers: false, showErrorShare: false, keepsRows: false,
};

export class Store extends EventTarget {
  /**
   * @param {object} view the saved view, as the sidecar has it
   * @param {object} own the settings with which the graph itself opens
   */
  constructor(view = {}, own = {}) {
    super();
    this.own = own;
    this.view = { ...emptyView(), ...structuredClone(view) };
    this.past = [];
    this.future = [];
    /** Told of patches that are to be kept; set by whoever keeps them. */
    this.keep = null;
  }

  setting(name) { return this.view.settings[name] ?? this.own[name] ?? defaults[name]; }

  /** The entry at a path; undefined where there is none. */
  at(path) { return path.reduce((value, key) => value?.[key], this.view); }

  /**
   * Makes a change.
   * @param {string} name what undo calls it
   * @param {{path: string[], value: any}[]} patches `undefined` or `null` deletes
   * @param {string?} merges changes of one kind that follow one another, a slider's, are taken back together
   */
  change(name, patches, merges = null) {
    // Values are kept as they are now: what they are taken from goes on changing.
    const done = patches.map(({ path, value }) => ({ path, value: structuredClone(value), before: structuredClone(this.at(path)) }))
      .filter(({ value, before }) => JSON.stringify(value ?? null) !== JSON.stringify(before ?? null));
    if (done.length === 0) return;
    this.apply(done);
    const last = this.past.at(-1);
    if (merges && last?.merges === merges && this.future.length === 0) {
      for (const patch of done) {
        const same = last.patches.find((other) => other.path.join("\n") === patch.path.join("\n"));
        if (same) same.value = patch.value; else last.patches.push(patch);
      }
    } else {
      this.past.push({ name, patches: done, merges });
      if (this.past.length > 1000) this.past.shift();
    }
    this.future = [];
    this.keep?.(done);
    this.tell(name, done);
  }

  set(name, path, value, merges = null) { this.change(name, [{ path, value }], merges); }

  /** Takes the last change back. */
  undo() {
    const step = this.past.pop();
    if (!step) return null;
    this.future.push(step);
    return this.replay(step, `Undo: ${step.name}`, step.patches.toReversed().map(({ path, before }) => ({ path, value: before })));
  }

  /** Makes the change again that was taken back last. */
  redo() {
    const step = this.future.pop();
    if (!step) return null;
    this.past.push(step);
    return this.replay(step, `Redo: ${step.name}`, step.patches);
  }

  replay(step, name, patches) {
    step.merges = null;
    this.apply(patches);
    this.keep?.(patches);
    this.tell(name, patches);
    return name;
  }

  /** Takes over what another tab changed; undo does not touch it. */
  merge(patches) {
    // A field of a group that is not here any more has nothing to change.
    this.apply(patches.filter(({ path }) => path.length < 3 || this.at(path.slice(0, -1)) !== undefined));
    this.tell("Changed in another tab", patches);
  }

  /** Takes the view as the server has it, with patches that it does not have yet. */
  replace(view, patches) {
    this.view = { ...emptyView(), ...structuredClone(view) };
    this.apply(patches);
    this.tell("Changed in another tab", [{ path: ["settings"], value: this.view.settings }]);
  }

  apply(patches) {
    for (const { path, value } of patches) {
      let object = this.view;
      for (const key of path.slice(0, -1)) object = object[key] ??= {};
      if (value === undefined || value === null) delete object[path.at(-1)];
      else object[path.at(-1)] = structuredClone(value);
    }
  }

  tell(name, patches) { this.dispatchEvent(new CustomEvent("change", { detail: { name, patches } })); }

  // What panels ask most often.

  isPinned(id) { return this.view.pinned[id] === true; }

  togglePin(id, name) {
    if (!this.isPinned(id)) return this.set(`Pin ${name}`, ["pinned", id], true);
    const patches = [{ path: ["pinned", id] }];
    for (const [key, group] of Object.entries(this.view.supernodes)) {
      if (group.members.includes(id)) patches.push(...this.withoutMembers(key, [id]));
    }
    this.change(`Unpin ${name}`, patches);
  }

  /** Patches that take nodes out of a group; a group of one is none. */
  withoutMembers(key, ids) {
    const group = this.view.supernodes[key];
    const members = group.members.filter((member) => !ids.includes(member));
    if (members.length >= 2) return [{ path: ["supernodes", key], value: { ...group, members } }];
    return [{ path: ["supernodes", key] }, { path: ["positions", key] }];
  }

  groupOf(id) { return Object.keys(this.view.supernodes).find((key) => this.view.supernodes[key].members.includes(id)); }

  /** Makes one box of several nodes, pinning those that are not. */
  group(ids, label) {
    const patches = [];
    for (const old of new Set(ids.map((id) => this.groupOf(id)).filter(Boolean))) patches.push(...this.withoutMembers(old, ids));
    for (const id of ids) if (!this.isPinned(id)) patches.push({ path: ["pinned", id], value: true });
    const numbers = Object.keys(this.view.supernodes).map((name) => Number(/^g(\d+)-/.exec(name)?.[1] ?? 0));
    const key = `g${Math.max(0, ...numbers) + 1}-${Math.random().toString(36).slice(2, 6)}`;
    patches.push({ path: ["supernodes", key], value: { label: label.slice(0, 500), members: ids } });
    this.change(`Group ${ids.length} nodes`, patches);
    return key;
  }

  ungroup(key) {
    this.change(`Ungroup ${this.view.supernodes[key]?.label ?? ""}`,
      [{ path: ["supernodes", key] }, { path: ["positions", key] }]);
  }

  /** Keeps what is chosen now under a name. */
  keepSnapshot(name) {
    const { labels, pinned, positions, settings, supernodes } = this.view;
    this.set(`Keep “${name}”`, ["snapshots", name], { labels, pinned, positions, settings, supernodes });
  }

  /** Goes back to what was kept under a name; that, too, can be undone. */
  restoreSnapshot(name) {
    const snapshot = this.view.snapshots[name];
    if (!snapshot) return;
    this.change(`Go back to “${name}”`, ["labels", "pinned", "positions", "settings", "supernodes"]
      .flatMap((section) => this.turning(section, snapshot[section] ?? {})));
  }

  /** Patches that make a section hold these entries and no others, entry by entry: undo leaves those of others alone. */
  turning(section, entries) {
    return Object.keys({ ...this.view[section], ...entries }).map((key) => ({ path: [section, key], value: entries[key] }));
  }
}
