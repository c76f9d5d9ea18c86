/**
 * The stream as the page has it: started, changed, paused, lost and found again, ended. It keeps
 * what was asked for beside what is in force, and writes the timeline.
 */

import { connect, watch } from "/client.js";
import { Controls } from "./controls.js";
import { glideAt, onScreen } from "./on-screen.js";
import { Past } from "./past.js";
import { Timeline, wordsOf } from "./timeline.js";
import { SAID, applied } from "./words.js";

const SLOW_S = 4;
const COMES_BACK = new Set(["unreachable", "server_shutdown", "draining"]);

/** @typedef {import("/client.js").Prompt} Prompt */
/** @typedef {import("/client.js").Parameters} Parameters */
/** @typedef {import("./phases.js").StreamView} StreamView */
/** @typedef {{ prompts: Prompt[], blend: "linear" | "slerp" }} Typed */
/** @typedef {{ steps?: number, method?: "linear" | "slerp", cut?: boolean }} How */
/** @typedef {{ changed: () => void, word: (text: string) => void, stats: (stats: any) => void, lost: (serverGone: boolean) => void, refused: (error: any) => void, draining: () => void }} Ears */

export class Live {
  /** @type {import("/client.js").Stream | null} */ stream = null;
  /** @type {StreamView | null} */ view = null;
  controls = new Controls();
  timeline = new Timeline();
  /** @type {Past<Typed>} */ past = new Past();
  /** Parameters chosen on the page; a new stream begins with them. @type {Parameters} */ chosen = {};
  /** Words of the prompt in force. */ words = "";
  /** @type {number | null} */ seed = null;
  /** Seconds a chunk plays, once known. @type {number | null} */ chunkS = null;
  #video;
  #ears;
  #beganMs = 0;
  #fps = 0;
  #chunkFrames = 0;
  /** @type {{ to: string, of: number, from: number } | null} */ #glide = null;
  #leaving = false;

  /** @param {HTMLVideoElement} video @param {Ears} ears */
  constructor(video, ears) {
    this.#video = video;
    this.#ears = ears;
    addEventListener("pagehide", () => { // a reload goes on playing, so this is no wish to stop
      this.#leaving = true;
      this.stream?.close();
    });
  }

  get isLive() { return this.stream !== null; }

  /** May this page change the stream? */
  get controlsIt() { return this.stream !== null && !this.view?.watching; }

  /** Seconds since the stream began. */
  get nowS() {
    return this.stream && this.#beganMs ? (performance.now() - this.#beganMs) / 1000 : this.timeline.endS;
  }

  /** @param {Typed} typed @param {{ seed: number | null }} how */
  start(typed, { seed }) {
    const parameters = {
      ...this.chosen, prompt_interpolation_method: typed.blend,
      ...(seed !== null && { seed }),
      ...(typed.prompts.length && { prompts: typed.prompts }),
    };
    this.past.add(typed);
    this.words = wordsOf(parameters);
    this.timeline = new Timeline();
    this.timeline.add(0, parameters);
    this.#beganMs = 0;
    this.#open(connect({ parameters, video: this.#video }), false);
  }

  /** Watch what somebody else, or the server itself, plays. @param {{ sessionId?: string, timeline?: Timeline }} how  timeline: what is being played. */
  watchOther({ sessionId, timeline }) {
    this.words = "";
    this.timeline = timeline ?? new Timeline();
    this.#beganMs = 0;
    this.#open(watch({ sessionId, video: this.#video }), true);
  }

  /** @param {import("/client.js").Stream} stream @param {boolean} watching */
  #open(stream, watching) {
    this.stream?.close();
    this.stream = stream;
    this.view = { phase: "connecting", slow: false, watching };
    const mine = (/** @type {(detail: any) => void} */ listener) => (/** @type {any} */ detail) => { if (this.stream === stream) listener(detail); };
    setTimeout(mine(() => this.#slow()), SLOW_S * 1000);
    stream.on("state", mine((change) => this.#entered(change)));
    stream.on("stats", mine((stats) => this.#measured(stats)));
    stream.on("hello", mine((hello) => void this.#hello(hello)));
    stream.on("applied", mine((message) => this.#applied(message)));
    stream.on("control", mine((message) => this.#handed(message)));
    stream.on("notice", mine((message) => this.#noticed(message)));
    this.#ears.changed();
  }

  stop() {
    this.stream?.close();
    this.view = null;
    this.#ears.changed();
  }

  /** Another pipeline: what was chosen for the last one means nothing to it. */
  forgetSettings() {
    this.chosen = {};
    this.controls.clear();
    this.chunkS = null;
    this.#chunkFrames = 0;
  }

  /** Forget that it stopped. */
  dismiss() {
    if (!this.stream) this.view = null;
  }

  // Changing it.

  /** @param {Typed} typed @param {How} how @param {{ remember?: boolean }} [kept] */
  async send(typed, { steps = 4, method = "slerp", cut = false }, { remember = true } = {}) {
    if (!typed.prompts.length) return;
    if (remember) this.past.add(typed);
    const parameters = !cut && steps > 0
      ? { transition: { target_prompts: typed.prompts, num_steps: steps, temporal_interpolation_method: method } }
      : { prompts: typed.prompts, ...(cut && { reset_cache: true }) };
    await this.play({ ...parameters, prompt_interpolation_method: typed.blend }, { cut });
  }

  /** One message as it is, e.g. of a timeline. @param {Parameters} parameters @param {{ cut?: boolean }} [how] */
  async play(parameters, { cut = false } = {}) {
    const { stream } = this;
    if (!stream) return;
    const words = wordsOf(parameters);
    this.words = words || this.words;
    stream.retryNow();
    this.#ears.word(this.view?.paused ? SAID.waits : this.view?.phase === "streaming" ? SAID.asked : SAID.kept);
    const elapsedMs = await this.#apply(parameters, (message) => {
      const steps = parameters.transition?.num_steps ?? 0;
      this.#glide = steps > 0 ? { to: words, of: steps, from: message.rtp_timestamp } : null;
    });
    if (elapsedMs !== null && (!words || this.words === words)) this.#ears.word(applied(elapsedMs, cut));
  }

  /** Weights of the prompts in force, while they are dragged. @param {Typed} typed */
  weigh(typed) {
    void this.#apply({ prompts: typed.prompts, prompt_interpolation_method: typed.blend });
  }

  /** Any parameters; kept for the start while there is no stream. @param {Parameters} values */
  async change(values) {
    const { reset_cache, seed, paused, ...lasting } = values;
    Object.assign(this.chosen, lasting);
    const by = this.controls.want(lasting);
    this.#ears.changed();
    if (!this.controlsIt) return this.controls.settle(by), this.#ears.changed(), null;
    return this.#apply(values);
  }

  /** @param {Parameters} parameters @param {(message: any) => void} [then] @returns {Promise<number | null>} ms to the screen */
  async #apply(parameters, then = () => {}) {
    const { stream } = this;
    if (!stream || !this.controlsIt) return null;
    const { prompts, transition, prompt_interpolation_method, reset_cache, ...values } = parameters;
    const by = this.controls.want(values);
    const change = this.timeline.add(this.nowS, parameters);
    this.#ears.changed();
    try {
      const message = await stream.set(parameters);
      if (!message) return null;
      change.chunk = message.chunk;
      then(message);
      this.controls.settle(by);
      if (values.seed !== undefined) this.seed = values.seed;
      return await onScreen(stream, message);
    } catch (error) {
      this.controls.refuse(by);
      this.#ears.refused(error);
      return null;
    } finally {
      this.#ears.changed();
    }
  }

  // What it tells.

  /** @param {import("/client.js").StateChange} change */
  #entered({ state, error, attempt, of, waitS }) {
    if (state === "closed") return this.#closed(error);
    if (state === "streaming" && !this.#beganMs) this.#beganMs = performance.now();
    const { watching, paused, control } = this.view ?? {};
    this.view = { phase: state, quietS: this.stream?.stats?.quietS, watching, paused, control };
    if (state === "reconnecting") {
      this.#glide = null;
      Object.assign(this.view, { error, attempt, of, leftS: Math.ceil(waitS ?? 0) });
      this.#countDown(this.view);
    }
    if (state !== "streaming" && state !== "unstable") this.#ears.stats(null);
    this.#ears.changed();
  }

  /** @param {StreamView} waiting */
  #countDown(waiting) {
    setTimeout(() => {
      if (this.view !== waiting || (waiting.leftS ?? 0) <= 1) return;
      waiting.leftS = (waiting.leftS ?? 1) - 1;
      this.#ears.changed();
      this.#countDown(waiting);
    }, 1000);
  }

  #slow() {
    if (this.view?.phase !== "connecting") return;
    this.view.slow = true;
    this.#ears.changed();
  }

  /** @param {import("/client.js").ScopeError | null} error */
  #closed(error) {
    const gaveUp = this.view?.phase === "reconnecting" && this.view.attempt === this.view.of;
    this.stream = null;
    this.#glide = null;
    if (this.#leaving) return;
    const comesBack = error !== null && COMES_BACK.has(error.code);
    this.view = error && !comesBack ? { phase: "stopped", error, gaveUp } : null;
    this.#video.srcObject = null;
    this.#ears.stats(null);
    this.#ears.lost(comesBack);
    this.#ears.changed();
  }

  /** @param {any} hello */
  async #hello({ seed, fps, pipeline_id, sessionId }) {
    this.seed = seed ?? null;
    this.#fps = fps;
    this.timeline.seed ??= this.seed;
    this.timeline.pipelineId = pipeline_id;
    const { stream } = this;
    const inForce = await stream?.server.parameters(sessionId).catch(() => null);
    if (this.stream !== stream || !inForce) return;
    this.controls.told(inForce);
    this.controls.settle(Infinity); // what was wished while away came with the offer
    if (this.view?.watching) this.words = wordsOf(inForce);
    if (this.view) this.view.paused = Boolean(inForce.paused);
    this.#ears.changed();
  }

  /** Control is here, or with somebody else. @param {any} message */
  #handed(message) {
    const before = this.view?.control;
    Object.assign(this.view ?? {}, { watching: message.holder !== "you", control: message });
    this.#ears.changed(); // the page enters another state first, which ends what it said
    if (before) void this.#say(({ handedWords }) => handedWords(before, message));
  }

  /** Nothing where the words can not be fetched. @param {(words: typeof import("./words-later.js")) => string | undefined} find */
  async #say(find) {
    const later = await import("./words-later.js").catch(() => null);
    const words = later && find(later);
    if (words) this.#ears.word(words);
  }

  /** @param {any} message */
  #applied({ first_frame, chunk }) {
    if (chunk > 0) this.#chunkFrames = Math.round(first_frame / chunk);
    if (this.#chunkFrames && this.#fps) this.chunkS = this.#chunkFrames / this.#fps;
  }

  /** @param {any} stats */
  #measured(stats) {
    if (stats.server?.fps && this.#chunkFrames) this.chunkS = this.#chunkFrames / stats.server.fps;
    this.#ears.stats(stats);
    if (this.view?.phase !== "unstable") return;
    this.view.quietS = stats.quietS;
    this.#ears.changed();
  }

  /** @param {any} message */
  #noticed(message) {
    if (message.type === "paused" && this.view) this.view.paused = message.paused !== false;
    if (message.type === "draining") this.#ears.draining();
    if (message.type === "parameters_updated") this.#changedElsewhere(message.parameters ?? {});
    if (message.type === "error" && !message._id && message.severity !== "warning") this.#ears.refused(message);
    this.#ears.changed(); // first, as above
    const spoken = message.type === "pipeline_error" || (message.type === "parameters_updated" && !this.view?.watching);
    if (spoken) void this.#say(({ NOTICES }) => NOTICES[message.type](message));
  }

  /** @param {Parameters} parameters */
  #changedElsewhere(parameters) {
    const { transition, ...values } = parameters;
    this.controls.told(values);
    if (values.paused !== undefined && this.view) this.view.paused = values.paused;
    if (values.seed !== undefined) this.seed = values.seed;
    this.words = wordsOf(parameters) || this.words;
    if (this.controlsIt) this.timeline.add(this.nowS, parameters);
  }

  /** A glide on its way, judged by the picture on screen. */
  get glide() {
    const shown = this.#glide && glideAt(this.#glide, this.stream?.rtpTimestamp, this.chunkS);
    if (shown && shown.at > shown.of) this.#glide = null;
    return this.#glide && shown;
  }
}
