/** The prompt box: one text, or several with weights that are blended in one picture. */

import { act, h, hidden, icon, iconButton } from "./dom.js";
import { recall, remember } from "./store.js";

const MOST_PROMPTS = 8;
const MOST_CHARACTERS = 2000;
const MOST_WEIGHT = 2;

/** @typedef {import("/client.js").Prompt} Prompt */

export class PromptBox extends HTMLElement {
  #text = h("textarea", {
    id: "prompt", rows: 2, maxLength: MOST_CHARACTERS, autocomplete: "off", spellcheck: false,
    enterKeyHint: "send", placeholder: "Describe a picture…", "aria-describedby": "prompt-keys",
  });
  #sendWord = h("span", { id: "send-word" }, "Start");
  #send = h("button", { type: "submit", id: "send", class: "primary" }, this.#sendWord, h("kbd", { "aria-hidden": "true" }, "↵"));
  #stop = h("button", { type: "button", id: "stop", hidden: true, "data-act": "stop", "aria-keyshortcuts": "." }, "Stop");
  #firstWeight = weightSlider("Weight of the first prompt", () => this.#weighed());
  #more = h("div", { class: "blends" });
  #blend = h("select", { id: "blend", "aria-label": "How the prompts are blended" },
    h("option", { value: "linear" }, "linear blend"), h("option", { value: "slerp" }, "slerp (two prompts)"));
  #blendRow = h("div", { class: "blend-row", hidden: true });

  connectedCallback() {
    const add = h("button", { type: "button", class: "add", "data-act": "addPrompt", title: "Blend in another prompt" }, icon("plus"), hidden("Blend in another prompt"));
    this.#blendRow.append(this.#blend, this.#firstWeight);
    const form = h("form", { class: "composer", "aria-label": "Prompt" },
      h("div", { class: "field" },
        h("label", { for: "prompt", class: "hidden" }, "Prompt: what the picture should show"),
        this.#text,
        h("div", { class: "actions" }, add, this.#stop, this.#send)),
      this.#blendRow,
      this.#more,
      h("span", { id: "prompt-keys", class: "hidden" }, "Enter sends with a glide, Shift and Enter as a hard cut."));
    this.append(form);
    form.addEventListener("submit", (event) => { event.preventDefault(); act(this, "send"); });
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#text.addEventListener("input", () => this.fit());
    this.#blend.addEventListener("change", () => act(this, "blend"));
    addEventListener("resize", () => this.fit());
    const kept = recall("prompts", /** @type {Prompt[]} */ ([]));
    if (kept.length) this.prompts = kept;
    this.#blend.value = recall("blend", "linear");
    if (!matchMedia("(pointer: coarse)").matches) this.#text.focus({ preventScroll: true }); // no keyboard over the picture
  }

  /** What is typed, without empty ones. @returns {Prompt[]} */
  get prompts() {
    const rows = [...this.#more.children].map(rowPrompt);
    const first = { text: this.#text.value.trim(), weight: rows.length ? Number(slider(this.#firstWeight).value) : 1 };
    return [first, ...rows].filter(({ text }) => text);
  }

  set prompts(list) {
    this.#text.value = list[0]?.text ?? "";
    setSlider(this.#firstWeight, list[0]?.weight ?? 1);
    this.#more.replaceChildren();
    for (const { text, weight } of list.slice(1)) this.#addRow(text, weight);
    this.#arrange();
    this.fit();
  }

  /** @returns {"linear" | "slerp"} */
  get blend() {
    return this.#blend.value === "slerp" ? "slerp" : "linear";
  }

  set blend(method) {
    this.#blend.value = method;
  }

  get isEmpty() {
    return this.prompts.length === 0;
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
  addPrompt() {
    if (this.#more.children.length >= MOST_PROMPTS - 1) return;
    this.#addRow("", 1);
    this.#arrange();
    /** @type {HTMLElement | null} */ (this.#more.lastElementChild?.querySelector("input"))?.focus();
  }

  /** @param {string} text @param {number} weight */
  #addRow(text, weight) {
    const words = h("input", { type: "text", value: text, maxLength: MOST_CHARACTERS, placeholder: "…and something else", "aria-label": "A further prompt" });
    const share = weightSlider("Weight of this prompt", () => this.#weighed());
    setSlider(share, weight);
    const row = h("div", { class: "blend" }, words, share, iconButton("close", "Take this prompt away", { onclick: () => {
      row.remove();
      this.#arrange();
      this.#text.focus();
      this.#weighed();
    } }));
    words.addEventListener("keydown", (event) => this.#key(event));
    this.#more.append(row);
  }

  #arrange() {
    const count = this.#more.children.length + 1;
    this.#blendRow.hidden = count === 1;
    this.#blend.options[1].disabled = count !== 2;
    if (count !== 2) this.#blend.value = "linear";
  }

  #weighed() {
    act(this, "weigh");
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

/** @param {Element} row @returns {Prompt} */
function rowPrompt(row) {
  const text = /** @type {HTMLInputElement} */ (row.querySelector("input[type=text]")).value.trim();
  return { text, weight: Number(slider(row).value) };
}

customElements.define("scope-prompt", PromptBox);
