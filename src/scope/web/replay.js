/** The server plays a timeline again, chunk by chunk as it was, and this page watches. */

import { writeTimeline } from "./timeline-file.js";

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
    const { session_id: sessionId, warnings = [] } = answer;
    this.#sessionId = sessionId;
    const seconds = answer.frames ? answer.frames / answer.fps : timeline.endS + 1;
    this.#timer = window.setTimeout(this.#ended, 1000 * seconds);
    return { sessionId, warnings };
  }

  stop() {
    clearTimeout(this.#timer);
    if (this.#sessionId) void this.#house.server.post("/api/v1/session/stop", { session_id: this.#sessionId }).catch(() => null);
    this.#sessionId = null;
  }
}
