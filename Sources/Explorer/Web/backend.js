// Where the page gets its data: a server, or the file that it is itself.

/** What the explorer refused, or could not be asked. */
export class RequestFailure extends Error {
  /** @param {number} status that of the answer; 0 if there was none */
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** The explorer's server. */
export class Server {
  async answer(path, options = {}) {
    let response;
    try {
      response = await fetch(path, options);
    } catch {
      throw new RequestFailure("The explorer does not answer. Is clew explore still running?");
    }
    if (response.ok) return response;
    const body = await response.json().catch(() => null);
    throw new RequestFailure(body?.error ?? `The explorer answered ${response.status}.`, response.status);
  }

  async json(path, options) { return (await this.answer(path, options)).json(); }

  /** What there is. Of many graphs the latest are listed, and the one that is named. */
  session(graph) { return this.json(`/api/session${graph ? `?graph=${encodeURIComponent(graph)}` : ""}`); }

  /** What is known of a graph without its edges. */
  head(id) { return this.json(`/api/graphs/${encodeURIComponent(id)}`); }

  async graph(id) {
    const path = `/api/graphs/${encodeURIComponent(id)}`;
    const [head, edges] = await Promise.all([
      this.head(id), this.answer(`${path}/edges`).then((response) => response.arrayBuffer()),
    ]);
    return { head, edges };
  }

  view(id) { return this.json(`/api/graphs/${encodeURIComponent(id)}/view`); }

  /** Keeps patches of a view. @returns the view's revision behind them */
  save(id, patches, client) {
    return this.post(`/api/graphs/${encodeURIComponent(id)}/view`, { patches, client });
  }

  /** Sends patches while the page goes away. */
  saveLast(id, patches, client) {
    fetch(`/api/graphs/${encodeURIComponent(id)}/view`, {
      method: "POST", keepalive: true, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ patches, client }),
    }).catch(() => {});
  }

  examples(id, layer, index) {
    return this.json(`/api/graphs/${encodeURIComponent(id)}/features/${layer}/${index}`);
  }

  /** Asks something of a graph: paths, a cut, proposals, a comparison. */
  ask(id, what, question) { return this.post(`/api/graphs/${encodeURIComponent(id)}/${what}`, question); }

  /** What the model expects at every token of a graph's own prompt. */
  answers(id) { return this.post("/api/answers", { of: id }); }
  trace(order) { return this.post("/api/traces", order); }
  cancel(job) { return this.json(`/api/traces/${job}`, { method: "DELETE" }); }

  subgraph(id, width) { return this.json(`/api/graphs/${encodeURIComponent(id)}/subgraph?width=${width}`); }

  /** Lets the browser keep a figure's file. */
  figure(id, format, width) { return this.download(`/api/graphs/${encodeURIComponent(id)}/figure/${format}?width=${width}`); }

  /** Lets the browser keep the graph as a file. */
  file(id) { return this.download(`/api/graphs/${encodeURIComponent(id)}/file`); }

  async download(path) {
    const response = await this.answer(path);
    const name = /filename="([^"]*)"/.exec(response.headers.get("Content-Disposition"))?.[1] ?? "file";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  upload(file) {
    return this.json(`/api/graphs?name=${encodeURIComponent(file.name.replace(/\.json$/, ""))}`,
      { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });
  }

  post(path, value) {
    return this.json(path,
      { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
  }

  /** Tells of news until the page is closed, through gaps in the connection. */
  listen(heard) {
    let wait = 500;
    const connect = () => {
      const socket = new WebSocket(`ws://${location.host}/api/events`);
      socket.onopen = () => { wait = 500; heard({ type: "connected" }); };
      socket.onmessage = (event) => heard(JSON.parse(event.data));
      socket.onclose = () => {
        heard({ type: "disconnected" });
        setTimeout(connect, wait);
        wait = Math.min(wait * 2, 10_000);
      };
    };
    connect();
  }
}

/** A page that was saved to a file, with one graph and what is known of its features inside. */
export class SavedPage {
  constructor(data) { this.data = data; }

  async session() { return { graphs: [{ id: this.data.head.id, name: this.data.head.slug }], hasModel: false, isSaved: true }; }

  async graph() {
    const bytes = Uint8Array.from(atob(this.data.edges), (character) => character.charCodeAt(0));
    return { head: { ...this.data.head, isSaved: true }, edges: bytes.buffer };
  }

  async view() { return { view: this.data.view, revision: 0, isNotKept: true }; }
  async save() { return { revision: 0 }; }
  saveLast() {}

  async subgraph() { return this.data.subgraph; }
  async ask() { throw new RequestFailure("A saved page cannot work this out. Open the graph with clew explore."); }

  async examples(_, layer, index) {
    const examples = this.data.examples[`${layer}/${index}`];
    if (!examples) throw new RequestFailure(`This file has no examples of feature ${index} in layer ${layer}.`);
    return examples;
  }

  listen() {}
}
