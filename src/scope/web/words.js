/**
 * Every English sentence of the page that is not in its HTML or in what is fetched later (words-later.js).
 * `describe` turns what the page knows into words and into the actions that make sense.
 *
 * @typedef {{ do: string, label: string, main?: boolean, arg?: string }} Offer
 * @typedef {{
 *   badge: string, headline: string, hint: string, status: string, mark: string, problem: string,
 *   progress: number | null, offers: Offer[],
 * }} Words
 * @typedef {import("./phases.js").Known} Known
 * @typedef {Record<string, (known: Known) => Partial<Words>>} Say
 * @typedef {import("/client.js").ScopeError} ScopeError
 */

export const EXAMPLES = [
  "a calm sea at sunset",
  "snowy mountains under a starry sky",
  "a misty forest at dawn",
  "a neon city in the rain at night",
  "golden dunes at noon",
  "a green valley with drifting clouds",
];

export const FALLBACK_PROMPT = EXAMPLES[0];

/** The others come with words-later.js: their server answers. @type {Record<string, string>} */
export const REMEDIES = {
  unreachable: "Check that the server is still running; this page comes back by itself.",
  connect_failed: "The page reached the server, but the video did not. A firewall may block UDP; on the same machine, try http://localhost.",
  connection_lost: "Check the network, then try again.",
  negotiation_failed: "This browser and the server found no common way to send video. Update the browser, or try Chrome or Firefox.",
  worker_lost: "The model is being started again. Try again in a few seconds.",
  draining: "The server is shutting down; this page comes back by itself.",
  server_shutdown: "The server was shut down; this page comes back by itself.",
};

/** One sentence on what to do about an error. @param {{ code: string }} error */
export function remedy(error) {
  return REMEDIES[error.code] ?? "Try again.";
}

/** @param {number} ms @param {boolean} cut */
export function applied(ms, cut) {
  return `${cut ? "Cut" : "First picture of the new prompt"} after ${seconds(ms)}.`;
}

/** @param {string} name @param {number} ms */
export function settingApplied(name, ms) {
  return `${name} in the picture after ${seconds(ms)}.`;
}

export const SAID = {
  asked: "Sent. The next pictures follow it.",
  kept: "Kept. It applies as soon as the connection is back.",
  waits: "Paused: it applies when you go on.",
  willStart: "Starts by itself as soon as the model is ready.",
  emptyPrompt: "Type a prompt first.",
  noFullScreen: "This browser allows no full screen here.",
  seedLocked: "The seed is locked. Shift+S unlocks it.",
  seedLockedNow: (/** @type {number | null} */ seed) => (seed === null ? "The seed is locked." : `Seed ${seed} is locked: every start begins with it.`),
  seedFree: "The seed is free: every start takes a new one.",
  newSeed: (/** @type {number} */ seed) => `New scene from seed ${seed}.`,
  reset: "A fresh start under the same prompt and seed.",
  stored: (/** @type {number} */ n) => `Stored in slot ${n}.`,
  storeWhere: "Choose the slot for this prompt: press 1 to 9, or Esc.",
  emptySlot: (/** @type {number} */ n) => `Slot ${n} is empty. Shift+${n} stores the prompt in it.`,
  steps: (/** @type {number} */ n) => (n === 0 ? "Prompts change at once." : `Prompts glide over ${n} chunks.`),
  nothingToUndo: "Nothing to undo.",
  nothingToRedo: "Nothing to redo.",
  undone: "Back to the prompt before.",
  redone: "Forward again.",
  copied: "Copied.",
  notCopied: "The browser did not let the page copy that.",
  softened: "Flashes are being softened.",
};

/**
 * @param {Known} known @param {string} phase
 * @param {Say} [later]  Of the states that only a server that answers can bring about, once fetched.
 * @returns {Words}
 */
export function describe(known, phase, later = {}) {
  const say = SAY[phase] ?? later[phase] ?? SAY.asking;
  return {
    badge: "", headline: "", hint: "", status: "", mark: "", problem: "", progress: null, offers: [],
    ...say(known),
  };
}

/** @type {Offer} */ export const CHOOSE = { do: "models", label: "Choose a model" };
/** @type {Offer} */ export const STOP = { do: "stop", label: "Stop" };
/** @type {Offer} */ export const CANCEL = { do: "stop", label: "Cancel" };
/** @type {(error: ScopeError) => Offer} */
const helpFor = ({ code }) => ({ do: "help", label: "Help", arg: code });

/** @type {Say} */
export const SAY = {
  asking: () => ({ badge: "Hello", status: "Looking for the server…" }),
  gone: () => ({
    badge: "Server gone",
    headline: "The server does not answer",
    hint: "This page comes back by itself.",
    mark: "SERVER GONE",
    problem: "The server does not answer. The page comes back by itself.",
  }),
  draining: () => ({
    badge: "Restarting",
    headline: "The server is restarting",
    hint: "The page will come back by itself.",
    mark: "RESTARTING",
    status: "Server is restarting. The page will come back by itself.",
  }),
  ready: ({ touch }) => ({
    badge: "Ready",
    headline: touch ? "Tap Start" : "Press Enter to start",
    hint: "Then type, and watch the picture follow.",
    status: `Ready. Type a prompt and ${touch ? "tap Start" : "press Enter"}.`,
  }),
  connecting: ({ stream }) => ({
    badge: "Connecting",
    headline: stream?.slow ? "Still trying" : "Connecting",
    hint: stream?.slow ? "Is UDP blocked between this browser and the server?" : "The first picture is on its way.",
    status: stream?.slow ? "Still trying to connect; is UDP blocked?" : "Connecting…",
    progress: -1,
    offers: stream?.slow ? [CANCEL, { do: "help", label: "Help", arg: "connect_failed" }] : [CANCEL],
  }),
  streaming: ({ touch }) => ({ badge: "Live", status: `Live. Type a new prompt and ${touch ? "tap Send" : "press Enter"}.` }),
  paused: () => ({
    badge: "Paused",
    mark: "PAUSED",
    status: "Paused. Nothing is being generated.",
    offers: [{ do: "pause", label: "Go on" }],
  }),
  unstable: ({ stream }) => ({
    badge: "Unstable",
    mark: "UNSTABLE",
    status: `Nothing new for ${Math.round(stream?.quietS ?? 0)} s. Waiting for the server.`,
    offers: [{ do: "retryNow", label: "Connect anew" }, STOP],
  }),
  reconnecting: ({ stream }) => ({
    badge: "Reconnecting",
    headline: "Connection lost",
    hint: "Your prompt and seed are kept.",
    mark: `RECONNECTING ${stream?.attempt}/${stream?.of}`,
    problem: `${sentence(stream?.error?.message)} Trying again in ${stream?.leftS} s (${stream?.attempt} of ${stream?.of}). Your prompt and seed are kept.`,
    offers: [{ do: "retryNow", label: "Try now" }, STOP],
  }),
  stopped: ({ stream }) => {
    const error = /** @type {ScopeError} */ (stream?.error);
    const gaveUp = stream?.gaveUp ? "Five tries were not enough, so the page stopped trying. " : "";
    return {
      badge: "Stopped",
      headline: error.code === "at_capacity" ? "All places are taken" : "Stopped",
      hint: remedy(error),
      problem: `${sentence(error.message)} ${gaveUp}${remedy(error)}`,
      offers: [
        { do: "retry", label: "Try again", main: true },
        ...(/pipeline|memory|load/.test(error.code) ? [CHOOSE] : []),
        helpFor(error),
        { do: "copyDetails", label: "Copy details" },
      ],
    };
  },
};

/** @param {any} hardware */
export function machineWords({ gpu, vram_gb, cpu_count, memory_gb }) {
  if (gpu) return `${gpu} · ${gigabytes(vram_gb)}`;
  const memory = memory_gb ? ` · ${gigabytes(memory_gb)}` : "";
  return `${cpu_count} CPU ${cpu_count === 1 ? "core" : "cores"}${memory}`;
}

/** @param {string | null | undefined} text */
export function sentence(text) {
  const trimmed = (text || "Something went wrong").trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** What a validator says, without its own name and that of the field. @param {string} text @param {string | null | undefined} field */
export function plain(text, field) {
  const named = field && text.startsWith(`${field}: `) ? text.slice(field.length + 2) : text;
  return named.replace(/^Value error, /, "");
}

/** @param {string} text */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** @param {number} s */
export function clock(s) {
  const whole = Math.max(0, Math.floor(s));
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}

/** @param {number} gb */
export function gigabytes(gb) {
  return `${gb < 10 ? Number(gb.toFixed(1)) : Math.round(gb)} GB`;
}
