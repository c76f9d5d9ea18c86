/** The keys, which can be changed here, and help by symptom. */

import { act, h, hidden, iconButton } from "./dom.js";
import { DEFAULTS, comboOf, readable } from "./keys.js";
import { ACTS, ERROR_OF, FIXED, TROUBLES } from "./words-later.js";
import { remedy } from "./words.js";

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph"]);

export class Help extends HTMLElement {
  #dialog = h("dialog", { class: "panel wide", "aria-labelledby": "help-title" });
  #table = h("div", { class: "key-list" });
  #troubles = h("div", {});
  #singles = h("input", { type: "checkbox", id: "singles" });
  /** @type {import("./keys.js").Keys | null} */ #keys = null;

  connectedCallback() {
    const close = iconButton("close", "Close (Esc)", { onclick: () => this.#dialog.close() });
    this.#troubles.append(...TROUBLES.map(([code, title, text]) =>
      h("details", { id: `help-${code}` }, h("summary", {}, title), h("p", {}, text))));
    this.#dialog.append(
      h("div", { class: "panel-head" }, h("h2", { id: "help-title" }, "Keys and help"), close),
      h("label", { class: "check" }, this.#singles, h("span", {}, "Single letters act (while no field has the focus)")),
      this.#table,
      h("button", { type: "button", class: "plain", onclick: () => { this.#keys?.restore(); this.#draw(); act(this, "keysChanged"); } }, "Restore all keys"),
      h("h3", {}, "When something does not work"), this.#troubles,
      h("p", { class: "field-help" }, "Programs can do all of this too: ", h("a", { href: "/docs" }, "the API"), ", ",
        h("a", { href: "/client.js" }, "the client to copy"), ", ", h("a", { href: "/quickstart" }, "the smallest page"), "."));
    this.append(this.#dialog);
    this.#singles.addEventListener("change", () => this.#keys?.useSingles(this.#singles.checked));
  }

  /** @param {import("./keys.js").Keys} keys @param {string} [about]  Code of an error to explain. */
  open(keys, about) {
    this.#keys = keys;
    this.#singles.checked = keys.singles;
    this.#draw();
    if (!this.#dialog.open) this.#dialog.showModal();
    if (!about) return;
    const section = this.#section(about);
    section.open = true;
    section.scrollIntoView();
    section.querySelector("summary")?.focus();
  }

  /** What helps against an error; one that has no section yet gets one with its remedy. @param {string} code */
  #section(code) {
    const known = /** @type {HTMLDetailsElement | null} */ (this.#dialog.querySelector(`#help-${CSS.escape(code)}`));
    if (known) return known;
    const made = h("details", { id: `help-${code}` }, h("summary", {}, ERROR_OF(code)), h("p", {}, remedy({ code })));
    this.#troubles.append(made);
    return made;
  }

  #draw() {
    const keys = this.#keys;
    if (!keys) return;
    const fixed = FIXED.map(([combo, words]) => h("div", { class: "key-row" }, h("span", {}, words), h("kbd", {}, combo)));
    const own = Object.keys(DEFAULTS).map((name) => {
      const change = h("button", { type: "button", class: "plain", onclick: () => this.#listen(name, change) },
        ...keys.of(name).map((combo) => h("kbd", {}, readable(combo))), keys.of(name).length ? null : "none", hidden(` change the key of: ${ACTS[name]}`));
      return h("div", { class: "key-row" }, h("span", {}, ACTS[name]), change);
    });
    this.#table.replaceChildren(...fixed, ...own);
  }

  /** The next key becomes the key of `name`. @param {string} name @param {HTMLElement} button */
  #listen(name, button) {
    button.textContent = "Press a key…";
    const take = (/** @type {KeyboardEvent} */ event) => {
      if (MODIFIERS.has(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      removeEventListener("keydown", take, true);
      if (event.key !== "Escape" && event.key !== "Tab") this.#keys?.assign(name, comboOf(event));
      this.#draw();
      act(this, "keysChanged");
    };
    addEventListener("keydown", take, true);
  }
}

customElements.define("scope-help", Help);
