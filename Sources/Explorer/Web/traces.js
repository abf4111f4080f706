// Tracing new prompts: the line they are typed into, the queue, and what a graph's model can still be asked.

import { el } from "./dom.js";

export class Traces {
  constructor(app) {
    this.app = app;
    this.bar = document.getElementById("prompt-bar");
    /** Traces that this page asked for: the graph is opened when one is finished. */
    this.mine = new Map();
    this.jobs = [];
    this.input = el("input", { type: "text", id: "prompt", spellcheck: "false", maxlength: "20000", "aria-label": "Prompt to trace", placeholder: "the capital of the state containing Dallas is" });
    this.model = el("span", { id: "model-name", class: "quiet" });
    this.list = el("span", { id: "jobs", "aria-live": "polite" });
    this.bar.append(el("form", {
      onsubmit: (event) => {
        event.preventDefault();
        if (this.input.value.trim() !== "") app.trying(() => this.trace(this.order()));
      },
    }, el("label", { class: "grow" }, "Prompt ", this.input),
    el("button", { type: "submit", class: "main", id: "trace" }, "Trace"), this.model), this.list);
  }

  refresh(what) {
    this.bar.hidden = !this.app.session?.hasModel;
    if (this.bar.hidden || !what.has("graph")) return;
    if (document.activeElement !== this.input) this.input.value = this.typed();
    const { model, transcoders } = this.app.session;
    this.model.textContent = `with ${model}`;
    this.model.title = `${model} with the transcoders ${transcoders}`
      + (this.app.isLive ? "" : ". The graph that is open was not traced with them, or is of a changed run.");
  }

  /** The open graph's prompt as it was typed; where that is not known what the file says, less its opening token. */
  typed() {
    const { typed, prompt, tokens } = this.app.graph.head;
    if (typeof typed === "string") return typed;
    const first = tokens[0] ?? "";
    const isSpecial = /^<[^>]*>$|^<\|.*\|>$/.test(first);
    if (prompt !== "") return isSpecial && prompt.startsWith(first) ? prompt.slice(first.length) : prompt;
    return tokens.slice(isSpecial ? 1 : 0).join("");
  }

  /** What the prompt line asks for: the open graph's own tokens and targets, unless another text was typed. */
  order() {
    const isUntouched = this.app.isLive && this.input.value === this.typed();
    return isUntouched ? { of: this.app.graphID } : { prompt: this.input.value };
  }

  /** Asks for a trace; its graph is opened once it is there. */
  async trace(order) {
    this.began = performance.now();
    const { job } = await this.app.backend.trace(order);
    this.mine.set(job, order);
    // The news may have come before the answer.
    this.show(this.jobs);
    const early = this.early?.get(job);
    if (early) await this.finished(early);
  }

  heard(message) {
    const { app } = this;
    if (message.type === "jobs") this.show(message.jobs);
    if (message.type === "connected") app.controls.list().catch(() => {});
    if (message.type === "traced") this.finished(message);
    if (message.type === "failed" && this.mine.has(message.job)) app.toast(message.message);
  }

  async finished(message) {
    const { app } = this;
    if (!this.mine.has(message.job)) {
      (this.early ??= new Map()).set(message.job, message);
      await app.controls.list();
      return;
    }
    this.mine.delete(message.job);
    await app.controls.list();
    await app.trying(() => app.open(message.graph));
    this.took = performance.now() - this.began;
  }

  show(jobs) {
    const { app } = this;
    this.jobs = jobs;
    const failed = jobs.find(({ id, state }) => state === "failed" && this.mine.has(id));
    if (failed) {
      this.mine.delete(failed.id);
      app.toast(failed.message);
    }
    this.list.replaceChildren(...jobs.filter(({ state }) => state === "waiting" || state === "running").map((job) => el("span", { class: "job", "data-job": job.id, title: job.order.prompt },
      el("progress", { value: String(job.fraction), max: "1", "aria-label": `Tracing ${job.order.prompt}` }),
      el("span", { class: "quiet" }, job.state === "waiting" ? "waiting" : job.phase),
      el("button", { type: "button", title: "Cancel this trace", "aria-label": "Cancel", onclick: () => app.trying(() => app.backend.cancel(job.id)) }, "✕"))));
  }
}
