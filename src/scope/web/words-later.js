/**
 * The English of what is fetched when it is wanted: panels, files, and states that only a server
 * that answers can bring about. The rest is in words.js.
 */

import { CANCEL, CHOOSE, REMEDIES, SAID, STOP, capital, machineWords, sentence } from "./words.js";

/** @typedef {import("./phases.js").Known} Known */

export const FILED = {
  noPicture: "There is no picture to save yet.",
  snapshot: (/** @type {string} */ name) => `Saved ${name}, with prompt and seed inside.`,
  noStream: "Start the stream first.",
  recording: "Recording.",
  recorded: (/** @type {string} */ name) => `Recording saved as ${name}.`,
  recordedUntil: (/** @type {string} */ name, /** @type {string} */ why) => `Recording saved as ${name}; it ended early: ${sentence(why)}`,
  replaying: (/** @type {number} */ n) => `Replaying ${n} ${n === 1 ? "change" : "changes"}.`,
  replayDiffers: (/** @type {string[]} */ why) => `Replaying; it may look different: ${why.join("; ")}.`,
  replayed: "The replay is over.",
  replayStopped: "The replay was stopped.",
  imported: (/** @type {number} */ n) => `${n} ${n === 1 ? "change" : "changes"} read. Press Replay to play them.`,
  notATimeline: "That file is no timeline of this page or server.",
  linkCopied: (/** @type {number | null} */ hours) => hours === null
    ? "The link to watch is copied."
    : `The link to watch is copied. It lets one browser in, to watch only, for ${hours} h.`,
  noKeyNeeded: "This server needs no key, so there is none to give back.",
  nothingToWatch: "Nothing plays that could be watched. This key may not start anything.",
  exported: (/** @type {string} */ name) => `Saved ${name}.`,
};

Object.assign(REMEDIES, {
  generation_failed: "Try again. If it fails again, the server's log says why.",
  load_failed: "Load it again, or choose another model.",
  out_of_memory: "Free memory on the device or load the model at a smaller size, then try again.",
  pipeline_unloaded: "Load a model, then try again.",
  pipeline_not_loaded: "Load a model, then try again.",
  at_capacity: "All places are taken. Watch, or ask again.",
  too_many_requests: "Wait a moment, then try again.",
  session_closed: "Somebody ended this stream. Start it again if you like.",
  session_not_found: "The stream that was watched has ended.",
  invalid_parameters: "Change the value and send it again.",
  forbidden: "Open the page under the address the server printed when it started.",
  unauthorized: "This server needs a key. It was printed when it started.",
  flooding: "Send fewer messages, then try again.",
});

/** What the server says of its own accord. @type {Record<string, (message: any) => string>} */
export const NOTICES = {
  parameters_updated: () => "Someone else changed the stream; the controls follow.",
  pipeline_error: ({ message }) => sentence(message),
};

/** @type {import("./words.js").Say} */
export const STATES = {
  locked: ({ server }) => ({
    badge: "Key needed",
    headline: "This server needs a key",
    hint: "It was printed when the server started.",
    status: server.keyRefused ? "" : "This server needs a key. It was printed when it started.",
    problem: server.keyWaitS
      ? `Too many wrong keys. Try again in ${duration(server.keyWaitS)}.`
      : server.keyRefused ? "That is not the key of this server. It was printed when it started. A link is good once." : "",
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
  visiting: ({ others }) => ({
    badge: "To watch",
    headline: others ? "You may watch" : "Nothing plays yet",
    hint: "Your key shows the picture and can change nothing.",
    status: others ? "You may watch. Your key can change nothing." : "Nothing plays yet. Your key may watch, and can change nothing.",
    offers: others ? [{ do: "watch", label: "Watch", main: true }] : [],
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
  failed: ({ server }) => ({
    badge: "Load failed",
    headline: "The model could not be loaded",
    hint: "The reason is below.",
    problem: `${sentence(server.error)} Load it again, or choose another one.`,
    offers: [{ do: "reload", label: "Load again", main: true }, CHOOSE, { do: "copyDetails", label: "Copy details" }],
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

/** @param {Known["download"]} download */
function downloadWords(download) {
  if (!download?.total) return `${capital(download?.stage ?? "downloading")}…`;
  const rate = download.rate ? ` · ${bytes(download.rate)}/s` : "";
  const left = download.etaS == null ? "" : ` · ${duration(download.etaS)} left`;
  return `Downloading ${bytes(download.done)} of ${bytes(download.total)}${rate}${left}`;
}

/** @param {number} count */
export function bytes(count) {
  return count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

/** @param {Known["server"]} server */
function loadingWords({ stage, progress, usualS }) {
  const words = stage ? capital(stage) : "Loading the model";
  const usually = usualS ? ` · usually ${duration(usualS)} here` : "";
  return progress == null ? `${words}…${usually}` : `${words}, ${Math.round(100 * progress)} % done${usually}.`;
}

/** @param {number} s */
function duration(s) {
  return s < 90 ? `${Math.max(1, Math.round(s))} s` : `${Math.round(s / 60)} min`;
}

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

/** Said in the list of keys, handled by the prompt box and the page. @type {Array<[string, string]>} */
export const FIXED = [
  ["Enter", "Send with a glide"],
  ["Shift+Enter", "Send as a hard cut"],
  ["Alt+Enter", "New line in the prompt"],
  ["Esc", "Leave the field, then close what is open"],
  ["1–9", "Use a slot (Alt+1–9 inside the prompt)"],
  ["Shift+1–9", "Store the prompt in a slot"],
];

/** @param {string} code */
export const ERROR_OF = (code) => `The error “${code.replaceAll("_", " ")}”`;

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

/** What a report of an error should hold. @param {import("./app.js").Page} page */
export function details({ live, house }) {
  const error = live.view?.error;
  return JSON.stringify({
    code: error?.code, status: error?.status, message: error?.message ?? house.state.error, reason: error?.reason,
    pipeline: house.state.pipelineId, state: house.state.state, browser: navigator.userAgent, at: new Date().toISOString(),
  }, null, 1);
}
