/** The server plays a timeline again, chunk by chunk as it was, and this page watches. */

import { writeTimeline } from "./timeline-file.js";

const LOOK_AGAIN_MS = 300;

/** @typedef {import("./timeline.js").Timeline} Timeline */
/** @typedef {import("./server-watch.js").ServerWatch} ServerWatch */

export class Replay {
  #timer = 0;
  /** The server's session that plays it. @type {string | null} */ #sessionId = null;
  #house;
  #ended;

  /** @param {ServerWatch} house @param {() => void} ended */
  constructor(house, ended) {
    this.#house = house;
    this.#ended = ended;
  }

  get isRunning() {
    return this.#sessionId !== null;
  }

  /** The id of the session to watch, and what may make it look different. @param {Timeline} timeline */
  async start(timeline) {
    this.stop();
    const answer = await this.#house.server.post("/api/v1/session/start", { timeline: writeTimeline(timeline) });
    const { session_id: sessionId, fps, frames, warnings = [] } = answer;
    this.#sessionId = sessionId;
    void this.#follow(sessionId, frames ?? Math.ceil((timeline.endS + 1) * fps), fps);
    return { sessionId, warnings };
  }

  /** It is over when all its pictures were shown, however slowly. @param {string} sessionId @param {number} frames @param {number} fps */
  async #follow(sessionId, frames, fps) {
    const session = (await this.#house.server.sessions().catch(() => ({})))[sessionId];
    if (this.#sessionId !== sessionId) return;
    const left = frames - (session?.frames_sent ?? 0);
    if (session && left <= 0) return this.#ended();
    this.#timer = window.setTimeout(() => this.#follow(sessionId, frames, fps), Math.max(LOOK_AGAIN_MS, (1000 * left) / fps));
  }

  stop() {
    clearTimeout(this.#timer);
    if (this.#sessionId) void this.#house.server.post("/api/v1/session/stop", { session_id: this.#sessionId }).catch(() => null);
    this.#sessionId = null;
  }
}
