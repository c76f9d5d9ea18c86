/** Pictures and recordings of the stream, made on the server and brought here. */

import { saveAs } from "./save-as.js";
import { FILED } from "./words-later.js";

export class Recorder {
  /** @type {{ sessionId: string, beganMs: number } | null} */ #running = null;
  #house;
  #word;

  /** @param {import("./server-watch.js").ServerWatch} house @param {(text: string) => void} word */
  constructor(house, word) {
    this.#house = house;
    this.#word = word;
  }

  /** @returns {number | null} */
  get seconds() {
    return this.#running ? (performance.now() - this.#running.beganMs) / 1000 : null;
  }

  /** @param {string | null | undefined} sessionId */
  async toggle(sessionId) {
    if (this.#running) return this.finish();
    if (!sessionId) return this.#word(FILED.noStream);
    await this.#house.server.post(`/api/v1/recordings/${encodeURIComponent(sessionId)}/start`, {});
    this.#running = { sessionId, beganMs: performance.now() };
    this.#word(FILED.recording);
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
    this.#word(told?.error ? FILED.recordedUntil(name, told.error) : FILED.recorded(name));
  }
}

/** The newest picture, with prompt and seed inside. @param {import("./app.js").Page} page */
export async function savePicture(page) {
  const { live, house } = page;
  const id = live.stream?.sessionId;
  if (!id) return page.say(FILED.noPicture);
  const name = `scope-${live.seed ?? "picture"}-${new Date().toISOString().slice(11, 19).replaceAll(":", "")}.png`;
  saveAs(await house.server.picture(id), name);
  page.say(FILED.snapshot(name));
}
