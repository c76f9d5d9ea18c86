/**
 * What was asked for and what is in force, key by key; pure. A control shows the wish, with a mark
 * until the server has confirmed it; a refused wish gives way to what is in force.
 */
export class Controls {
  /** @type {Record<string, any>} */ #inForce = {};
  /** @type {Map<string, { value: any, by: number }>} */ #wishes = new Map();
  #next = 1;

  /** What to show. @param {string} key @param {any} [otherwise] */
  value(key, otherwise) {
    return this.#wishes.get(key)?.value ?? this.#inForce[key] ?? otherwise;
  }

  /** Asked for and not yet confirmed. @param {string} key */
  isPending(key) {
    return this.#wishes.has(key);
  }

  /** Ask for values; the number names this wish. @param {Record<string, any>} values */
  want(values) {
    const by = this.#next++;
    for (const [key, value] of Object.entries(values)) this.#wishes.set(key, { value, by });
    return by;
  }

  /** That wish is in the picture. @param {number} by */
  settle(by) {
    for (const [key, wish] of this.#wishes) {
      if (wish.by > by) continue;
      this.#inForce[key] = wish.value;
      this.#wishes.delete(key);
    }
  }

  /** That wish was refused. @param {number} by */
  refuse(by) {
    for (const [key, wish] of this.#wishes) if (wish.by === by) this.#wishes.delete(key);
  }

  /** The server tells what is in force. @param {Record<string, any>} values */
  told(values) {
    Object.assign(this.#inForce, values);
  }

  /** Another pipeline: nothing is known of it. */
  clear() {
    this.#inForce = {};
    this.#wishes.clear();
  }
}
