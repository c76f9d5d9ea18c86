/** What the browser keeps for the page. Storage can be forbidden; the page works without. */

const PREFIX = "scope.";

/**
 * @param {string} name @param {unknown} value  undefined forgets it.
 * @param {{ tab?: boolean }} [how]  tab: only until this tab closes.
 */
export function remember(name, value, { tab = false } = {}) {
  try {
    const place = tab ? sessionStorage : localStorage;
    if (value === undefined) place.removeItem(PREFIX + name);
    else place.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    return;
  }
}

/**
 * @template T
 * @param {string} name @param {T} otherwise @param {{ tab?: boolean }} [how]
 * @returns {T}
 */
export function recall(name, otherwise, { tab = false } = {}) {
  try {
    const text = (tab ? sessionStorage : localStorage).getItem(PREFIX + name);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}
