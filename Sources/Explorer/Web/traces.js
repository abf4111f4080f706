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
    this.list = el("span", { id: "jobs", "aria-live": "polite" });
    this.bar.append(el("form", {
      onsubmit: (event) => {
        event.preventDefault();
        if (this.input.value.trim() !== "") app.trying(() => this.trace({ prompt: this.input.value }));
      },
    }, el("label", { class: "grow" }, "Prompt ", this.input), el("button", { type: "submit", class: "main", id: "trace" }, "Trace")), this.list);
  }

  refresh(what) {
    this.bar.hidden = !this.app.session?.hasModel;
    if (what.has("graph") && this.app.session?.hasModel && document.activeElement !== this.input) this.input.value = this.promptText();
  }

  /** The prompt of the graph, without the token that every prompt begins with. */
  promptText() {
    const { tokens } = this.app.graph;
    return /^<[^>]*>$|^<\|.*\|>$/.test(tokens[0] ?? "") ? tokens.slice(1).join("") : tokens.join("");
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
