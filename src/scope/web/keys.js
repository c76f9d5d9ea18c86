/**
 * Which key does what. Single letters act only while no field has the focus and can be turned
 * off; every action can be given another key. Slots have the digits.
 */

import { recall, remember } from "./store.js";

/** @type {Record<string, string[]>} */
export const DEFAULTS = {
  focus: ["/", "p"],
  pause: ["Space"],
  reset: ["r"],
  newSeed: ["s"],
  lockSeed: ["Shift+s"],
  fewer: ["["],
  more: ["]"],
  record: ["v"],
  snapshot: ["c"],
  fullScreen: ["f"],
  output: ["o"],
  overlay: ["i"],
  timeline: ["t"],
  settings: ["m"],
  undo: ["Ctrl+z"],
  redo: ["Ctrl+y", "Ctrl+Shift+z"],
  palette: ["Ctrl+k"],
  stop: ["."],
  help: ["?"],
};

const PRESSABLE = "button, a, summary, [type=checkbox], [type=radio]";
const FIELDS = "textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=button])";

export class Keys {
  /** @type {Record<string, string[]>} */ #own = recall("keys", {});
  singles = recall("singleKeys", true);

  /** @param {string} action */
  of(action) {
    return this.#own[action] ?? DEFAULTS[action] ?? [];
  }

  /** @param {string} action @param {string} combo  Taken away from whatever had it. */
  assign(action, combo) {
    for (const other of Object.keys(DEFAULTS)) {
      if (this.of(other).includes(combo)) this.#own[other] = this.of(other).filter((one) => one !== combo);
    }
    this.#own[action] = [combo];
    remember("keys", this.#own);
  }

  restore() {
    this.#own = {};
    remember("keys", undefined);
  }

  /** Tell the key of its act on a button that has words. @param {HTMLElement} button */
  label(button) {
    const { act = "", words = "" } = button.dataset;
    const [combo = ""] = this.of(act);
    button.title = combo ? `${words} (${readable(combo)})` : words;
    button.setAttribute("aria-keyshortcuts", combo.replace("Ctrl", "Control"));
  }

  /** @param {boolean} on */
  useSingles(on) {
    this.singles = on;
    remember("singleKeys", on);
  }

  /**
   * What a key press means, or null.
   * @param {KeyboardEvent} event @returns {{ name: string, arg?: number } | null}
   */
  read(event) {
    const combo = comboOf(event);
    const target = /** @type {Element} */ (event.target);
    // A panel that just closed has the focus for a frame more.
    const inField = target.matches?.(FIELDS) && !target.closest("dialog:not([open])");
    const chord = /^(Ctrl|Alt)\+/.test(combo);
    if (!chord && (inField || !this.singles)) return null;
    if (combo === "Space" && target.closest?.(PRESSABLE)) return null;
    const digit = /^(?:(Shift|Alt)\+)?([1-9])$/.exec(combo);
    if (digit) return { name: digit[1] === "Shift" ? "store" : "slot", arg: Number(digit[2]) };
    const name = Object.keys(DEFAULTS).find((action) => this.of(action).includes(combo));
    return name ? { name } : null;
  }
}

/** A key press as text: modifiers, then the key; digits whatever the layout. @param {KeyboardEvent} event */
export function comboOf(event) {
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
  const key = digit ?? (event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key);
  const plain = key.length > 1 || digit !== undefined || /[a-z]/.test(key);
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && plain) parts.push("Shift");
  return [...parts, key].join("+");
}

/** @param {string} combo */
export function readable(combo) {
  return combo.split("+").map((part) => (part.length === 1 ? part.toUpperCase() : part)).join("+") || combo;
}
