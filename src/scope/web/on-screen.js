/** When a change is seen: on screen where the browser tells, else as it left the server. */

import { rtpSeconds } from "/client.js";

const SHOWN_MS = 1500;

/** Milliseconds until an update is on screen, or left the server where the browser can not tell. @param {import("/client.js").Stream} stream @param {any} message @returns {Promise<number>} */
export function onScreen(stream, message) {
  return new Promise((resolve) => {
    const off = stream.on("shown", (shown) => { if (shown._id === message._id) done(shown.elapsedMs); });
    const timer = setTimeout(() => done(message.elapsedMs), SHOWN_MS);
    const done = (/** @type {number} */ ms) => { off(); clearTimeout(timer); resolve(ms); };
  });
}

/** How far a glide is by the picture on screen. @param {{ to: string, of: number, from: number }} glide @param {number | null | undefined} rtp @param {number | null} chunkS  Seconds of a chunk. */
export function glideAt({ to, of, from }, rtp, chunkS) {
  if (rtp == null || !chunkS) return null;
  return { to, of, at: Math.max(0, Math.floor(rtpSeconds(from, rtp) / chunkS) + 1) };
}
