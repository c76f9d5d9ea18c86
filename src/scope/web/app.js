/**
 * The page: what the server and the stream are doing, in words and pictures.
 *
 * It holds one model of what is known (`known`), changes it on events and draws it with `draw`.
 * How to connect and when to try again is the business of client.js.
 */

import { connect } from "/client.js";
import { EXAMPLES, FALLBACK_PROMPT, NOTICES, applied, asked, describe, willApply } from "./words.js";

const SLOW_S = 4;
const POLL_FAST_MS = 1000;
const POLL_SLOW_MS = 5000;
const KEEP_MS = 250;
const IDLE_MS = 3000;

const $ = (id) => document.getElementById(id);
const prompt = $("prompt");
const video = $("video");

const known = {
  server: { state: "asking", stage: null, progress: null, error: null, pipelineId: null },
  stream: null, // what the stream said last, or null when none was asked for
  wantsStart: false, // Enter was pressed before the server was ready
  lastWord: "", // a sentence that outlives the state change that caused it
};
let stream = null;
let shownPipeline = null;
let leaving = false;

// ---------------------------------------------------------------- what is the case

function phase() {
  if (known.stream) return known.stream.phase;
  const { state } = known.server;
  return { loaded: "ready", not_loaded: "none", error: "failed" }[state] ?? state;
}

function draw() {
  const now = phase();
  const words = describe({ phase: now, ...known });
  const live = stream !== null;
  document.body.dataset.phase = now;
  document.body.classList.toggle("has-picture", $("still").width > 0);
  $("badge").textContent = words.badge;
  $("headline").textContent = words.headline;
  $("hint").textContent = words.hint;
  say($("status"), words.problem ? "" : known.lastWord || words.status);
  say($("problem"), words.problem);
  $("mark").textContent = words.mark;
  $("mark").hidden = !words.mark;
  $("track").hidden = words.progress === null;
  $("track").classList.toggle("unknown", words.progress < 0);
  $("bar").style.width = words.progress >= 0 ? `${100 * words.progress}%` : "";
  $("send-word").textContent = live ? "Send" : "Start";
  $("stop").hidden = !live && !known.wantsStart;
  video.setAttribute("aria-label", live ? `Live picture: ${prompt.dataset.sent ?? ""}` : "No picture yet");
}

/** Only changed text is written, so that a screen reader hears every sentence once. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// ---------------------------------------------------------------- the server

async function poll() {
  let waitMs = POLL_SLOW_MS;
  try {
    const response = await fetch("/api/v1/pipeline/status", { signal: AbortSignal.timeout(4000) });
    if (!response.ok) throw new Error(String(response.status));
    const status = await response.json();
    known.server = {
      state: status.status,
      stage: status.loading_stage,
      progress: status.progress ?? null,
      error: status.error,
      pipelineId: status.pipeline_id,
    };
    if (status.status !== "loaded") waitMs = POLL_FAST_MS;
    if (status.pipeline_id !== shownPipeline) await introduce(status.pipeline_id);
  } catch {
    known.server = { ...known.server, state: "gone" };
    waitMs = POLL_FAST_MS;
  }
  if (known.wantsStart && !stream && known.server.state === "loaded") start();
  draw();
  setTimeout(poll, waitMs);
}

/** Name the pipeline, and offer its own prompt to whoever has not written one. */
async function introduce(pipelineId) {
  shownPipeline = pipelineId;
  if (!pipelineId) return say($("model"), "");
  const response = await fetch("/api/v1/pipelines/schemas", { signal: AbortSignal.timeout(4000) });
  const { pipelines } = await response.json();
  const about = pipelines[pipelineId];
  say($("model"), about?.name ?? pipelineId);
  if (!prompt.value) prompt.value = defaultPrompt(about) || FALLBACK_PROMPT;
  fit();
}

function defaultPrompt(about) {
  const mode = about?.mode_defaults?.[about.default_mode] ?? {};
  return about?.default_prompt ?? mode.default_prompt ?? mode.prompt ?? "";
}

// ---------------------------------------------------------------- the stream

function start() {
  known.wantsStart = false;
  known.lastWord = "";
  remember("playing", "1");
  prompt.dataset.sent = prompt.value.trim();
  stream = connect({ prompt: prompt.dataset.sent || undefined, video });
  known.stream = { phase: "connecting", slow: false };
  setTimeout(() => whileConnecting({ slow: true }), SLOW_S * 1000);
  stream.on("state", entered);
  stream.on("stats", measured);
  stream.on("notice", noticed);
  draw();
}

function whileConnecting(change) {
  if (known.stream?.phase !== "connecting") return;
  Object.assign(known.stream, change);
  draw();
}

function entered({ state, error, attempt, of, waitS }) {
  known.lastWord = "";
  if (state === "closed") return closed(error);
  known.stream = { phase: state, quietS: 0 };
  if (state === "streaming") keep();
  else if (state !== "unstable") figures(null);
  if (state === "reconnecting") {
    Object.assign(known.stream, { error, attempt, of, leftS: Math.ceil(waitS) });
    countDown(known.stream);
  }
  draw();
}

function countDown(waiting) {
  setTimeout(() => {
    if (known.stream !== waiting || waiting.leftS <= 1) return;
    waiting.leftS -= 1;
    draw();
    countDown(waiting);
  }, 1000);
}

function closed(error) {
  stream = null;
  if (leaving) return;
  figures(null);
  known.stream = error ? { phase: "stopped", error } : null;
  const comesBack = error && ["unreachable", "server_shutdown", "draining"].includes(error.code);
  if (comesBack) {
    known.stream = null;
    known.server.state = "gone";
    known.wantsStart = true;
  } else {
    remember("playing", "");
  }
  video.srcObject = null;
  draw();
}

function measured(stats) {
  figures(stats);
  if (known.stream?.phase !== "unstable") return;
  known.stream.quietS = stats.quietS;
  draw();
}

function noticed(message) {
  if (message.type === "error" && message.severity !== "warning") word(message.detail);
  if (message.type === "pipeline_error") word(message.message);
  if (NOTICES[message.type]) word(NOTICES[message.type](message));
}

function word(text) {
  known.lastWord = text;
  draw();
}

async function send({ cut }) {
  const text = prompt.value.trim();
  if (!stream) {
    if (known.stream?.phase === "stopped") known.stream = null;
    if (known.server.state === "loaded") return start();
    known.wantsStart = true;
    return draw();
  }
  if (!text) return word("Type a prompt first.");
  prompt.dataset.sent = text;
  stream.retryNow();
  const answer = stream.prompt(text, { cut, steps: calm() ? 8 : 4 });
  word(known.stream?.phase === "streaming" ? asked : willApply);
  try {
    const done = await answer;
    if (done && prompt.dataset.sent === text) word(applied(done.elapsedMs, cut));
  } catch (error) {
    word(error.message);
  }
}

function stop() {
  known.wantsStart = false;
  remember("playing", "");
  if (stream) stream.close();
  draw();
  prompt.focus();
}

// ---------------------------------------------------------------- what is drawn besides words

function figures(stats) {
  const text = (value, unit, digits = 0) => (value == null ? "" : `${value.toFixed(digits)} ${unit}`);
  $("figures").classList.toggle("on", stats !== null);
  if (!stats) return;
  $("fps").textContent = text(stats.fps, "fps", stats.fps < 10 ? 1 : 0);
  $("delay").textContent = text(stats.delayMs, "ms");
  $("bitrate").textContent = text(stats.bitrateKbps == null ? null : stats.bitrateKbps / 1000, "Mbit/s", 1);
}

/**
 * A copy of the newest picture stays when the connection goes, and the surroundings take its
 * colours, as a wall does behind a lamp.
 */
function keep() {
  const live = stream?.state === "streaming" && video.readyState >= 2;
  const still = $("still");
  const glow = $("glow");
  if (live && !document.hidden) {
    if (still.width !== video.videoWidth) [still.width, still.height] = [video.videoWidth, video.videoHeight];
    still.getContext("2d").drawImage(video, 0, 0);
    if (!calm()) glow.getContext("2d").drawImage(still, 0, 0, glow.width, glow.height);
  }
  glow.classList.toggle("on", live && !calm());
}

/** The frame on the page has the proportions of the picture. */
function frame() {
  const { videoWidth, videoHeight } = video;
  if (videoHeight) document.documentElement.style.setProperty("--ratio", (videoWidth / videoHeight).toFixed(4));
}

/** The prompt box grows with its text up to a third of the window. */
function fit() {
  prompt.style.height = "auto";
  prompt.style.height = `${Math.min(prompt.scrollHeight, innerHeight / 3)}px`;
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// ---------------------------------------------------------------- hands

function chips() {
  for (const text of EXAMPLES) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.textContent = text;
    chip.addEventListener("click", () => {
      prompt.value = text;
      fit();
      send({ cut: false });
    });
    $("chips").append(chip);
  }
}

function onPromptKey(event) {
  if (event.key === "Escape") return prompt.blur();
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  if (event.altKey) return insertLine();
  remember("prompt", prompt.value, "localStorage");
  send({ cut: event.shiftKey });
}

function insertLine() {
  prompt.setRangeText("\n", prompt.selectionStart, prompt.selectionEnd, "end");
  fit();
}

const KEYS = {
  "/": () => prompt.focus(),
  p: () => prompt.focus(),
  f: () => fullScreen(),
  i: () => showFigures(),
  ".": () => stop(),
  Enter: () => send({ cut: false }),
};

function onKey(event) {
  const busy = event.target.closest("textarea, button, a, input");
  if (busy || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function showFigures() {
  const button = $("show-figures");
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(on));
  document.body.classList.toggle("no-figures", !on);
  remember("figures", on ? "" : "off", "localStorage");
}

function fullScreen() {
  const done = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  done?.catch(() => word("This browser allows no full screen here."));
}

let idleTimer = null;

/** In full screen the controls leave when nobody touches anything. */
function awake() {
  document.body.classList.remove("idle");
  clearTimeout(idleTimer);
  idleTimer = setTimeout(() => document.body.classList.add("idle"), IDLE_MS);
}

/** Storage can be forbidden; the page works without. */
function remember(name, value, storage = "sessionStorage") {
  try {
    window[storage].setItem(`scope.${name}`, value);
  } catch {
    return;
  }
}

function remembered(name, storage = "sessionStorage") {
  try {
    return window[storage].getItem(`scope.${name}`) ?? "";
  } catch {
    return "";
  }
}

function wire() {
  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    remember("prompt", prompt.value, "localStorage");
    send({ cut: false });
  });
  prompt.addEventListener("keydown", onPromptKey);
  prompt.addEventListener("input", fit);
  document.addEventListener("keydown", onKey);
  for (const event of ["pointermove", "keydown", "pointerdown"]) document.addEventListener(event, awake);
  $("stop").addEventListener("click", stop);
  $("show-figures").addEventListener("click", showFigures);
  $("full-screen").addEventListener("click", fullScreen);
  video.addEventListener("resize", frame);
  addEventListener("online", () => stream?.retryNow());
  addEventListener("resize", fit);
  addEventListener("pagehide", () => {
    leaving = true; // a reload goes on playing, so this is no wish to stop
    stream?.close();
  });
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  setInterval(keep, KEEP_MS);
}

prompt.value = remembered("prompt", "localStorage");
known.wantsStart = remembered("playing") === "1"; // a reload goes on playing
if (remembered("figures", "localStorage") === "off") showFigures();
chips();
wire();
fit();
draw();
poll();
