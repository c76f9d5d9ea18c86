/** Nine prompts at hand. They are kept in this browser. */

import { act, h, hidden } from "./dom.js";
import { recall, remember } from "./store.js";
import { EXAMPLES, SAID } from "./words.js";

const COUNT = 9;

/** @typedef {{ prompts: import("/client.js").Prompt[], blend?: "linear" | "slerp" }} Slot */

export class Slots extends HTMLElement {
  /** @type {Array<Slot | null>} */
  #slots = recall("slots", null) ?? Array.from({ length: COUNT }, (_, i) => (EXAMPLES[i] ? { prompts: [{ text: EXAMPLES[i], weight: 1 }] } : null));
  #storing = false;
  #inForce = "";

  connectedCallback() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "Prompt slots");
    this.#draw();
  }

  /** @param {number} n @returns {Slot | null} */
  at(n) {
    return this.#slots[n - 1] ?? null;
  }

  /** @param {number} n @param {Slot} slot */
  store(n, slot) {
    this.#slots[n - 1] = slot;
    remember("slots", this.#slots);
    this.storing = false;
    this.#draw();
  }

  get storing() {
    return this.#storing;
  }

  /** The next slot that is chosen takes the prompt. */
  set storing(on) {
    this.#storing = on;
    this.classList.toggle("storing", on);
    this.#draw();
  }

  /** @param {string} words  The prompt in force. */
  mark(words) {
    if (this.#inForce === words) return;
    this.#inForce = words;
    this.#draw();
  }

  #draw() {
    const focused = [...this.children].indexOf(/** @type {Element} */ (document.activeElement));
    this.replaceChildren(...Array.from({ length: COUNT }, (_, i) => this.#button(i + 1)), h("button", {
      type: "button", class: "slot store", "aria-pressed": String(this.#storing), title: "Keep the prompt in a slot (Shift+1–9)",
      onclick: () => { act(this, "storing", !this.#storing); },
    }, this.#storing ? "Where? 1–9" : "Keep…", hidden(" the prompt in a slot")));
    if (focused >= 0) /** @type {HTMLElement} */ (this.children[focused])?.focus();
  }

  /** @param {number} n */
  #button(n) {
    const words = this.at(n)?.prompts.map(({ text }) => text).join(" + ") ?? "";
    const title = words || SAID.emptySlot(n);
    return h("button", {
      type: "button", class: words ? "slot" : "slot empty", title,
      "aria-current": words && words === this.#inForce ? "true" : undefined,
      onclick: () => act(this, this.#storing ? "store" : "slot", n),
    }, h("kbd", {}, String(n)), h("span", { class: "slot-words" }, words || "–"), words ? null : hidden("empty"));
  }
}

customElements.define("scope-slots", Slots);
