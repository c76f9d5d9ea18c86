/** The row of buttons that drive the stream, and how far prompts glide. */

import { act, h, icon, iconButton } from "./dom.js";
import { recall, remember } from "./store.js";

const MOST_STEPS = 32;

export class Transport extends HTMLElement {
  #pause = iconButton("pause", "Pause (Space)", { id: "pause", "data-act": "pause", "aria-keyshortcuts": "Space", "aria-pressed": "false" });
  #record = iconButton("record", "Record (V)", { id: "record", "data-act": "record", "aria-keyshortcuts": "V", "aria-pressed": "false", hidden: true });
  #snapshot = iconButton("snapshot", "Save the picture (C)", { id: "snapshot", "data-act": "snapshot", "aria-keyshortcuts": "C" });
  #reset = iconButton("reset", "Fresh start, same seed (R)", { id: "reset", "data-act": "reset", "aria-keyshortcuts": "R" });
  #seed = iconButton("dice", "New seed (S)", { id: "new-seed", "data-act": "newSeed", "aria-keyshortcuts": "S" });
  #undo = iconButton("undo", "Undo the prompt (Ctrl+Z)", { id: "undo", "data-act": "undo" });
  #redo = iconButton("redo", "Redo the prompt (Ctrl+Y)", { id: "redo", "data-act": "redo" });
  #timeline = iconButton("timeline", "Timeline (T)", { id: "show-timeline", "data-act": "timeline", "aria-keyshortcuts": "T" });
  #settings = h("button", { type: "button", id: "show-settings", class: "icon wordy", "data-act": "settings", "aria-keyshortcuts": "M", "aria-expanded": "false" }, icon("settings"), h("span", {}, "More"));
  #steps = h("input", { id: "glide", type: "range", min: "0", max: String(MOST_STEPS), step: "1", "aria-describedby": "glide-words" });
  #stepsWords = h("output", { id: "glide-words", for: "glide" });
  #method = h("select", { id: "glide-method", "aria-label": "How a glide moves between prompts" },
    h("option", { value: "slerp" }, "slerp"), h("option", { value: "linear" }, "linear"));
  /** @type {number | null} */ #chunkS = null;

  connectedCallback() {
    this.append(
      h("div", { class: "keys-group", role: "group", "aria-label": "Stream" }, this.#pause, this.#record, this.#snapshot, this.#reset, this.#seed),
      h("div", { class: "glide-control" }, h("label", { for: "glide" }, "Glide"), this.#steps, this.#stepsWords, this.#method),
      h("div", { class: "keys-group end", role: "group", "aria-label": "Prompts and panels" }, this.#undo, this.#redo, this.#timeline, this.#settings));
    this.#method.value = recall("glideMethod", "slerp");
    this.#steps.addEventListener("input", () => { this.steps = Number(this.#steps.value); });
    this.#method.addEventListener("change", () => remember("glideMethod", this.#method.value));
  }

  /** Chunks a prompt takes to become the picture. */
  get steps() {
    return Number(this.#steps.value);
  }

  set steps(count) {
    const kept = Math.min(Math.max(count, 0), MOST_STEPS);
    this.#steps.value = String(kept);
    remember("glideSteps", kept);
    this.#words();
  }

  /** @returns {"linear" | "slerp"} */
  get method() {
    return this.#method.value === "linear" ? "linear" : "slerp";
  }

  /** @param {number} count  Where the reader has not chosen. */
  begin(count) {
    this.#steps.value = String(recall("glideSteps", count));
    this.#words();
  }

  /** @param {number | null} chunkS  Seconds a chunk plays, once known. */
  set chunkS(chunkS) {
    if (chunkS === this.#chunkS) return;
    this.#chunkS = chunkS;
    this.#words();
  }

  /**
   * @param {{ live: boolean, controls: boolean, paused: boolean, recording: boolean, records: boolean,
   *   timeline: boolean, settings: boolean }} how
   */
  show({ live, controls, paused, recording, records, timeline, settings }) {
    for (const button of [this.#pause, this.#reset, this.#seed]) button.disabled = !(live && controls);
    for (const button of [this.#snapshot, this.#record]) button.disabled = !live;
    toggle(this.#pause, paused, paused ? "play" : "pause", paused ? "Go on (Space)" : "Pause (Space)");
    toggle(this.#record, recording, recording ? "stop" : "record", recording ? "Stop recording (V)" : "Record (V)");
    this.#record.hidden = !records;
    this.#timeline.setAttribute("aria-pressed", String(timeline));
    this.#settings.setAttribute("aria-expanded", String(settings));
  }

  #words() {
    const count = this.steps;
    const seconds = this.#chunkS === null || count === 0 ? "" : ` · ${(count * this.#chunkS).toFixed(1)} s`;
    this.#stepsWords.textContent = count === 0 ? "at once" : `${count} ${count === 1 ? "chunk" : "chunks"}${seconds}`;
  }
}

/** @param {HTMLButtonElement} button @param {boolean} on @param {string} picture @param {string} words */
function toggle(button, on, picture, words) {
  button.setAttribute("aria-pressed", String(on));
  button.title = words;
  const name = button.querySelector(".hidden");
  if (name) name.textContent = words;
  const shown = /** @type {SVGElement | null} */ (button.querySelector("svg"));
  if (shown && shown.dataset.icon !== picture) shown.replaceWith(icon(picture));
}

customElements.define("scope-transport", Transport);
