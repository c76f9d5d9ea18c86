/** Recording of the stream on the server, and its file brought here. */

import { saveAs } from "./dom.js";
import { SAID } from "./words.js";

const START = "/api/v1/recordings/{session_id}/start";

export class Recorder {
  /** @type {{ sessionId: string, beganMs: number } | null} */ #running = null;
  #house;
  #word;

  /** @param {import("./server-watch.js").ServerWatch} house @param {(text: string) => void} word */
  constructor(house, word) {
    this.#house = house;
    this.#word = word;
  }

  /** Whether this server records. */
  get isPossible() {
    return [...this.#house.routes].some((path) => path.replace(/\{[^}]*\}/, "{session_id}") === START);
  }

  /** @returns {number | null} */
  get seconds() {
    return this.#running ? (performance.now() - this.#running.beganMs) / 1000 : null;
  }

  /** @param {string | null | undefined} sessionId */
  async toggle(sessionId) {
    if (this.#running) return this.finish();
    if (!this.isPossible) return this.#word(SAID.noRecording);
    if (!sessionId) return this.#word(SAID.noStream);
    await this.#house.server.post(`/api/v1/recordings/${encodeURIComponent(sessionId)}/start`, {});
    this.#running = { sessionId, beganMs: performance.now() };
    this.#word(SAID.recording);
  }

  /** Stop, and save the file. */
  async finish() {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    const { server } = this.#house;
    const path = `/api/v1/recordings/${encodeURIComponent(running.sessionId)}`;
    const told = await server.post(`${path}/stop`, {}).catch(() => null); // an ended session has stopped it
    const response = await server.send("GET", told?.url?.startsWith(`${path}?`) ? told.url : path);
    const name = `scope-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.mp4`;
    saveAs(await response.blob(), name);
    this.#word(told?.error ? SAID.recordedUntil(name, told.error) : SAID.recorded(name));
  }
}
