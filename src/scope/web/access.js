/**
 * How a page is let in: a key, or what a link carries, becomes a cookie that no script sees.
 * Nothing of it is kept here, and what stood in the address is out of it before anything else.
 */

const SESSION = "/api/v1/access/session";
const SHARE = "/api/v1/access/share";

/** @typedef {import("/client.js").Server} Server */

/** What stands behind "#key=" in the address, taken out of there at once. */
export function secretFromAddress() {
  const secret = new URLSearchParams(location.hash.slice(1)).get("key");
  if (secret) history.replaceState(null, "", location.pathname + location.search);
  return secret;
}

/** @param {Server} server @param {string} secret  A key, or what a link carries. */
export function enter(server, secret) {
  return server.post(SESSION, { key: secret });
}

/** What this page may do. @param {Server} server @returns {Promise<{ locked: boolean, access: string, label: string | null }>} */
export function who(server) {
  return server.get(SESSION);
}

/** Give the cookie back. @param {Server} server */
export function leave(server) {
  return server.delete(SESSION);
}

/**
 * A link to watch, for somebody without a key.
 * @param {Server} server @param {string | null | undefined} sessionId
 * @returns {Promise<{ url: string, hours: number | null }>} hours: null where nobody needs a key.
 */
export async function linkToWatch(server, sessionId) {
  const { path, expires_s } = await server.post(SHARE, sessionId ? { session_id: sessionId } : {});
  return { url: location.origin + path, hours: expires_s ? Math.round(expires_s / 3600) : null };
}
