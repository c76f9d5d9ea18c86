/**
 * How a page is let in and lets others in: a key, or what a link carries, becomes a cookie that no
 * script sees. Nothing of it is kept here.
 */

import { FILED } from "./words-later.js";

const SESSION = "/api/v1/access/session";
const SHARE = "/api/v1/access/share";

/** @typedef {import("/client.js").Server} Server */
/** @typedef {import("./app.js").Page} Page */

/** @param {Server} server @param {string} secret  A key, or what a link carries. */
export function enter(server, secret) {
  return server.post(SESSION, { key: secret });
}

/** Give the cookie back. @param {Server} server */
export function leave(server) {
  return server.delete(SESSION);
}

/**
 * A link to watch, for somebody without a key, onto the clipboard.
 * @param {Page} page @param {(text: string, done: string) => unknown} copy
 */
export async function copyLink(page, copy) {
  const id = page.live.stream?.sessionId;
  try {
    const { path, expires_s } = await page.house.server.post(SHARE, id ? { session_id: id } : {});
    await copy(location.origin + path, FILED.linkCopied(expires_s ? Math.round(expires_s / 3600) : null));
  } catch (error) {
    page.refused(error);
  }
}

/** @param {Page} page */
export async function leavePage(page) {
  if (!page.house.state.locks) return page.say(FILED.noKeyNeeded);
  try {
    await page.house.leave();
    page.stop();
  } catch (error) {
    page.refused(error);
  }
}
