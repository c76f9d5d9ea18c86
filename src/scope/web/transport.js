/** The row of buttons that drive the stream, and how far prompts glide. */

import { act, actButton, h, hidden, icon } from "./dom.js";
import { recall, remember } from "./store.js";

const MOST_STEPS = 32;

export class Transport extends HTMLElement {
  #pause = actButton("pause", "Pause", { "aria-pressed": "false" });
  #record = actButton("record", "Record", { "aria-pressed": "false" });
  #snapshot = actButton("snapshot", "Save the picture");
  #reset = actButton("reset", "Fresh start, same seed");
  #seed = actButton("newSeed", "New seed");
  #undo = actButton("undo", "Undo the prompt");
  #redo = actButton("redo", "Redo the prompt");
  #timeline = actButton("timeline", "Timeline");
  #settings = h("button", { type: "button", id: "settings", class: "icon wordy", "data-act": "settings", "data-words": "More", "aria-expanded": "false" }, icon("settings"), h("span", {}, "More"));
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
   * @param {{ live: boolean, controls: boolean, paused: boolean, recording: boolean,
   *   timeline: boolean, settings: boolean }} how
   */
  show({ live, controls, paused, recording, timeline, settings }) {
    for (const button of [this.#pause, this.#reset, this.#seed]) button.disabled = !(live && controls);
    for (const button of [this.#snapshot, this.#record]) button.disabled = !live;
    toggle(this.#pause, paused, paused ? "play" : "pause", paused ? "Go on" : "Pause");
    toggle(this.#record, recording, recording ? "stop" : "record", recording ? "Stop recording" : "Record");
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
  if (button.dataset.words === words) return;
  button.dataset.words = words;
  button.replaceChildren(icon(picture), hidden(words));
  act(button, "keysChanged");
}

customElements.define("scope-transport", Transport);
