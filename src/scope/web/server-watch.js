/**
 * What the page knows of the server, asked again and again: what is loaded or how far it is, what
 * there is to load, who else is here, what is being downloaded. It knows nothing of the page.
 */

import { ScopeError, Server } from "/client.js";
import { secretFromAddress } from "./secret.js";
import { recall, remember } from "./store.js";

const POLL_FAST_MS = 1000;
const POLL_SLOW_MS = 4000;

/** @typedef {import("./phases.js").ServerState} ServerState */
/** @typedef {import("./phases.js").Download} Download */

export class ServerWatch {
  /** @type {ServerState} */
  state = {
    state: "asking", keyRefused: false, keyWaitS: null, access: null, locks: false, draining: false, stage: null, progress: null, error: null,
    pipelineId: null, loadParams: {}, usualS: null, hardware: null,
  };
  /** Pipelines by id, as in the schemas. @type {Record<string, any>} */ pipelines = {};
  /** Running sessions by id. @type {Record<string, any>} */ sessions = {};
  server = new Server();
  #secret = secretFromAddress();
  #changed;
  #timer = 0;
  #loadBegan = 0;
  #introduced = false;
  /** @type {import("./downloads.js").Downloads | null} */ #downloads = null;
  #looksForFiles = false;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  async start() {
    if (this.#secret) await this.#enter(this.#secret);
    this.#secret = null;
    void this.#poll();
  }

  /** Ask at once. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#poll(), 0);
  }

  /** @param {string} key */
  async useKey(key) {
    await this.#enter(key);
    this.soon();
  }

  /** The page gives its key back. */
  async leave() {
    await (await import("./access.js")).leave(this.server);
    this.state = { ...this.state, state: "locked", access: null };
    this.soon();
  }

  /** @param {string} secret */
  async #enter(secret) {
    try {
      await (await import("./access.js")).enter(this.server, secret);
      this.state = { ...this.state, keyRefused: false, keyWaitS: null };
    } catch (error) {
      const { status, retryAfterS } = /** @type {ScopeError} */ (error);
      this.state = { ...this.state, keyRefused: Boolean(status), keyWaitS: status === 429 ? retryAfterS : null };
    }
    this.#introduced = false;
  }

  /** The loaded pipeline as in the schemas; an alias has none. */
  get pipeline() {
    return this.state.pipelineId ? this.pipelines[this.state.pipelineId] : undefined;
  }

  /** @param {string} id @param {Record<string, any>} params */
  async load(id, params) {
    await this.server.load(id, params);
    this.state = { ...this.state, state: "loading", stage: null, progress: null, pipelineId: id, error: null };
    this.#changed();
    this.soon();
  }

  async #poll() {
    clearTimeout(this.#timer);
    try {
      await this.#ask();
    } catch (error) {
      this.#failed(/** @type {ScopeError} */ (error));
    }
    this.#changed();
    const slow = ["loaded", "not_loaded", "error"].includes(this.state.state) && !this.download;
    this.#timer = window.setTimeout(() => this.#poll(), slow && this.state.state !== "not_loaded" ? POLL_SLOW_MS : POLL_FAST_MS);
  }

  async #ask() {
    const status = await this.server.status();
    const before = this.state;
    if (before.state === "gone" || !this.#introduced) await this.#introduce();
    if (status.status === "loading" && before.state !== "loading") this.#loadBegan = performance.now();
    if (status.status === "loaded" && before.state === "loading" && this.#loadBegan) {
      remember(`load.${status.pipeline_id}`, Math.round((performance.now() - this.#loadBegan) / 1000));
    }
    const isNew = status.pipeline_id !== before.pipelineId && !this.pipelines[status.pipeline_id];
    if (status.pipeline_id && isNew) this.pipelines = await this.server.pipelines(); // an alias has none
    this.state = {
      ...this.state,
      state: status.status,
      keyRefused: false,
      draining: before.state === "gone" ? false : before.draining,
      stage: status.loading_stage,
      progress: status.progress ?? null,
      error: status.error,
      pipelineId: status.pipeline_id,
      loadParams: status.load_params ?? {},
      usualS: recall(`load.${status.pipeline_id}`, null),
    };
    this.sessions = await this.server.sessions().catch(() => ({}));
    await this.#askForFiles();
  }

  /** What does not change while a server runs. */
  async #introduce() {
    const [pipelines, hardware, me] = await Promise.all([
      this.server.pipelines(), this.server.hardware().catch(() => null), this.server.get("/api/v1/access/session").catch(() => null),
    ]);
    this.pipelines = pipelines;
    this.state = { ...this.state, hardware, access: me?.access ?? null, locks: me?.locked ?? false };
    this.#introduced = true;
  }

  /** Files only matter while somebody chooses or waits for them. */
  async #askForFiles() {
    const waits = this.state.state !== "loaded" || this.download !== null;
    if (!waits && !this.#looksForFiles) return;
    const downloads = await this.#fetchDownloads();
    await downloads.ask(this.server, this.pipelines, { all: this.#looksForFiles || this.state.state === "not_loaded" });
    this.#looksForFiles = false;
  }

  async #fetchDownloads() {
    const { Downloads } = await import("./downloads.js");
    this.#downloads ??= new Downloads();
    return this.#downloads;
  }

  /** Somebody looks at the models. */
  lookForFiles() {
    this.#looksForFiles = true;
    this.soon();
  }

  /** What of each pipeline's files is here, by its id. @returns {Record<string, any>} */
  get files() {
    return this.#downloads?.files ?? {};
  }

  /** @returns {Download | null} */
  get download() {
    return this.#downloads?.current ?? null;
  }

  /** @param {string} id @param {string} name @param {() => void} then  When all of it is here. */
  async fetchModel(id, name, then) {
    const downloads = await this.#fetchDownloads();
    await downloads.begin(this.server, id, name, then);
    this.#changed();
    this.soon();
  }

  /** Forget a download that failed. */
  forgetDownload() {
    this.#downloads?.forget();
  }

  /** Stop the download; what is here is kept for the next one. */
  async cancelDownload() {
    await this.#downloads?.cancel(this.server);
    this.soon();
  }

  /** @param {ScopeError} error */
  #failed(error) {
    if (error.status === 401) {
      this.state = { ...this.state, state: "locked", access: null };
      return;
    }
    this.state = { ...this.state, state: "gone" };
  }
}
