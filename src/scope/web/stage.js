/** The picture, what lies over it, and what stands in its place while there is none. */

import { act, calm, h, say } from "./dom.js";
import { recall, remember } from "./store.js";
import { clock } from "./words.js";

const KEEP_MS = 250;
const LEVELS = /** @type {const} */ (["short", "all", "off"]);

/** @typedef {import("/client.js").Stats} Stats */

export class Stage extends HTMLElement {
  video = h("video", { id: "video", autoplay: true, muted: true, playsInline: true, disablePictureInPicture: true });
  #glow = h("canvas", { id: "glow", width: 16, height: 10, "aria-hidden": "true" });
  #still = h("canvas", { id: "still", width: 0, height: 0, "aria-hidden": "true" });
  #headline = h("p", { class: "headline" });
  #hint = h("p", { class: "hint" });
  #bar = h("span", { class: "bar" });
  #track = h("div", { class: "track", hidden: true }, this.#bar);
  #offers = h("div", { class: "offers", role: "group", "aria-label": "What you can do" });
  /** Where the page puts what a state needs: the key field, the models. */
  inset = h("div", { class: "inset" });
  #card = h("section", { class: "stage-card", "aria-label": "State" },
    h("div", { "aria-hidden": "true", class: "stage-words" }, this.#headline, this.#hint, this.#track), this.inset, this.#offers);
  #figures = h("dl", { class: "figures", "aria-label": "Figures" });
  #mark = h("p", { class: "mark", hidden: true });
  #rec = h("p", { class: "mark rec", hidden: true });
  #glide = h("div", { class: "glide", hidden: true, "aria-hidden": "true" });
  #level = recall("overlay", "short");
  /** @type {Stats | null} */ #stats = null;
  /** @type {number | null} */ #seed = null;
  /** Whether the picture moves. */ live = false;

  connectedCallback() {
    this.dataset.overlay = this.#level;
    this.append(this.#glow, this.#still, this.video, this.#figures,
      h("div", { class: "marks" }, this.#rec, this.#mark), this.#glide, this.#card);
    this.video.muted = true;
    this.video.setAttribute("aria-label", "No picture yet");
    this.video.addEventListener("resize", () => this.#frame());
    this.video.addEventListener("dblclick", () => act(this, "fullScreen"));
    setInterval(() => this.keep(), KEEP_MS);
  }

  /** @param {import("./words.js").Words} words @param {{ over: boolean, label: string }} how  over: the card covers the picture. */
  show(words, { over, label }) {
    say(this.#headline, words.headline);
    say(this.#hint, words.hint);
    this.#track.hidden = words.progress === null;
    this.#track.classList.toggle("unknown", (words.progress ?? 0) < 0);
    this.#bar.style.width = (words.progress ?? -1) >= 0 ? `${100 * (words.progress ?? 0)}%` : "";
    this.#card.hidden = !over;
    say(this.#mark, words.mark);
    this.#mark.hidden = !words.mark;
    this.classList.toggle("has-picture", this.hasPicture);
    this.video.setAttribute("aria-label", label);
    drawOffers(this.#offers, over ? words.offers : []);
  }

  /** @param {Stats | null} stats @param {number | null} seed */
  measure(stats, seed) {
    this.#stats = stats;
    this.#seed = seed;
    this.#drawFigures();
  }

  /** off → short → all */
  nextOverlay() {
    this.#level = LEVELS[(LEVELS.indexOf(/** @type {any} */ (this.#level)) + 1) % LEVELS.length];
    remember("overlay", this.#level);
    this.dataset.overlay = this.#level;
    this.#drawFigures();
    return this.#level;
  }

  /** A copy of a picture is there to stand in for the video. */
  get hasPicture() {
    return this.#still.width > 0;
  }

  get overlay() {
    return this.#level;
  }

  /** A glide on its way: to what, and which of how many chunks. @param {{ to: string, at: number, of: number } | null} glide */
  glide(glide) {
    this.#glide.hidden = glide === null;
    if (!glide) return;
    const done = h("progress", { max: glide.of, value: glide.at });
    this.#glide.replaceChildren(h("span", { class: "glide-to" }, `→ ${glide.to}`), done, h("span", {}, `${glide.at}/${glide.of}`));
  }

  /** @param {number | null} seconds  Since recording began. */
  recording(seconds) {
    this.#rec.hidden = seconds === null;
    if (seconds !== null) say(this.#rec, `● REC ${clock(seconds)}`);
  }

  #drawFigures() {
    const stats = this.#stats;
    this.#figures.classList.toggle("on", stats !== null && this.#level !== "off");
    if (!stats) return;
    const figure = (/** @type {string} */ id, /** @type {string} */ name, /** @type {string} */ text) =>
      text && h("div", {}, h("dt", {}, name), h("dd", { id, title: name }, text));
    const number = (/** @type {number | null | undefined} */ value, /** @type {string} */ unit, digits = 0) =>
      (value == null ? "" : `${value.toFixed(digits)} ${unit}`);
    const { server } = stats;
    const all = this.#level === "all";
    const rows = [
      figure("fps", "Pictures a second", number(stats.fps, "fps", (stats.fps ?? 0) < 10 ? 1 : 0)),
      figure("delay", "From a prompt to its picture", number(stats.delayMs, all ? "ms" : "ms to picture")),
      all && figure("chunk", "A chunk is made in", number(server?.chunk_ms, "ms")),
      figure("bitrate", "Bitrate", number(stats.bitrateKbps == null ? null : stats.bitrateKbps / 1000, "Mbit/s", 1)),
      all && figure("rtt", "Round trip", number(stats.rttMs, "ms")),
      all && figure("loss", "Packets lost", number(100 * stats.loss, "%", 1)),
      all && figure("queue", "Pictures made and waiting", server ? String(server.queue) : ""),
      all && figure("size", "Size", stats.width ? `${stats.width}×${stats.height} ${stats.codec}` : ""),
      all && figure("seed", "Seed", this.#seed === null ? "" : String(this.#seed)),
    ];
    this.#figures.replaceChildren(.../** @type {HTMLElement[]} */ (rows.filter(Boolean)));
  }

  /**
   * A copy of the newest picture stays when the connection goes, and the surroundings take its
   * colours, as a wall does behind a lamp.
   */
  keep() {
    const { video } = this;
    const live = this.live && video.readyState >= 2 && video.videoWidth > 0;
    const still = this.#still;
    const glow = this.#glow;
    if (live && !document.hidden) {
      if (still.width !== video.videoWidth) [still.width, still.height] = [video.videoWidth, video.videoHeight];
      still.getContext("2d")?.drawImage(video, 0, 0);
      if (!calm()) glow.getContext("2d")?.drawImage(still, 0, 0, glow.width, glow.height);
    }
    glow.classList.toggle("on", live && !calm());
  }

  /** The frame on the page has the proportions of the picture. */
  #frame() {
    const { videoWidth, videoHeight } = this.video;
    if (videoHeight) document.documentElement.style.setProperty("--ratio", (videoWidth / videoHeight).toFixed(4));
  }
}

/** Buttons for what can be done now. @param {HTMLElement} place @param {import("./words.js").Offer[]} offers */
export function drawOffers(place, offers) {
  const known = JSON.stringify(offers);
  if (place.dataset.offers === known) return; // a button that has the focus stays
  place.dataset.offers = known;
  place.hidden = offers.length === 0;
  const focused = place.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.act : null;
  place.replaceChildren(...offers.map(({ do: name, label, main, arg }) =>
    h("button", { type: "button", class: main ? "primary" : "", "data-act": name, "data-arg": arg }, label)));
  if (focused) /** @type {HTMLElement | null} */ (place.querySelector(`[data-act="${focused}"]`))?.focus();
}

customElements.define("scope-stage", Stage);
