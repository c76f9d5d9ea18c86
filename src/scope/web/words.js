/** Every English sentence of the page. `describe` turns what the page knows into words. */

export const EXAMPLES = [
  "a calm sea at sunset",
  "snowy mountains under a starry sky",
  "a misty forest at dawn",
  "a neon city in the rain at night",
  "golden dunes at noon",
  "a green valley with drifting clouds",
  "an autumn lake in the evening",
];

export const FALLBACK_PROMPT = "a calm sea at sunset";

const REMEDIES = {
  unreachable: "Check that the server is still running; this page comes back by itself.",
  connect_failed: "The page reached the server, but the video did not. A firewall may block UDP; on the same machine, try http://localhost.",
  connection_lost: "Check the network, then press Enter.",
  negotiation_failed: "This browser and the server found no common way to send video. Update the browser, or try Chrome or Firefox.",
  worker_lost: "The model is being started again. Press Enter in a few seconds.",
  generation_failed: "Press Enter to start anew. If it fails again, the server's log says why.",
  out_of_memory: "Free memory on the device or load the pipeline at a smaller size, then press Enter.",
  pipeline_unloaded: "Load a pipeline, then press Enter.",
  pipeline_not_loaded: "Load a pipeline, then press Enter.",
  at_capacity: "All places are taken. Press Enter to ask again.",
  too_many_requests: "Wait a moment, then press Enter.",
  draining: "The server is shutting down; this page comes back by itself.",
  server_shutdown: "The server was shut down; this page comes back by itself.",
  invalid_parameters: "Change the prompt and press Enter.",
  forbidden: "Open the page under the address the server printed when it started.",
  unauthorized: "This server needs a key. It was printed when it started.",
  flooding: "Send fewer messages, then press Enter.",
};

/** One sentence on what to do about an error. */
export function remedy(error) {
  return REMEDIES[error.code] ?? "Press Enter to try again.";
}

export function applied(ms, cut) {
  return `${cut ? "Cut" : "First picture of the new prompt"} after ${(ms / 1000).toFixed(1)} s.`;
}

/** What the server says of its own accord. */
export const NOTICES = {
  paused: ({ paused }) => (paused === false ? "" : "Paused. The last picture stays."),
  draining: ({ in_s }) => `The server stops in ${Math.ceil(in_s)} s.`,
  parameters_updated: () => "Someone else changed the stream.",
};

export const asked = "Sent. The next pictures follow it.";
export const willStart = "Starts by itself as soon as the model is ready.";
export const willApply = "Kept. It applies as soon as the connection is back.";

/**
 * What to say. Gives `badge` (two words), `headline` and `hint` (over the picture, may be empty),
 * `status` (the line below), `mark` (a label on a picture that stands still), `progress` (0..1,
 * -1 for unknown, or null) and `problem` (an error in words, or "").
 */
export function describe({ phase, server, stream, wantsStart }) {
  const say = SAY[phase];
  return {
    badge: "", headline: "", hint: "", status: "", mark: "", problem: "", progress: null,
    ...say({ server, stream, wantsStart }),
  };
}

const SAY = {
  asking: () => ({ badge: "Hello", status: "Looking for the server…" }),
  gone: () => ({
    badge: "Server gone",
    headline: "The server does not answer",
    hint: "This page comes back by itself.",
    mark: "SERVER GONE",
    problem: "The server does not answer. The page comes back by itself.",
  }),
  none: () => ({
    badge: "No model",
    headline: "No model is loaded",
    hint: "Load one over the API and this page goes on by itself.",
    status: "Waiting for a model. The API page shows how to load one.",
  }),
  loading: ({ server, wantsStart }) => ({
    badge: "Loading",
    headline: server.stage ? capital(server.stage) : "Loading the model",
    hint: wantsStart ? willStart : "Press Enter to start as soon as it is ready.",
    status: loadingWords(server),
    progress: server.progress ?? -1,
  }),
  failed: ({ server }) => ({
    badge: "Load failed",
    headline: "The model could not be loaded",
    hint: "The reason is below.",
    problem: `${sentence(server.error)} Load it again, or load another one.`,
  }),
  ready: () => ({
    badge: "Ready",
    headline: "Press Enter to start",
    hint: "Then type, and watch the picture follow.",
    status: "Ready. Type a prompt and press Enter.",
  }),
  connecting: ({ stream }) => ({
    badge: "Connecting",
    headline: stream.slow ? "Still trying" : "Connecting",
    hint: stream.slow ? "Is UDP blocked between this browser and the server?" : "The first picture is on its way.",
    status: stream.slow ? "Still trying to connect. A firewall may block UDP." : "Connecting…",
    progress: -1,
  }),
  streaming: () => ({ badge: "Live", status: "Live. Type a new prompt and press Enter." }),
  unstable: ({ stream }) => ({
    badge: "Unstable",
    mark: "UNSTABLE",
    status: `Nothing new for ${Math.round(stream.quietS)} s. Waiting for the server.`,
  }),
  reconnecting: ({ stream }) => {
    const counted = `${stream.attempt} of ${stream.of}`;
    const busy = stream.error.code === "at_capacity";
    return {
      badge: busy ? "Busy" : "Reconnecting",
      headline: busy ? "All places are taken" : "",
      hint: busy ? sentence(stream.error.message) : "",
      mark: `${busy ? "BUSY" : "RECONNECTING"} ${counted}`,
      problem: `${sentence(stream.error.message)} Trying again in ${stream.leftS} s (${counted}). Your prompt and seed are kept.`,
    };
  },
  stopped: ({ stream }) => ({
    badge: "Stopped",
    headline: "Stopped",
    hint: remedy(stream.error),
    problem: `${sentence(stream.error.message)} ${remedy(stream.error)}`,
  }),
};

function loadingWords({ stage, progress }) {
  const words = stage ? capital(stage) : "Loading the model";
  return progress == null ? `${words}…` : `${words}, ${Math.round(100 * progress)} % done.`;
}

function sentence(text) {
  const trimmed = (text || "Something went wrong").trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
