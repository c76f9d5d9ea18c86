/**
 * Which of its states the page is in; pure.
 *
 * @typedef {{
 *   state: "asking" | "gone" | "locked" | "not_loaded" | "loading" | "loaded" | "error",
 *   keyRefused: boolean, keyWaitS: number | null, access: string | null, locks: boolean, draining: boolean, stage: string | null, progress: number | null,
 *   error: string | null, pipelineId: string | null, loadParams: Record<string, any>,
 *   usualS: number | null, hardware: any,
 * }} ServerState
 * @typedef {{
 *   phase: "connecting" | "streaming" | "unstable" | "reconnecting" | "stopped",
 *   paused?: boolean, watching?: boolean, control?: import("/client.js").Message | null, slow?: boolean, quietS?: number, gaveUp?: boolean,
 *   error?: import("/client.js").ScopeError, attempt?: number, of?: number, leftS?: number,
 * }} StreamView
 * @typedef {{ name: string, done: number, total: number, rate: number | null, etaS: number | null, stage: string | null, error: string | null }} Download
 * @typedef {{
 *   server: ServerState, stream: StreamView | null, download: Download | null,
 *   wantsStart: boolean, others: boolean, touch: boolean,
 * }} Known
 */

/** @type {Record<string, string>} */
const OF_SERVER = { loaded: "ready", not_loaded: "none", error: "failed" };

/** @param {Known} known @returns {string} */
export function phaseOf({ server, stream, download }) {
  if (server.state === "locked") return "locked";
  if (stream) return ofStream(stream, server);
  if (server.draining) return "draining";
  if (download && server.state !== "gone") return "downloading";
  if (server.state === "loaded" && server.access === "view") return "visiting";
  return OF_SERVER[server.state] ?? server.state;
}

/** @param {StreamView} stream @param {ServerState} server */
function ofStream({ phase, error, paused, watching }, server) {
  if (phase === "reconnecting" && error?.code === "at_capacity") return "busy";
  if (server.draining && (phase === "streaming" || phase === "reconnecting")) return "draining";
  if (phase !== "streaming") return phase;
  if (watching) return "watching";
  return paused ? "paused" : "streaming";
}

/** @type {Record<string, string>} */
const TONES = { ready: "good", visiting: "good", streaming: "good", watching: "good", gone: "bad", failed: "bad", stopped: "bad", locked: "bad", asking: "", none: "" };

/** How the dot before the words looks; what is none of these is being waited for. @param {string} phase */
export function toneOf(phase) {
  return TONES[phase] ?? "wait";
}

/** Phases with a picture that moves, or that stands still on purpose. */
export const LIVE = new Set(["streaming", "paused", "unstable", "watching"]);
