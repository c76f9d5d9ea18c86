/**
 * Every English sentence of the page that is not in its HTML. `describe` turns what the page
 * knows into words and into the actions that make sense.
 *
 * @typedef {{ do: string, label: string, main?: boolean, arg?: string }} Offer
 * @typedef {{
 *   badge: string, headline: string, hint: string, status: string, mark: string, problem: string,
 *   progress: number | null, offers: Offer[],
 * }} Words
 * @typedef {import("./phases.js").Known} Known
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

/** @type {Record<string, string>} */
const REMEDIES = {
  unreachable: "Check that the server is still running; this page comes back by itself.",
  connect_failed: "The page reached the server, but the video did not. A firewall may block UDP; on the same machine, try http://localhost.",
  connection_lost: "Check the network, then try again.",
  negotiation_failed: "This browser and the server found no common way to send video. Update the browser, or try Chrome or Firefox.",
  worker_lost: "The model is being started again. Try again in a few seconds.",
  generation_failed: "Try again. If it fails again, the server's log says why.",
  load_failed: "Load it again, or choose another model.",
  out_of_memory: "Free memory on the device or load the model at a smaller size, then try again.",
  pipeline_unloaded: "Load a model, then try again.",
  pipeline_not_loaded: "Load a model, then try again.",
  at_capacity: "All places are taken. Watch, or ask again.",
  too_many_requests: "Wait a moment, then try again.",
  draining: "The server is shutting down; this page comes back by itself.",
  server_shutdown: "The server was shut down; this page comes back by itself.",
  session_closed: "Somebody ended this stream. Start it again if you like.",
  session_not_found: "The stream that was watched has ended.",
  invalid_parameters: "Change the value and send it again.",
  forbidden: "Open the page under the address the server printed when it started.",
  unauthorized: "This server needs a key. It was printed when it started.",
  flooding: "Send fewer messages, then try again.",
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

/** What the server says of its own accord. @type {Record<string, (message: any) => string>} */
export const NOTICES = {
  draining: ({ in_s }) => `The server stops in ${Math.ceil(in_s)} s. The page will come back by itself.`,
  parameters_updated: () => "Someone else changed the stream; the controls follow.",
  pipeline_error: ({ message }) => sentence(message),
};

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
  snapshot: (/** @type {string} */ name) => `Saved ${name}, with prompt and seed inside.`,
  noPicture: "There is no picture to save yet.",
  noStream: "Start the stream first.",
  noRecording: "This server does not record.",
  recording: "Recording.",
  recorded: (/** @type {string} */ name) => `Recording saved as ${name}.`,
  recordedUntil: (/** @type {string} */ name, /** @type {string} */ why) => `Recording saved as ${name}; it ended early: ${sentence(why)}`,
  copied: "Copied.",
  notCopied: "The browser did not let the page copy that.",
  replaying: (/** @type {number} */ n) => `Replaying ${n} ${n === 1 ? "change" : "changes"}.`,
  replayDiffers: (/** @type {string[]} */ why) => `Replaying; it may look different: ${why.join("; ")}.`,
  replayed: "The replay is over.",
  replayStopped: "The replay was stopped.",
  imported: (/** @type {number} */ n) => `${n} ${n === 1 ? "change" : "changes"} read. Press Replay to play them.`,
  notATimeline: "That file is no timeline of this page or server.",
  exported: (/** @type {string} */ name) => `Saved ${name}.`,
  loadRefused: (/** @type {string} */ why) => sentence(why),
  softened: "Flashes are being softened.",
  linkCopied: (/** @type {number | null} */ hours) => hours === null
    ? "The link to watch is copied."
    : `The link to watch is copied. It lets one browser in, to watch only, for ${hours} h.`,
  noKeyNeeded: "This server needs no key, so there is none to give back.",
  nothingToWatch: "Nothing plays that could be watched. This key may not start anything.",
};

/** Names of what can be done; the list of keys and the palette show them. @type {Record<string, string>} */
export const ACTS = {
  focus: "Go to the prompt",
  send: "Send the prompt, gliding",
  cut: "Send the prompt as a hard cut",
  pause: "Pause or go on",
  stop: "Stop the stream",
  reset: "Fresh start, same seed",
  newSeed: "New seed",
  lockSeed: "Lock or unlock the seed",
  fewer: "Shorter glide",
  more: "Longer glide",
  record: "Start or stop recording",
  snapshot: "Save the picture",
  fullScreen: "Full screen",
  output: "Open the output window",
  overlay: "Figures: off, short, all",
  timeline: "Show or hide the timeline",
  settings: "More settings",
  models: "Models",
  undo: "Undo the prompt",
  redo: "Redo the prompt",
  palette: "Find a command",
  help: "Keys and help",
  replay: "Replay the timeline",
  exportTimeline: "Save the timeline as a file",
  importTimeline: "Open a timeline",
  copyLink: "Copy a link to watch",
  leave: "Give the key back",
  takeControl: "Take control of the stream",
  addPrompt: "Blend in another prompt",
  forget: "Clear the timeline",
};

/** Help by symptom; the anchor is the code of an error. @type {Array<[string, string, string]>} */
export const TROUBLES = [
  ["connect_failed", "Connecting takes long or fails",
    "The page talks to the server, but the video takes another way: UDP between this browser and the server. A firewall, a VPN or a strict network may block it. On the same machine open http://localhost; between machines allow UDP, or give the server a TURN relay."],
  ["at_capacity", "All places are taken",
    "The server makes as many streams as its device keeps up with. Watch the running one, or wait: the page asks again by itself."],
  ["unauthorized", "It asks for a key",
    "Somebody started the server with a key. It was printed in the terminal when the server started. The page exchanges it for a cookie that no script can read; “Give the key back” in the palette ends that. A link to watch is good once and needs no key."],
  ["out_of_memory", "Out of memory",
    "The model at this size needs more memory than the device has free. Close other programs on it, load a smaller size, or another model."],
  ["worker_lost", "The model process was lost",
    "The process that makes the pictures died or hung. The server starts it again and loads the model; the page comes back by itself."],
  ["flashing", "Flashing pictures",
    "Prompts can make pictures flash. “Soften flashes” under More dims what changes faster than three times a second."],
];

/** @param {Known} known @param {string} phase @returns {Words} */
export function describe(known, phase) {
  const say = SAY[phase] ?? SAY.asking;
  return {
    badge: "", headline: "", hint: "", status: "", mark: "", problem: "", progress: null, offers: [],
    ...say(known),
  };
}

/** @type {Offer} */ const CHOOSE = { do: "models", label: "Choose a model" };
/** @type {Offer} */ const STOP = { do: "stop", label: "Stop" };
/** @type {Offer} */ const CANCEL = { do: "stop", label: "Cancel" };
/** @type {(error: ScopeError) => Offer} */
const helpFor = ({ code }) => ({ do: "help", label: "Help", arg: code });

/** @type {Record<string, (known: Known) => Partial<Words>>} */
const SAY = {
  asking: () => ({ badge: "Hello", status: "Looking for the server…" }),
  locked: ({ server }) => ({
    badge: "Key needed",
    headline: "This server needs a key",
    hint: "It was printed when the server started.",
    status: server.keyRefused ? "" : "This server needs a key. It was printed when it started.",
    problem: server.keyWaitS
      ? `Too many wrong keys. Try again in ${duration(server.keyWaitS)}.`
      : server.keyRefused ? "That is not the key of this server. It was printed when it started. A link is good once." : "",
  }),
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
  none: ({ server }) => ({
    badge: "No model",
    headline: "Choose a model",
    status: chooseWords(server),
  }),
  downloading: ({ download, wantsStart }) => ({
    badge: "Downloading",
    headline: download?.error ? `${download.name} is not complete` : `Downloading ${download?.name ?? "the model"}`,
    hint: download?.error ? "" : wantsStart ? SAID.willStart : "It is loaded when all of it is here.",
    status: downloadWords(download),
    problem: download?.error ? `${sentence(download.error)} What is here is kept.` : "",
    progress: download?.error ? null : download?.total ? download.done / download.total : -1,
    offers: download?.error
      ? [CHOOSE, { do: "forgetDownload", label: "Dismiss" }]
      : [{ do: "cancelDownload", label: "Cancel" }],
  }),
  loading: ({ server, wantsStart }) => ({
    badge: "Loading",
    headline: server.stage ? capital(server.stage) : "Loading the model",
    hint: wantsStart ? SAID.willStart : "Type a prompt meanwhile.",
    status: loadingWords(server),
    progress: server.progress ?? -1,
    offers: wantsStart ? [CANCEL] : [],
  }),
  failed: ({ server }) => ({
    badge: "Load failed",
    headline: "The model could not be loaded",
    hint: "The reason is below.",
    problem: `${sentence(server.error)} Load it again, or choose another one.`,
    offers: [{ do: "reload", label: "Load again", main: true }, CHOOSE, { do: "copyDetails", label: "Copy details" }],
  }),
  ready: ({ server, others, touch }) => server.access === "view" ? {
    badge: "To watch",
    headline: others ? "You may watch" : "Nothing plays yet",
    hint: "Your key shows the picture and can change nothing.",
    status: others ? "You may watch. Your key can change nothing." : "Nothing plays yet. Your key may watch, and can change nothing.",
    offers: others ? [{ do: "watch", label: "Watch", main: true }] : [],
  } : ({
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
  watching: ({ server, stream }) => ({
    badge: "Watching",
    mark: "WATCHING",
    status: `${watchingWords(stream?.control)}${server.access === "view" ? " Your key can change nothing." : ""}`,
    offers: [
      ...(stream?.control?.may_take ? [{ do: "takeControl", label: "Take control", main: true }] : []),
      ...(server.access === "view" ? [] : [{ do: "takeTurn", label: "Try to start mine" }]),
      STOP,
    ],
  }),
  unstable: ({ stream }) => ({
    badge: "Unstable",
    mark: "UNSTABLE",
    status: `Nothing new for ${Math.round(stream?.quietS ?? 0)} s. Waiting for the server.`,
    offers: [{ do: "retryNow", label: "Connect anew" }, STOP],
  }),
  busy: ({ stream, others }) => ({
    badge: "Busy",
    headline: "All places are taken",
    hint: others ? "Someone else is generating. You can watch meanwhile." : "",
    mark: "",
    problem: `${sentence(stream?.error?.message)} Trying again in ${stream?.leftS} s (${stream?.attempt} of ${stream?.of}).`,
    offers: [
      ...(others ? [{ do: "watch", label: "Watch", main: true }] : []),
      { do: "retryNow", label: "Try again now" },
      CANCEL,
    ],
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

/** @param {any} control  Who controls, as the server says; nothing where it does not. */
function watchingWords(control) {
  if (control?.holder === "nobody") return "You are watching. Nobody controls this stream.";
  if (control?.label) return `You are watching. ${control.label} types the prompts.`;
  return "You are watching. Someone else types the prompts.";
}

/** When control changed hands; nothing when it did not. @param {any} before @param {any} now */
export function handedWords(before, now) {
  if (!before || (before.holder === now.holder && before.label === now.label)) return "";
  if (now.holder === "you") return "You control this stream now.";
  if (now.holder === "nobody") return "Who controlled this stream has left.";
  const who = now.label || "Someone else";
  return before.holder === "you" ? `${who} has taken control. You are watching.` : `${who} controls this stream now.`;
}

/** @param {Known["server"]} server */
function chooseWords({ hardware }) {
  if (!hardware) return "Choose a model.";
  return `Choose a model. This machine has ${machineWords(hardware)}.`;
}

/** @param {any} hardware */
export function machineWords({ gpu, vram_gb, cpu_count, memory_gb }) {
  if (gpu) return `${gpu} · ${gigabytes(vram_gb)}`;
  const memory = memory_gb ? ` · ${gigabytes(memory_gb)}` : "";
  return `${cpu_count} CPU ${cpu_count === 1 ? "core" : "cores"}${memory}`;
}

/** @param {Known["download"]} download */
function downloadWords(download) {
  if (!download?.total) return `${capital(download?.stage ?? "downloading")}…`;
  const rate = download.rate ? ` · ${bytes(download.rate)}/s` : "";
  const left = download.etaS == null ? "" : ` · ${duration(download.etaS)} left`;
  return `Downloading ${bytes(download.done)} of ${bytes(download.total)}${rate}${left}`;
}

/** @param {Known["server"]} server */
function loadingWords({ stage, progress, usualS }) {
  const words = stage ? capital(stage) : "Loading the model";
  const usually = usualS ? ` · usually ${duration(usualS)} here` : "";
  return progress == null ? `${words}…${usually}` : `${words}, ${Math.round(100 * progress)} % done${usually}.`;
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
export function duration(s) {
  return s < 90 ? `${Math.max(1, Math.round(s))} s` : `${Math.round(s / 60)} min`;
}

/** @param {number} s */
export function clock(s) {
  const whole = Math.max(0, Math.floor(s));
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}

/** @param {number} count */
export function bytes(count) {
  return count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

/** @param {number} gb */
export function gigabytes(gb) {
  return `${gb < 10 ? Number(gb.toFixed(1)) : Math.round(gb)} GB`;
}
