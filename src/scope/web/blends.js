/** Further prompts, each with a weight, that are blended into one picture. Fetched with the first of them. */

import { h, iconButton } from "./dom.js";
import { MOST_CHARACTERS } from "./prompt.js";

const MOST_WEIGHT = 2;

/** @typedef {import("/client.js").Prompt} Prompt */

/** Texts with weights below the prompt box, and the weight of the first prompt. */
export class Blends {
  #first;
  #rows = h("div", { class: "blends" });
  #changed;
  #key;

  /**
   * @param {HTMLElement} head  Where the weight of the first prompt stands.
   * @param {{ arranged: (count: number) => void, weighed: () => void, removed: () => void, key: (event: KeyboardEvent) => void }} changed
   */
  constructor(head, { key, ...changed }) {
    this.#changed = changed;
    this.#key = key;
    this.#first = weightSlider("Weight of the first prompt", changed.weighed);
    head.append(this.#first);
    head.after(this.#rows);
  }

  /** @param {HTMLElement | null} element */
  contains(element) {
    return this.#rows.contains(element);
  }

  get count() {
    return this.#rows.children.length;
  }

  get firstWeight() {
    return this.count ? Number(slider(this.#first).value) : 1;
  }

  /** @returns {Prompt[]} */
  get prompts() {
    return [...this.#rows.children].map((row) => ({
      text: /** @type {HTMLInputElement} */ (row.querySelector("input[type=text]")).value.trim(),
      weight: Number(slider(row).value),
    }));
  }

  /** @param {number} firstWeight @param {Prompt[]} others */
  show(firstWeight, others) {
    setSlider(this.#first, firstWeight);
    this.#rows.replaceChildren(...others.map((one) => this.#row(one)));
    this.#changed.arranged(this.count);
  }

  /** A further prompt, empty and with the focus. */
  add() {
    const row = this.#row({ text: "", weight: 1 });
    this.#rows.append(row);
    this.#changed.arranged(this.count);
    row.querySelector("input")?.focus();
  }

  /** @param {Prompt} prompt */
  #row({ text, weight }) {
    const words = h("input", { type: "text", value: text, maxLength: MOST_CHARACTERS, placeholder: "…and something else", "aria-label": "A further prompt" });
    const share = weightSlider("Weight of this prompt", this.#changed.weighed);
    setSlider(share, weight);
    const row = h("div", { class: "blend" }, words, share, iconButton("close", "Take this prompt away", { onclick: () => {
      row.remove();
      this.#changed.arranged(this.count);
      this.#changed.removed();
      this.#changed.weighed();
    } }));
    words.addEventListener("keydown", this.#key);
    return row;
  }
}

/** @param {string} label @param {() => void} moved */
function weightSlider(label, moved) {
  const out = h("output", {}, "1.0");
  const input = h("input", { type: "range", min: "0", max: String(MOST_WEIGHT), step: "0.05", value: "1", "aria-label": label });
  input.addEventListener("input", () => { out.textContent = Number(input.value).toFixed(1); moved(); });
  return h("span", { class: "weight" }, input, out);
}

/** @param {Element} weight */
function slider(weight) {
  return /** @type {HTMLInputElement} */ (weight.querySelector("input[type=range]"));
}

/** @param {Element} weight @param {number} value */
function setSlider(weight, value) {
  slider(weight).value = String(value);
  const out = weight.querySelector("output");
  if (out) out.textContent = value.toFixed(1);
}
