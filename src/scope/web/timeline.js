/**
 * What was typed, when: a list of changes that can be shown, saved and played again; pure. As a
 * file it is the business of timeline-file.js.
 *
 * @typedef {{ atS: number, chunk: number | null, parameters: Record<string, any> }} Change
 */

export const MOST = 5000;
const DRAG_S = 0.4;

export class Timeline {
  /** @type {Change[]} */ changes = [];
  /** @type {number | null} */ seed = null;
  /** @type {string | null} */ pipelineId = null;
  /** What a file said beside the changes: size, rate, length. @type {Record<string, any>} */ about = {};

  get isEmpty() {
    return this.changes.length === 0;
  }

  /**
   * A change; what comes back can be given its chunk later.
   * @param {number} atS @param {Record<string, any>} parameters @returns {Change}
   */
  add(atS, { _id, apply, paused, recording, ...parameters }) {
    /** @type {Change} */
    const change = { atS, chunk: null, parameters };
    if (!Object.keys(parameters).length) return change;
    const last = this.changes.at(-1);
    const others = last && isDrag(last, change) ? this.changes.slice(0, -1) : this.changes;
    this.changes = [...others, change].slice(-MOST);
    return change;
  }

  /** @param {number} index */
  remove(index) {
    this.changes = this.changes.filter((_, at) => at !== index);
  }

  clear() {
    this.changes = [];
  }

  /** The stretches between changes of the prompt. @param {number} endS */
  stretches(endS) {
    const heads = this.changes.map((change, index) => ({ ...change, index })).filter(({ parameters }) => wordsOf(parameters));
    return heads.map(({ atS, parameters, index }, at) => ({
      index,
      fromS: atS,
      toS: Math.max(heads[at + 1]?.atS ?? endS, atS),
      words: wordsOf(parameters),
      glides: Boolean(parameters.transition?.num_steps),
    }));
  }

  /** Marks of everything that is no prompt. */
  marks() {
    return this.changes.map((change, index) => ({ ...change, index })).filter(({ parameters }) => !wordsOf(parameters));
  }

  /** When the last change happens. */
  get endS() {
    return this.changes.at(-1)?.atS ?? 0;
  }
}

/** A slider that is dragged is one change: the same keys and words again, at once. @param {Change} last @param {Change} next */
function isDrag(last, next) {
  const shape = (/** @type {Change} */ { parameters }) => `${Object.keys(parameters)} ${wordsOf(parameters)}`;
  return last.atS > 0 && next.atS - last.atS < DRAG_S && !next.parameters.transition && shape(last) === shape(next);
}

/** The words of a change, or "" when it changes none. @param {Record<string, any>} parameters @returns {string} */
export function wordsOf({ prompts, transition }) {
  const list = transition?.target_prompts ?? prompts ?? [];
  return list.map((/** @type {any} */ one) => (typeof one === "string" ? one : one.text)).join(" + ");
}

/** What a change does, in words. @param {Record<string, any>} parameters */
export function describeChange(parameters) {
  const words = wordsOf(parameters);
  if (words) return words;
  return Object.entries(parameters).map(([key, value]) => `${key.replaceAll("_", " ")}: ${brief(value)}`).join(", ");
}

/** @param {any} value */
function brief(value) {
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
