/** Undo and redo of whole values; pure. */

const MOST = 100;

/** @template T */
export class Past {
  /** @type {T[]} */ #values = [];
  #at = -1;

  /** What is in force now. @returns {T | null} */
  get current() {
    return this.#values[this.#at] ?? null;
  }

  /** A new value; what was undone is forgotten. @param {T} value */
  add(value) {
    if (JSON.stringify(value) === JSON.stringify(this.current)) return;
    this.#values = [...this.#values.slice(0, this.#at + 1), value].slice(-MOST);
    this.#at = this.#values.length - 1;
  }

  /** The value before, or null. @returns {T | null} */
  undo() {
    if (this.#at < 1) return null;
    this.#at -= 1;
    return this.current;
  }

  /** The value that was undone, or null. @returns {T | null} */
  redo() {
    if (this.#at >= this.#values.length - 1) return null;
    this.#at += 1;
    return this.current;
  }
}
