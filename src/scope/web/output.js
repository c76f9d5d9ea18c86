/**
 * The output page: shows a running stream, without a say in it, and comes back whenever there is
 * one. `?session_id=` prefers that stream, `#key=` is the key of the server.
 */

import { Server, watch } from "/client.js";

const AGAIN_MS = 1500;
const WORDS = {
  waiting: "Waiting for a stream.",
  gone: "The server does not answer. This page comes back by itself.",
  locked: "This server needs a key: open this page from the main page, or with #key=… at the end of its address.",
};

const video = /** @type {HTMLVideoElement} */ (document.getElementById("video"));
const status = /** @type {HTMLElement} */ (document.getElementById("status"));
const wanted = new URLSearchParams(location.search).get("session_id");
const key = new URLSearchParams(location.hash.slice(1)).get("key") ?? undefined;
if (key) history.replaceState(null, "", location.pathname + location.search);

/** The stream to watch: the wanted one while it runs, else the oldest. Never a new one. */
async function find() {
  const running = Object.keys(await new Server({ key }).sessions());
  return wanted && running.includes(wanted) ? wanted : running[0];
}

async function look() {
  try {
    const sessionId = await find();
    if (sessionId) return show(sessionId);
    say(WORDS.waiting);
  } catch (error) {
    say(/** @type {any} */ (error).status === 401 ? WORDS.locked : WORDS.gone);
  }
  setTimeout(look, AGAIN_MS);
}

/** @param {string} sessionId */
function show(sessionId) {
  const stream = watch({ key, sessionId, video });
  stream.on("state", ({ state }) => document.body.classList.toggle("live", state === "streaming" || state === "unstable"));
  stream.on("closed", () => {
    say(WORDS.waiting);
    setTimeout(look, AGAIN_MS);
  });
  addEventListener("pagehide", () => stream.close(), { once: true });
}

/** @param {string} text */
function say(text) {
  if (status.textContent !== text) status.textContent = text;
}

video.addEventListener("dblclick", () => void document.documentElement.requestFullscreen?.().catch(() => {}));
void look();
