/** Every command by its name: type, choose, Enter. */

import { act, h } from "./dom.js";
import { readable } from "./keys.js";
import { ACTS } from "./words-later.js";

/** In this order. */
const LISTED = [
  "focus", "send", "cut", "addPrompt", "pause", "stop", "reset", "newSeed", "lockSeed", "fewer", "more", "record", "snapshot",
  "fullScreen", "output", "copyLink", "overlay", "timeline", "replay", "exportTimeline", "importTimeline", "forget",
  "settings", "models", "undo", "redo", "takeControl", "leave", "help",
];

export class Palette extends HTMLElement {
  #dialog = h("dialog", { class: "panel palette", "aria-label": "Find a command" });
  #find = h("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-label": "Command", placeholder: "What do you want to do?", autocomplete: "off", spellcheck: false });
  #list = h("div", { id: "palette-list", role: "listbox", "aria-label": "Commands" });
  /** @type {Array<{ name: string, words: string, combo: string }>} */ #all = [];
  #at = 0;

  connectedCallback() {
    this.#dialog.append(this.#find, this.#list);
    this.append(this.#dialog);
    this.#find.addEventListener("input", () => { this.#at = 0; this.#draw(); });
    this.#find.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {import("./keys.js").Keys} keys */
  open(keys) {
    this.#all = LISTED.map((name) => ({ name, words: ACTS[name] ?? name, combo: keys.of(name)[0] ?? "" }));
    this.#find.value = "";
    this.#at = 0;
    this.#draw();
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#find.focus();
  }

  #found() {
    const wanted = this.#find.value.toLowerCase().split(/\s+/).filter(Boolean);
    return this.#all.filter(({ words }) => wanted.every((word) => words.toLowerCase().includes(word)));
  }

  #draw() {
    const found = this.#found();
    this.#at = Math.min(this.#at, Math.max(0, found.length - 1));
    this.#list.replaceChildren(...found.map(({ name, words, combo }, i) =>
      h("div", { id: `command-${name}`, role: "option", class: "command", "aria-selected": String(i === this.#at), onclick: () => this.#run(name) },
        h("span", {}, words), combo ? h("kbd", {}, readable(combo)) : null)));
    const chosen = found[this.#at];
    this.#find.setAttribute("aria-activedescendant", chosen ? `command-${chosen.name}` : "");
    this.#list.children[this.#at]?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const found = this.#found();
    if (step) this.#at = (this.#at + step + found.length) % Math.max(1, found.length);
    else if (event.key === "Enter" && found[this.#at]) return void (event.preventDefault(), this.#run(found[this.#at].name));
    else return;
    event.preventDefault();
    this.#draw();
  }

  /** @param {string} name */
  #run(name) {
    this.#dialog.close();
    act(this, name);
  }
}

customElements.define("scope-palette", Palette);
