/**
 * The models: what there is, what it needs, and getting one. The cards stand in the picture while
 * nothing is loaded, and in a dialog at any other time.
 */

import { act, h, iconButton } from "./dom.js";
import { fieldsOf } from "./fields.js";
import { bytes } from "./words-later.js";
import { gigabytes } from "./words.js";

/**
 * @typedef {{ pipelines: Record<string, any>, loadedId: string | null, loadingId: string | null,
 *   hardware: any, files: Record<string, any> }} Stock
 */

export class Library extends HTMLElement {
  #dialog = h("dialog", { class: "panel wide", "aria-labelledby": "library-title" });
  #inDialog = h("div", { class: "cards" });
  /** The same cards, for the place of the picture. */
  cards = h("div", { class: "cards" });
  #drawn = "";

  connectedCallback() {
    const close = iconButton("close", "Close (Esc)", { onclick: () => this.#dialog.close() });
    this.#dialog.append(h("div", { class: "panel-head" }, h("h2", { id: "library-title" }, "Models"), close), this.#inDialog);
    this.append(this.#dialog);
  }

  get isOpen() {
    return this.#dialog.open;
  }

  open() {
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  close() {
    this.#dialog.close();
  }

  /** @param {Stock} stock */
  show(stock) {
    const known = JSON.stringify(stock);
    if (known === this.#drawn) return;
    this.#drawn = known;
    for (const place of [this.cards, this.#inDialog]) {
      if (place.contains(document.activeElement) && document.activeElement?.matches("input")) continue;
      const open = new Set([...place.querySelectorAll("details[open]")].map((one) => /** @type {HTMLElement} */ (one).dataset.id));
      const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.for;
      const hadFocus = place.contains(document.activeElement);
      const list = Object.values(stock.pipelines).sort((a, b) => rank(a, stock) - rank(b, stock));
      const title = place === this.cards ? h("h2", { class: "hidden" }, "Models") : "";
      place.replaceChildren(title, ...list.map((one) => this.#card(one, stock, open.has(one.id))));
      if (hadFocus && focused) /** @type {HTMLElement | null} */ (place.querySelector(`[data-for="${focused}"]`))?.focus();
    }
  }

  /** @param {any} pipeline @param {Stock} stock @param {boolean} open */
  #card(pipeline, stock, open) {
    const { id, name, description, unavailable } = pipeline;
    const options = loadOptions(pipeline, open);
    const files = stock.files[id];
    const here = !files || files.downloaded;
    const loaded = stock.loadedId === id;
    const fitting = fits(pipeline, stock);
    const busy = files?.progress?.is_downloading;
    const state = loaded ? "Loaded" : stock.loadingId === id ? "Loading…" : busy ? `Downloading ${Math.round(files.progress.percentage ?? 0)} %` : "";
    const load = () => {
      this.#dialog.close();
      act(this, "load", { id, params: options?.read() ?? {} });
    };
    const button = here
      ? h("button", { type: "button", class: loaded || !fitting ? "" : "primary", "data-for": id, disabled: Boolean(unavailable) || stock.loadingId === id, onclick: load }, loaded ? "Load again" : "Load")
      : h("button", { type: "button", class: fitting ? "primary" : "", "data-for": id, disabled: Boolean(unavailable) || busy, onclick: () => act(this, "download", { id, name }) }, "Download");
    return h("article", { class: unavailable || !fitting ? "card away" : "card", "data-id": id },
      h("h3", {}, name ?? id, state && h("span", { class: "card-state" }, state)),
      h("p", {}, description),
      h("ul", { class: "facts" }, ...factsOf(pipeline, stock).map((fact) => h("li", {}, fact))),
      unavailable && h("p", { class: "why-not" }, unavailable),
      options?.element,
      h("div", { class: "card-actions" }, button, hasNoName(button, name ?? id)));
  }
}

/** "Load" alone says little to whoever hears it. @param {HTMLElement} button @param {string} name */
function hasNoName(button, name) {
  button.setAttribute("aria-label", `${button.textContent} ${name}`);
  return null;
}

/** Loaded first, then what runs here; what can not, last. @param {any} pipeline @param {Stock} stock */
function rank(pipeline, stock) {
  if (pipeline.id === stock.loadedId) return 0;
  if (pipeline.unavailable) return 4;
  if (!fits(pipeline, stock)) return 3;
  return pipeline.default_prompt ? 1 : 2; // what makes pictures before what measures
}

/** Whether this machine has the memory. @param {any} pipeline @param {Stock} stock */
function fits({ estimated_vram_gb: needs }, { hardware }) {
  return !needs || (hardware?.vram_gb ?? 0) >= needs;
}

/** @param {any} pipeline @param {Stock} stock @returns {string[]} */
function factsOf(pipeline, { hardware, files }) {
  const artifacts = files[pipeline.id]?.artifacts ?? [];
  const size = artifacts.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + (one.about_bytes ?? 0), 0);
  const licences = new Set([pipeline.licence, ...artifacts.map((/** @type {any} */ one) => one.licence)].filter(Boolean));
  const needs = pipeline.estimated_vram_gb;
  const has = hardware?.vram_gb;
  return [
    needs ? `needs ${gigabytes(needs)} of GPU memory; ${has ? `you have ${gigabytes(has)}` : "there is no GPU here"}` : "runs on the processor",
    size ? `${bytes(size)}${files[pipeline.id].downloaded ? " on disk" : " to download"}` : "",
    ...licences,
    pipeline.supported_modes?.includes("video") ? "text or video" : "",
  ].filter(Boolean);
}

/** What can be chosen for a load. @param {any} pipeline @param {boolean} open */
function loadOptions(pipeline, open) {
  const fields = fieldsOf(pipeline.load_schema ?? {}).filter(({ kind, min, max }) => kind !== "json" && !(min !== null && min === max));
  if (!fields.length) return null;
  const rows = fields.map((field) => {
    const id = `load-${pipeline.id}-${field.key}-${Math.random().toString(36).slice(2, 7)}`;
    const box = field.kind === "choice"
      ? h("select", { id }, ...field.options.map((option) => h("option", { value: JSON.stringify(option), selected: option === field.initial }, String(option))))
      : field.kind === "switch"
        ? h("input", { id, type: "checkbox", checked: Boolean(field.initial) })
        : h("input", {
          id, type: field.kind === "number" ? "number" : "text", value: field.initial ?? "", step: String(field.step), placeholder: field.optional ? "automatic" : "",
          min: field.min === null ? undefined : String(field.min), max: field.max === null ? undefined : String(field.max),
        });
    return { field, box, row: h("div", { class: "option" }, h("label", { for: id, title: field.help }, field.label), box) };
  });
  const read = () => Object.fromEntries(rows.map(({ field, box }) => [field.key, valueOf(field, box)])
    .filter(([key, value]) => value !== undefined && value !== rows.find(({ field }) => field.key === key)?.field.initial));
  const element = h("details", { open, "data-id": pipeline.id }, h("summary", {}, "Options"), h("div", { class: "options" }, ...rows.map(({ row }) => row)));
  return { element, read };
}

/** @param {import("./fields.js").Field} field @param {any} box */
function valueOf(field, box) {
  if (field.kind === "switch") return box.checked;
  if (field.kind === "choice") return JSON.parse(box.value);
  if (box.value === "") return undefined;
  return field.kind === "number" ? Number(box.value) : box.value;
}

customElements.define("scope-library", Library);
