/** "More": the seed, and every parameter the loaded pipeline has. Values are those in force. */

import { act, actButton, h, hidden, iconButton, say } from "./dom.js";
import { fieldsOf, stepList } from "./fields.js";
import { sentence } from "./words.js";

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./controls.js").Controls} Controls */
/** @typedef {{ field: Field, row: HTMLElement, show: (value: any) => void }} Row */

export class Settings extends HTMLElement {
  /** @type {Row[]} */ #rows = [];
  #list = h("div", { class: "fields" });
  #seed = h("input", { id: "seed", type: "text", inputMode: "numeric", pattern: "[0-9]*", maxLength: 19, autocomplete: "off", "aria-describedby": "seed-help" });
  #lock = actButton("lockSeed", "Lock the seed", { "aria-pressed": "false" });
  #soften = h("input", { type: "checkbox", id: "soften" });
  #problem = h("p", { class: "field-problem", role: "alert" });
  #shownFor = "";

  connectedCallback() {
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "More settings");
    const close = iconButton("close", "Close (Esc)", { "data-act": "settings" });
    const seed = h("div", { class: "field-row", "data-key": "seed" },
      h("label", { for: "seed" }, "Seed"),
      h("div", { class: "seed" }, this.#seed, this.#lock, actButton("newSeed", "New seed", { id: "seed-anew" })),
      h("p", { id: "seed-help", class: "field-help" }, "The same seed and prompts give the same pictures. Enter cuts to that seed."));
    const soften = h("div", { class: "field-row" },
      h("label", { class: "check" }, this.#soften, h("span", {}, "Soften flashes")),
      h("p", { class: "field-help" }, "Dims pictures that flash more than three times a second."));
    this.append(h("div", { class: "panel-head" }, h("h2", {}, "More"), close), seed, this.#list, soften, this.#problem);
    this.#seed.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (/^\d+$/.test(this.#seed.value)) act(this, "useSeed", Number(this.#seed.value));
    });
    this.#soften.addEventListener("change", () => act(this, "soften", this.#soften.checked));
  }

  /** Draw the controls of another pipeline. @param {any} pipeline  As in the schemas, or undefined. */
  drawFor(pipeline) {
    const known = `${pipeline?.id} ${pipeline?.version}`;
    if (known === this.#shownFor) return;
    this.#shownFor = known;
    this.#rows = fieldsOf(pipeline?.config_schema ?? {}).map((field) => this.#row(field));
    this.#list.replaceChildren(...this.#rows.map(({ row }) => row));
  }

  /** @param {string} key */
  nameOf(key) {
    return this.#rows.find(({ field }) => field.key === key)?.field.label ?? key;
  }

  /** @param {Controls} controls */
  show(controls) {
    for (const { field, row, show } of this.#rows) {
      row.classList.toggle("pending", controls.isPending(field.key));
      if (!row.contains(document.activeElement) || field.kind !== "text") show(controls.value(field.key, field.initial));
    }
  }

  /** @param {{ seed: number | null, seedLocked: boolean, isSoftened: boolean }} page */
  showSeed({ seed, seedLocked, isSoftened }) {
    if (document.activeElement !== this.#seed) this.#seed.value = seed === null ? "" : String(seed);
    this.#lock.setAttribute("aria-pressed", String(seedLocked));
    this.#soften.checked = isSoftened;
  }

  /** Say what is wrong with a value; the name of its control. @param {{ field: string | null, message: string } | null} error */
  problem(error) {
    const row = error && this.#rows.find(({ field }) => error.field?.split(".").includes(field.key));
    say(this.#problem, row ? sentence(`${row.field.label}: ${error.message}`) : "");
    return row ? row.field.label : "";
  }

  /** @param {Field} field @returns {Row} */
  #row(field) {
    const id = `set-${field.key}`;
    const change = (/** @type {any} */ value) => act(this, "change", { [field.key]: value });
    const { input, show } = CONTROL[field.kind](field, id, change);
    const help = field.help ? h("p", { class: "field-help", id: `${id}-help` }, field.help) : null;
    if (help) input.querySelector(`#${id}`)?.setAttribute("aria-describedby", help.id);
    const label = h("label", { for: id }, field.label);
    const row = h("div", { class: "field-row", "data-key": field.key }, h("div", { class: "field-head" }, label, pendingMark()), input, help);
    return { field, row, show };
  }
}

/** @typedef {(field: Field, id: string, change: (value: any) => void) => { input: HTMLElement, show: (value: any) => void }} Maker */

/** @type {Record<Field["kind"], Maker>} */
const CONTROL = {
  switch(field, id, change) {
    const box = h("input", { id, type: "checkbox", role: "switch" });
    box.addEventListener("change", () => change(box.checked));
    return { input: h("label", { class: "check" }, box), show: (value) => { box.checked = Boolean(value); } }; // all of the line can be touched
  },

  number(field, id, change) {
    const bounded = field.min !== null && field.max !== null && field.max - field.min <= 1000;
    const box = h("input", {
      id, type: bounded ? "range" : "number", step: String(field.step),
      min: field.min === null ? undefined : String(field.min), max: field.max === null ? undefined : String(field.max),
    });
    const out = h("output", { for: id });
    const tell = () => { out.textContent = `${box.value}${field.unit && ` ${field.unit}`}`; };
    box.addEventListener("input", () => {
      tell();
      if (box.value !== "") change(Number(box.value));
      else if (field.optional) change(null);
    });
    return { input: h("div", { class: "slider" }, box, bounded && out), show: (value) => { box.value = value ?? ""; tell(); } };
  },

  choice(field, id, change) {
    const box = h("select", { id }, ...field.options.map((option) => h("option", { value: JSON.stringify(option) }, String(option))));
    box.addEventListener("change", () => change(JSON.parse(box.value)));
    return { input: h("div", {}, box), show: (value) => { box.value = JSON.stringify(value); } };
  },

  text(field, id, change) {
    const box = h("input", { id, type: "text" });
    box.addEventListener("change", () => change(box.value === "" && field.optional ? null : box.value));
    return { input: h("div", {}, box), show: (value) => { box.value = value ?? ""; } };
  },

  steps(field, id, change) {
    const box = h("input", { id, type: "range", min: String(field.min ?? 1), max: String(field.max ?? 8), step: "1" });
    const out = h("output", { for: id });
    const tell = () => { out.textContent = box.value; };
    box.addEventListener("input", () => { tell(); change(stepList(Number(box.value), field.initial ?? [])); });
    const ends = h("div", { class: "ends", "aria-hidden": "true" }, h("span", {}, "faster"), h("span", {}, "finer"));
    return { input: h("div", {}, h("div", { class: "slider" }, box, out), ends), show: (value) => { box.value = String(value?.length ?? ""); tell(); } };
  },

  json(field, id, change) {
    const box = h("input", { id, type: "text", spellcheck: false, class: "code" });
    box.addEventListener("change", () => {
      try {
        change(box.value.trim() === "" ? null : JSON.parse(box.value));
        box.setCustomValidity("");
      } catch {
        box.setCustomValidity("This is no JSON.");
        box.reportValidity();
      }
    });
    return { input: h("div", {}, box), show: (value) => { if (document.activeElement !== box) box.value = value == null ? "" : JSON.stringify(value); } };
  },
};

/** What a reader of the screen hears beside a pending control. */
function pendingMark() {
  return h("span", { class: "pending-mark", title: "On its way: not in the picture yet" }, hidden("not applied yet"));
}

customElements.define("scope-settings", Settings);
