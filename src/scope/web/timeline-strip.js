/** The timeline as a strip: prompts as stretches, other changes as marks, all of it by keys too. */

import { act, actButton, h, hidden } from "./dom.js";
import { describeChange } from "./timeline.js";
import { clock } from "./words.js";

/** @typedef {import("./timeline.js").Timeline} Timeline */

const LEAST_SPAN_S = 20;
const ZOOMS = /** @type {const} */ ([0, 120, 30]);

export class TimelineStrip extends HTMLElement {
  #lane = h("ol", { class: "lane", "aria-label": "What was typed; arrows move, Enter sends it again, Delete takes it away" });
  #replay = actButton("replay", "Replay");
  #zoom = h("button", { type: "button", id: "zoom", class: "icon wordy", title: "How much is shown" }, "All");
  #file = h("input", { type: "file", accept: ".json,application/json", hidden: true, "aria-label": "A timeline file" });
  /** @type {Timeline | null} */ #timeline = null;
  #span = 0;
  #drawn = "";

  connectedCallback() {
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Timeline");
    this.append(this.#lane, h("div", { class: "keys-group end" },
      this.#zoom, this.#replay,
      actButton("exportTimeline", "Save the timeline as a file"), actButton("importTimeline", "Open a timeline"), this.#file));
    this.#file.addEventListener("change", async () => {
      const file = this.#file.files?.[0];
      this.#file.value = "";
      if (file) act(this, "readTimeline", await file.text());
    });
    this.#zoom.addEventListener("click", () => {
      this.#span = ZOOMS[(ZOOMS.indexOf(/** @type {any} */ (this.#span)) + 1) % ZOOMS.length];
      this.#zoom.textContent = this.#span === 0 ? "All" : this.#span === 120 ? "2 min" : "30 s";
      this.#drawn = "";
      if (this.#timeline) this.show(this.#timeline, this.#timeline.endS);
    });
    this.#lane.addEventListener("keydown", (event) => this.#key(event));
  }

  chooseFile() {
    this.#file.click();
  }

  /** @param {Timeline} timeline @param {number} nowS  Where the stream is. @param {{ replaying?: boolean }} [how] */
  show(timeline, nowS, { replaying = false } = {}) {
    this.#timeline = timeline;
    this.#replay.setAttribute("aria-pressed", String(replaying));
    this.#replay.disabled = timeline.isEmpty;
    const endS = Math.max(nowS, timeline.endS + 1);
    const toS = Math.max(endS, this.#span || LEAST_SPAN_S);
    const fromS = this.#span ? toS - this.#span : 0;
    const known = `${JSON.stringify(timeline.changes)} ${Math.round(toS)} ${this.#span}`;
    if (known === this.#drawn) return;
    this.#drawn = known;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.closest?.(".lane button")?.getAttribute("data-index");
    const part = (/** @type {number} */ s) => `${Math.min(100, Math.max(0, (100 * (s - fromS)) / (toS - fromS)))}%`;
    const stretches = timeline.stretches(endS).filter((one) => one.toS > fromS).map(({ index, fromS: at, toS: until, words, glides }, n) =>
      this.#item(index, `stretch${glides ? " glides" : ""}`, at, words, { left: part(at), width: `calc(${part(until)} - ${part(at)})`, hue: n }));
    const marks = timeline.marks().filter(({ atS }) => atS >= fromS).map(({ index, atS, parameters }) =>
      this.#item(index, "tick", atS, describeChange(parameters), { left: part(atS) }));
    this.#lane.replaceChildren(...stretches, ...marks, h("li", { class: "empty-lane", hidden: !timeline.isEmpty }, "What you type appears here."));
    const keep = focused && this.#lane.querySelector(`[data-index="${focused}"]`);
    if (keep) /** @type {HTMLElement} */ (keep).focus();
    else this.#lane.querySelector("button")?.setAttribute("tabindex", "0");
  }

  /** @param {number} index @param {string} kind @param {number} atS @param {string} words @param {{ left: string, width?: string, hue?: number }} where */
  #item(index, kind, atS, words, { left, width, hue = 0 }) {
    const button = h("button", { type: "button", class: kind, tabindex: "-1", "data-index": String(index), title: `${clock(atS)} ${words}`, onclick: () => act(this, "again", index) },
      hidden(`${clock(atS)} `), h("span", { class: kind === "tick" ? "hidden" : "" }, words));
    button.tabIndex = -1;
    button.addEventListener("focus", () => {
      for (const other of this.#lane.querySelectorAll("button")) other.tabIndex = -1;
      button.tabIndex = 0;
    });
    const item = h("li", { class: kind === "tick" ? "tick-place" : `stretch-place hue-${hue % 5}` }, button);
    item.style.left = left;
    if (width) item.style.width = width;
    return item;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("button"));
    if (!button) return;
    const all = /** @type {HTMLElement[]} */ ([...this.#lane.querySelectorAll("button")]).sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index));
    const at = all.indexOf(button);
    const target = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (target !== undefined) all[Math.min(Math.max(target, 0), all.length - 1)].focus();
    else if (event.key === "Delete" || event.key === "Backspace") {
      (all[at + 1] ?? all[at - 1])?.focus();
      act(this, "removeChange", Number(button.dataset.index));
    } else return;
    event.preventDefault();
  }
}

customElements.define("scope-timeline", TimelineStrip);
