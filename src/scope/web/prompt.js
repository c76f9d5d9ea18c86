/** The prompt box: one text, or several with weights that are blended in one picture. */

import { act, h, hidden, icon, styled } from "./dom.js";
import { recall, remember } from "./store.js";

const MOST_PROMPTS = 8;
export const MOST_CHARACTERS = 2000;

/** @typedef {import("/client.js").Prompt} Prompt */

export class PromptBox extends HTMLElement {
  #text = h("textarea", {
    id: "prompt", rows: 2, maxLength: MOST_CHARACTERS, autocomplete: "off", spellcheck: false,
    enterKeyHint: "send", placeholder: "Describe a picture…", "aria-describedby": "prompt-keys",
  });
  #sendWord = h("span", { id: "send-word" }, "Start");
  #send = h("button", { type: "submit", id: "send", class: "primary" }, this.#sendWord, h("kbd", { "aria-hidden": "true" }, "↵"));
  #stop = h("button", { type: "button", id: "stop", hidden: true, "data-act": "stop", "data-words": "Stop" }, "Stop");
  #blend = h("select", { id: "blend", "aria-label": "How the prompts are blended" },
    h("option", { value: "linear" }, "linear blend"), h("option", { value: "slerp" }, "slerp (two prompts)"));
  #blendRow = h("div", { class: "blend-row", hidden: true }, this.#blend);
  /** Further prompts, once there was one. @type {import("./blends.js").Blends | null} */ #blends = null;

  connectedCallback() {
    const add = h("button", { type: "button", class: "add", "data-act": "addPrompt", title: "Blend in another prompt" }, icon("plus"), hidden("Blend in another prompt"));
    const form = h("form", { class: "composer", "aria-label": "Prompt" },
      h("div", { class: "field" },
        h("label", { for: "prompt", class: "hidden" }, "Prompt: what the picture should show"),
        this.#text,
        h("div", { class: "actions" }, add, this.#stop, this.#send)),
      this.#blendRow,
      h("span", { id: "prompt-keys", class: "hidden" }, "Enter sends with a glide, Shift and Enter as a hard cut."));
    this.append(form);
    form.addEventListener("submit", (event) => { event.preventDefault(); act(this, "send"); });
    for (const near of ["pointerenter", "focus"]) add.addEventListener(near, () => void this.#fetchBlends().catch(() => {})); // a click says what failed
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#text.addEventListener("input", () => this.fit());
    this.#blend.addEventListener("change", () => act(this, "blend"));
    addEventListener("resize", () => this.fit());
    const kept = recall("prompts", /** @type {Prompt[]} */ ([]));
    const blend = recall("blend", "linear");
    if (kept.length) void this.put(kept, blend);
    if (!matchMedia("(pointer: coarse)").matches) this.#text.focus({ preventScroll: true }); // no keyboard over the picture
  }

  /** What is typed, without empty ones. @returns {Prompt[]} */
  get prompts() {
    const first = { text: this.#text.value.trim(), weight: this.#blends?.firstWeight ?? 1 };
    return [first, ...this.#blends?.prompts ?? []].filter(({ text }) => text);
  }

  /** Show other prompts. @param {Prompt[]} prompts @param {"linear" | "slerp"} [blend] */
  async put([first, ...others], blend) {
    this.#text.value = first?.text ?? "";
    this.fit();
    if (others.length) await this.#fetchBlends();
    this.#blends?.show(first?.weight ?? 1, others);
    if (blend) this.#blend.value = blend;
  }

  /** @returns {"linear" | "slerp"} */
  get blend() {
    return this.#blend.value === "slerp" ? "slerp" : "linear";
  }

  get isEmpty() {
    return this.prompts.length === 0;
  }

  /** Somebody types a further prompt. */
  get isBlending() {
    return this.#blends?.contains(/** @type {HTMLElement | null} */ (document.activeElement)) ?? false;
  }

  /** Keep what is typed for the next visit. */
  keep() {
    remember("prompts", this.prompts);
    remember("blend", this.blend);
  }

  focusText() {
    this.#text.focus();
    this.#text.select();
  }

  /** @param {{ live: boolean, canStop: boolean }} how */
  show({ live, canStop }) {
    this.#sendWord.textContent = live ? "Send" : "Start";
    this.#stop.hidden = !canStop;
  }

  /** A further prompt, empty and with the focus. */
  async addPrompt() {
    const blends = await this.#fetchBlends();
    if (blends.count < MOST_PROMPTS - 1) blends.add();
  }

  async #fetchBlends() {
    const [{ Blends }] = await Promise.all([import("./blends.js"), styled("/web/panels.css")]);
    this.#blends ??= new Blends(this.#blendRow, {
      arranged: (count) => this.#arrange(count),
      weighed: () => act(this, "weigh"),
      removed: () => this.#text.focus(),
      key: (event) => this.#key(event),
    });
    return this.#blends;
  }

  /** @param {number} others */
  #arrange(others) {
    this.#blendRow.hidden = others === 0;
    this.#blend.options[1].disabled = others !== 1;
    if (others !== 1) this.#blend.value = "linear";
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if (event.altKey && event.target === this.#text) {
      this.#text.setRangeText("\n", this.#text.selectionStart, this.#text.selectionEnd, "end");
      this.fit();
    } else {
      act(this, event.shiftKey ? "cut" : "send");
    }
  }

  /** The box grows with its text up to a third of the window. */
  fit() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(this.#text.scrollHeight, innerHeight / 3)}px`;
  }
}

customElements.define("scope-prompt", PromptBox);
