/**
 * Plays a timeline again. Where the server can, it plays it, chunk by chunk as it was, and this
 * page watches; else the changes are sent again at their times.
 */

const START = "/api/v1/session/start";

/** @typedef {import("./timeline.js").Timeline} Timeline */
/** @typedef {import("./server-watch.js").ServerWatch} ServerWatch */

export class Replay {
  /** @type {number[]} */ #timers = [];
  /** The server's session that plays it. @type {string | null} */ #sessionId = null;
  #house;
  #ended;

  /** @param {ServerWatch} house @param {() => void} ended */
  constructor(house, ended) {
    this.#house = house;
    this.#ended = ended;
  }

  get isRunning() {
    return this.#timers.length > 0 || this.#sessionId !== null;
  }

  /** Whether the server can play it by itself. */
  get isExact() {
    return this.#house.routes.has(START);
  }

  /** The server plays it; its answer, with the id of the session to watch. @param {Timeline} timeline */
  async onServer(timeline) {
    this.stop();
    const answer = await this.#house.server.post(START, { timeline });
    const sessionId = answer.session_id ?? answer.sessionId;
    this.#sessionId = sessionId;
    const seconds = answer.frames ? answer.frames / answer.fps : timeline.endS + 1;
    this.#timers = [Number(setTimeout(() => this.#over(), 1000 * seconds))];
    return { sessionId, warnings: answer.warnings ?? [] };
  }

  /** Send every change at its time. @param {Timeline} timeline @param {(parameters: Record<string, any>) => void} play */
  fromHere(timeline, play) {
    this.stop();
    const later = timeline.changes.map(({ atS, parameters }) => setTimeout(() => play(parameters), atS * 1000));
    const end = setTimeout(() => this.#over(), timeline.endS * 1000 + 500);
    this.#timers = [...later, end].map(Number);
  }

  /** The last change was played; the stream goes on. */
  #over() {
    this.#timers = [];
    this.#ended();
  }

  stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    if (this.#sessionId) void this.#house.server.post("/api/v1/session/stop", { session_id: this.#sessionId }).catch(() => null);
    this.#sessionId = null;
  }
}
