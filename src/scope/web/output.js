/**
 * The output page: shows a running stream, without a say in it, and comes back whenever there is
 * one. `?session_id=` prefers that stream; what stands behind `#key=`, a key or what a link to
 * watch carries, lets the page in and is out of the address at once.
 */

import { Server, watch } from "/client.js";
import { enter } from "./access.js";
import { secretFromAddress } from "./secret.js";

const AGAIN_MS = 1500;
const NOTE_MS = 4000;
const WORDS = {
  waiting: "Waiting for a stream. You may watch; nothing can be changed from here.",
  gone: "The server does not answer. This page comes back by itself.",
  locked: "This server needs a key, or a link to watch, which is good once. Ask for a new one, or open this page from the main page.",
};

const server = new Server();
const video = /** @type {HTMLVideoElement} */ (document.getElementById("video"));
const status = /** @type {HTMLElement} */ (document.getElementById("status"));
const wanted = new URLSearchParams(location.search).get("session_id");
const secret = secretFromAddress();

/** The stream to watch: the wanted one while it runs, else the oldest. Never a new one. */
async function find() {
  const running = Object.keys(await server.sessions());
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
  const stream = watch({ sessionId, video });
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

let noting = 0;

/** Who moves a pointer is told that this is only to watch; a projector and OBS never are. */
function note() {
  document.body.classList.add("noting");
  clearTimeout(noting);
  noting = window.setTimeout(() => document.body.classList.remove("noting"), NOTE_MS);
}

video.addEventListener("dblclick", () => void document.documentElement.requestFullscreen?.().catch(() => {}));
document.addEventListener("pointermove", note);
document.addEventListener("keydown", note);
if (secret) await enter(server, secret).catch(() => {}); // a cookie of before may still be good
void look();
