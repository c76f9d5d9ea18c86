/**
 * The files of the models: what of them is on the server, what is on its way. Fetched when somebody
 * chooses a model or waits for one.
 */

/** @typedef {import("./phases.js").Download} Download */
/** @typedef {import("/client.js").Server} Server */

export class Downloads {
  /** What of each pipeline's files is here, by its id. @type {Record<string, any>} */ files = {};
  /** @type {Download | null} */ current = null;
  /** @type {{ id: string, name: string, then: () => void } | null} */ #wanted = null;
  #calledOff = false;
  #round = 0;

  /** @param {Server} server @param {string} id @param {string} name @param {() => void} then  When all of it is here. */
  async begin(server, id, name, then) {
    await server.post("/api/v1/models/download", { pipeline_id: id });
    this.#wanted = { id, name, then };
    this.#calledOff = false;
    this.current = { name, done: 0, total: 0, rate: null, etaS: null, stage: null, error: null };
  }

  /**
   * Ask how far it is; all of them, or in most rounds only what is waited for.
   * @param {Server} server @param {Record<string, any>} pipelines @param {{ all: boolean }} which
   */
  async ask(server, pipelines, { all }) {
    const every = all || this.#round++ % 5 === 0;
    const ids = every ? Object.keys(pipelines) : this.#wanted ? [this.#wanted.id] : [];
    for (const id of ids) {
      this.files[id] = await server.get(`/api/v1/models/status?pipeline_id=${encodeURIComponent(id)}`).catch(() => this.files[id]);
    }
    this.#follow(pipelines);
  }

  /** @param {Record<string, any>} pipelines */
  #follow(pipelines) {
    const running = Object.entries(this.files).find(([, one]) => one?.progress?.is_downloading)?.[0];
    if (running && !this.#wanted) this.#wanted = { id: running, name: pipelines[running]?.name ?? running, then: () => {} };
    const wanted = this.#wanted;
    if (!wanted) return;
    const { downloaded, progress } = this.files[wanted.id] ?? {};
    if (this.#calledOff && progress?.is_downloading) return;
    if (downloaded) {
      this.forget();
      wanted.then();
    } else if (progress) {
      this.current = {
        name: wanted.name, done: progress.bytes_done ?? 0, total: progress.bytes_total ?? 0,
        rate: progress.bytes_per_s ?? null, etaS: progress.eta_s ?? null, stage: progress.stage ?? null,
        error: progress.error ?? null,
      };
      if (!progress.is_downloading && (progress.error || progress.code || this.#calledOff)) this.#stopWaiting();
    }
  }

  /** It ended without all of it here; a failure stays in words until it is dismissed. */
  #stopWaiting() {
    this.#wanted = null;
    if (!this.current?.error || this.#calledOff) this.current = null;
  }

  /** Forget a download that failed. */
  forget() {
    this.#wanted = this.current = null;
  }

  /** Stop the download; what is here is kept for the next one. @param {Server} server */
  async cancel(server) {
    this.#calledOff = true;
    await server.post("/api/v1/models/cancel", {}).catch(() => null); // it may just have ended
    this.forget();
  }
}
