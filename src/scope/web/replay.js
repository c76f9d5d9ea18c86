/**
 * Plays a timeline again. Where the server can, it plays it, chunk by chunk as it was, and this
 * page watches; else the changes are sent again at their times.
 */

const START = "/api/v1/session/start";

/** @typedef {import("./timeline.js").Timeline} Timeline */
/** @typedef {(parameters: Record<string, any>) => void} Play */

export class Replay {
  /** @type {number[]} */ #timers = [];
  #ended;

  /** @param {() => void} ended */
  constructor(ended) {
    this.#ended = ended;
  }

  get isRunning() {
    return this.#timers.length > 0;
  }

  /** Send every change at its time. @param {Timeline} timeline @param {Play} play */
  begin(timeline, play) {
    this.stop();
    const later = timeline.changes.map(({ atS, parameters }) => setTimeout(() => play(parameters), atS * 1000));
    const end = setTimeout(() => { this.#timers = []; this.#ended(); }, timeline.endS * 1000 + 500);
    this.#timers = [...later, end].map(Number);
  }

  stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}

/**
 * The server plays it by itself; the id of that session.
 * @param {import("./server-watch.js").ServerWatch} house @param {Timeline} timeline
 * @returns {Promise<string | null>} null where it can not
 */
export async function playedByServer(house, timeline) {
  if (!house.routes.has(START)) return null;
  const answer = await house.server.post(START, { timeline: timeline.toJSON() });
  return answer?.session_id ?? answer?.sessionId ?? null;
}
