/**
 * From a pipeline's JSON Schema to the controls that can be drawn for it; pure. A `ui` hint of a
 * field may name it (`label`), order it (`order`), group it (`category`), set the grain (`step`),
 * name the unit (`unit`), or keep it off the page (`hidden`).
 *
 * @typedef {{
 *   key: string, label: string, help: string, unit: string, order: number,
 *   kind: "switch" | "number" | "choice" | "text" | "steps" | "json",
 *   min: number | null, max: number | null, step: number, whole: boolean, optional: boolean,
 *   options: any[], initial: any,
 * }} Field
 * @typedef {Record<string, any>} Schema
 */

const LAST = 1000;
const MOST_STEPS = 8;

/** What the page has controls of its own for. */
const ELSEWHERE = new Set([
  "prompts", "transition", "prompt_interpolation_method", "seed", "base_seed", "paused", "reset_cache",
]);

/** @param {Schema} schema @returns {Field[]} */
export function fieldsOf(schema) {
  return Object.entries(schema.properties ?? {})
    .filter(([key]) => !ELSEWHERE.has(key))
    .map(([key, property]) => fieldOf(key, resolve(property, schema)))
    .filter((field) => field !== null)
    .sort((a, b) => a.order - b.order);
}

/** @param {string} key @param {Schema} property @returns {Field | null} */
function fieldOf(key, property) {
  const ui = property.ui ?? {};
  if (ui.hidden) return null;
  const type = property.type;
  const whole = type === "integer";
  const min = property.minimum ?? (property.exclusiveMinimum !== undefined ? property.exclusiveMinimum + (whole ? 1 : 0) : null);
  const max = property.maximum ?? (property.exclusiveMaximum !== undefined ? property.exclusiveMaximum - (whole ? 1 : 0) : null);
  const steps = key === "denoising_step_list";
  return {
    key,
    label: ui.label ?? (steps ? "Steps" : labelOf(key)),
    help: property.description ?? "",
    unit: ui.unit ?? "",
    order: ui.order ?? LAST,
    kind: steps ? "steps" : kindOf(property),
    min: steps ? 1 : min,
    max: steps ? property.maxItems ?? MOST_STEPS : max,
    step: ui.step ?? (whole || steps ? 1 : grain(min, max)),
    whole: whole || steps,
    optional: Boolean(property.nullable),
    options: property.enum ?? (property.const !== undefined ? [property.const] : []),
    initial: property.default ?? null,
  };
}

/** @param {Schema} property @returns {Field["kind"]} */
function kindOf({ type, enum: options }) {
  if (options) return "choice";
  if (type === "boolean") return "switch";
  if (type === "number" || type === "integer") return "number";
  return type === "string" ? "text" : "json";
}

/** References followed, and "this or nothing" as this. @param {Schema} property @param {Schema} schema @returns {Schema} */
function resolve(property, schema) {
  const { $ref, anyOf, allOf, ...rest } = property;
  if ($ref) {
    const target = $ref.replace(/^#\//, "").split("/").reduce((/** @type {any} */ at, /** @type {string} */ part) => at?.[part], schema);
    return { ...resolve(target ?? {}, schema), ...rest };
  }
  if (allOf?.length === 1) return { ...resolve(allOf[0], schema), ...rest };
  if (!anyOf) return property;
  const something = anyOf.filter((/** @type {Schema} */ one) => one.type !== "null");
  const nullable = something.length < anyOf.length;
  return { ...(something.length === 1 ? resolve(something[0], schema) : {}), ...rest, nullable };
}

/** @param {string} key */
function labelOf(key) {
  const words = key.replaceAll("_", " ").replace(/\bkv\b/, "KV").replace(/\bvace\b/, "VACE").replace(/\blora\b/, "LoRA");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A hundred positions on a slider. @param {number | null} min @param {number | null} max */
function grain(min, max) {
  if (min === null || max === null) return 0.01;
  return 10 ** Math.floor(Math.log10((max - min) / 50));
}

/** That many denoising steps, from pure noise down; the pipeline's own list where it has that length. @param {number} count @param {number[]} own */
export function stepList(count, own) {
  if (own?.length === count) return own;
  return Array.from({ length: count }, (_, i) => Math.round((1000 * (count - i)) / count));
}
