/** Making and changing elements. */

const SVG = "http://www.w3.org/2000/svg";

/** Strokes on a 24 × 24 field. @type {Record<string, string>} */
const ICONS = {
  pause: "M8 5v14M16 5v14",
  play: "M7 4.5v15l12-7.5Z",
  record: "M12 5a7 7 0 1 0 .01 0Z",
  stop: "M6 6h12v12H6Z",
  snapshot: "M4 8h3l2-3h6l2 3h3v11H4ZM12 10a3.5 3.5 0 1 0 .01 0Z",
  fullScreen: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  output: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  overlay: "M4 19V11M10 19V5M16 19v-6M21 19H3",
  settings: "M4 7h9M19 7h1M4 17h1M11 17h9M16 5a2 2 0 1 0 .01 0ZM8 15a2 2 0 1 0 .01 0Z",
  timeline: "M3 12h18M7 8v8M13 8v8M18 8v8",
  help: "M9 9a3 3 0 1 1 4.2 2.8c-.8.4-1.2.9-1.2 2.2M12 17.5v.5",
  lockSeed: "M6 11h12v9H6ZM8.5 11V8a3.5 3.5 0 0 1 6.7-1.4",
  newSeed: "M5 5h14v14H5ZM9 9v.01M15 15v.01M15 9v.01M9 15v.01M12 12v.01",
  reset: "M5 12a7 7 0 1 0 2.5-5.4M5 4v4h4",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  undo: "M9 6 4 11l5 5M4 11h10a6 6 0 0 1 6 6v1",
  redo: "M15 6l5 5-5 5M20 11H10a6 6 0 0 0-6 6v1",
  exportTimeline: "M12 4v11M7 11l5 5 5-5M5 20h14",
  importTimeline: "M12 16V5M7 9l5-5 5 5M5 20h14",
  replay: "M4 12a8 8 0 1 1 2.3 5.7M4 19v-5h5M10 9v6l5-3Z",
};

/**
 * An element with properties, `data-`/`aria-` attributes, listeners and children.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role" || name === "for" || name === "list") element.setAttribute(name, String(value));
    else if (name === "class") element.className = value;
    else /** @type {any} */ (element)[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.dataset.icon = name;
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name] ?? "");
  svg.append(path);
  return svg;
}

/**
 * A button that only shows an icon; its words are for screen readers and the tooltip.
 * @param {string} name @param {string} words @param {Record<string, any>} [props]
 */
export function iconButton(name, words, props = {}) {
  return h("button", { type: "button", class: "icon", title: words, ...props }, icon(name), hidden(words));
}

/**
 * A button for an act of the page, whose name is its id; keys.js adds the key to its words.
 * @param {string} name @param {string} words @param {Record<string, any>} [props]
 */
export function actButton(name, words, props = {}) {
  return iconButton(name, words, { id: name, "data-act": name, "data-words": words, ...props });
}

/** Words that are heard and not seen. @param {string} words */
export function hidden(words) {
  return h("span", { class: "hidden" }, words);
}

/** Only changed text is written, so that a screen reader hears every sentence once. @param {Element} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Ask the page to do something. @param {EventTarget} from @param {string} name @param {any} [arg] */
export function act(from, name, arg) {
  from.dispatchEvent(new CustomEvent("act", { bubbles: true, detail: { name, arg } }));
}

/** Whether the reader asked for little motion. */
export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** @type {Map<string, Promise<void>>} */
const sheets = new Map();

/** Fetch a sheet of styles, once; one that did not come is tried again. @param {string} href @returns {Promise<void>} */
export function styled(href) {
  const known = sheets.get(href) ?? new Promise((resolve, reject) => {
    const sheet = h("link", { rel: "stylesheet", href, onload: () => resolve(), onerror: () => {
      sheet.remove();
      sheets.delete(href);
      reject(new TypeError(`${href} did not come`));
    } });
    document.head.append(sheet);
  });
  sheets.set(href, known);
  return known;
}
