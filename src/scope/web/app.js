/**
 * The page: its parts, put together. It holds what belongs to none of them, draws them when
 * something changed, and sends every wish to acts.js. client.js connects, and tries again.
 */

import { actsOf, usualSteps } from "./acts.js";
import { drawOffers } from "./stage.js";
import { actButton, say } from "./dom.js";
import { Keys } from "./keys.js";
import { Live } from "./live.js";
import { Panels } from "./panels.js";
import { LIVE, phaseOf, toneOf } from "./phases.js";
import { ServerWatch } from "./server-watch.js";
import { recall, remember } from "./store.js";
import { FALLBACK_PROMPT, SAID, SAY, describe, machineWords, plain, sentence } from "./words.js";
import "./prompt.js";
import "./slots.js";
import "./transport.js";

const TICK_MS = 200;
/** Where the timeline is not shown, as in parts.css. */
const NO_ROOM = matchMedia("(max-width: 44rem), (max-height: 48rem)");

/** @template {keyof HTMLElementTagNameMap} K @param {string} selector */
const find = (selector) => /** @type {any} */ (document.querySelector(selector));

export class Page {
  stage = /** @type {import("./stage.js").Stage} */ (find("scope-stage"));
  box = /** @type {import("./prompt.js").PromptBox} */ (find("scope-prompt"));
  slots = /** @type {import("./slots.js").Slots} */ (find("scope-slots"));
  transport = /** @type {import("./transport.js").Transport} */ (find("scope-transport"));
  panels = new Panels(() => this.labelKeys());

  keys = new Keys();
  house = new ServerWatch(() => this.#heardServer());
  live = new Live(this.stage.video, {
    changed: () => this.draw(),
    word: (text) => this.say(text),
    stats: (stats) => this.stage.measure(stats, this.live.seed),
    lost: (serverGone) => this.#lost(serverGone),
    refused: (error) => this.refused(error),
    draining: () => { this.house.state.draining = true; },
  });
  /** Set by the first recording. @type {import("./recorder.js").Recorder | null} */ recorder = null;
  /** Set by the first replay. @type {import("./replay.js").Replay | null} */ replay = null;

  /** Enter was pressed before the server was ready; a reload goes on playing. */
  wantsStart = recall("playing", false, { tab: true });
  seedLocked = recall("seedLocked", false);
  /** @type {number | null} */ seed = this.seedLocked ? recall("seed", null) : null;
  showsTimeline = recall("timeline", true);
  settingsOpen = false;
  isSoftened = false;
  /** A timeline from a file. @type {import("./timeline.js").Timeline | null} */ imported = null;
  /** A sentence that outlives the state change that caused it. */ #word = "";
  #refusal = "";
  /** @type {import("./words.js").Say} */ #laterStates = {};
  #phase = "";
  /** @type {(() => void) | null} */ #softening = null;
  #acts;

  constructor() {
    this.draw = this.draw.bind(this);
    this.refused = this.refused.bind(this);
    this.#acts = actsOf(this);
    this.transport.begin(usualSteps());
    if (recall("soften", false)) void this.soften(true);
    this.#tools();
    this.labelKeys();
    this.#listen();
    this.draw();
    void this.house.start();
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** @param {string} name @param {any} [arg] */
  async do(name, arg) {
    if (name !== "keysChanged") this.#refusal = "";
    try {
      await this.#acts[name]?.(arg);
    } catch (error) {
      this.refused(error);
    }
  }

  start() {
    this.wantsStart = false;
    this.#word = "";
    remember("playing", true, { tab: true });
    this.live.start({ prompts: this.box.prompts, blend: this.box.blend }, { seed: this.seedLocked ? this.seed : null });
  }

  get isRecording() {
    return (this.recorder?.seconds ?? null) !== null;
  }

  stop() {
    this.wantsStart = false;
    remember("playing", undefined, { tab: true });
    void this.recorder?.finish().catch(this.refused);
    this.live.stop();
    if (!matchMedia("(pointer: coarse)").matches) this.box.focusText();
  }

  labelKeys() {
    for (const button of document.querySelectorAll("[data-words]")) this.keys.label(/** @type {HTMLElement} */ (button));
  }

  /** @param {boolean} open */
  async openSettings(open) {
    const settings = await this.panels.open("settings");
    this.settingsOpen = open;
    this.draw();
    const target = open ? settings.querySelector("input") : find("#settings");
    /** @type {HTMLElement | null} */ (target)?.focus();
  }

  /** @param {boolean} on */
  async soften(on) {
    remember("soften", on || undefined);
    this.isSoftened = on;
    const made = await import("./soften.js").catch((error) => {
      this.isSoftened = false;
      this.refused(error);
    });
    this.#softening?.();
    this.#softening = made && this.isSoftened ? made.soften(this.stage.video) : null;
    if (this.isSoftened && this.#phase) this.say(SAID.softened);
  }

  // Words.

  /** @param {string} text */
  say(text) {
    this.#word = text;
    this.#refusal = "";
    this.draw();
  }

  /** @param {any} error */
  refused(error) {
    if (error?.code === "closed") return;
    const message = plain(error?.message ?? error?.detail ?? String(error), error?.field);
    const name = this.panels.here.settings?.problem({ field: error?.field ?? null, message });
    this.#refusal = sentence(name ? `${name}: ${message}` : message);
    this.draw();
  }

  // What is the case.

  #heardServer() {
    const { house, live } = this;
    const loaded = house.state.state === "loaded";
    if (loaded && house.state.pipelineId !== this.#loadedId) {
      if (this.#loadedId !== null) live.forgetSettings();
      this.#loadedId = house.state.pipelineId;
    }
    if (loaded && house.pipeline && this.box.isEmpty && !this.box.isBlending) {
      void this.box.put([{ text: house.pipeline.default_prompt || FALLBACK_PROMPT, weight: 1 }]);
    }
    if (loaded && this.wantsStart && !live.isLive) this.start();
    const { phase, error } = live.view ?? {};
    const isBack = loaded && this.#wasAway && phase === "reconnecting" && error?.code !== "at_capacity";
    const isGone = house.state.state === "gone" && phase === "unstable";
    if (isBack || isGone) live.stream?.retryNow();
    this.#wasAway = !loaded;
    this.draw();
  }

  #wasAway = false;
  /** @type {string | null} */ #loadedId = null;

  /** @param {boolean} serverGone */
  #lost(serverGone) {
    if (!serverGone) return remember("playing", undefined, { tab: true });
    this.house.state.state = "gone";
    this.wantsStart = true;
  }

  draw() {
    const { house, live, stage } = this;
    const known = {
      server: house.state, stream: live.view, download: house.download, wantsStart: this.wantsStart,
      others: Object.keys(house.sessions).length > 0, touch: matchMedia("(pointer: coarse)").matches,
    };
    const phase = phaseOf(known);
    if (phase !== this.#phase) this.#entered(phase);
    const words = describe(known, phase, this.#laterStates);
    const playing = live.isLive;
    const over = !LIVE.has(phase) && !(["reconnecting", "draining"].includes(phase) && stage.hasPicture);
    stage.live = phase === "streaming" || phase === "watching" || phase === "draining";
    stage.show(words, { over, label: playing ? `Live picture: ${live.words}` : "No picture yet" });
    const problem = words.problem || this.#refusal;
    say(find("#badge"), words.badge);
    say(find("#status"), problem ? "" : this.#word || words.status);
    say(find("#problem"), problem);
    drawOffers(find("#offers"), over ? [] : words.offers);
    this.#drawParts(phase);
  }

  /** @param {string} phase */
  #entered(phase) {
    this.#phase = phase;
    Object.assign(document.body.dataset, { phase, tone: toneOf(phase) });
    this.#word = "";
    this.stage.inset.replaceChildren();
    if (phase === "locked") void this.#askForKey();
    if (phase === "none") void this.#offerModels();
    if (!SAY[phase] || phase === "stopped") void this.#fetchWords();
  }

  async #fetchWords() {
    try {
      this.#laterStates = (await import("./words-later.js")).STATES;
    } catch {
      return; // the server does not answer any more, which is a state of its own
    }
    this.draw();
  }

  async #askForKey() {
    const { keyForm } = await import("./key-form.js");
    if (this.#phase !== "locked") return;
    const form = keyForm((key) => void this.do("key", key));
    this.stage.inset.replaceChildren(form);
    form.querySelector("input")?.focus();
  }

  /** The models stand where the picture would be. */
  async #offerModels() {
    try {
      const { cards } = await this.panels.fetch("library");
      if (this.#phase === "none") this.stage.inset.replaceChildren(cards);
      this.draw();
    } catch (error) {
      this.refused(error);
    }
  }

  /** @param {string} phase */
  #drawParts(phase) {
    const { house, live } = this;
    const playing = live.isLive;
    const pipeline = house.pipeline ?? house.pipelines[live.timeline.pipelineId ?? ""]; // behind an alias
    say(find("#model"), pipeline?.name ?? house.state.pipelineId ?? "Models");
    say(find("#machine"), house.state.hardware ? machineWords(house.state.hardware) : "");
    const peers = house.sessions[live.stream?.sessionId ?? ""]?.peers?.length ?? 0;
    find("#viewers").hidden = peers < 2;
    say(find("#viewers"), `${peers} viewers`);
    this.box.show({ live: playing && live.controlsIt, canStop: playing || this.wantsStart });
    this.transport.chunkS = live.chunkS;
    this.transport.show({
      live: playing && LIVE.has(phase), controls: live.controlsIt, paused: Boolean(live.view?.paused), recording: this.isRecording,
      timeline: this.showsTimeline, settings: this.settingsOpen,
    });
    this.slots.mark(playing ? live.words : "");
    find("scope-timeline").hidden = !this.showsTimeline;
    if (this.showsTimeline && !NO_ROOM.matches && !this.panels.here.timeline) void this.panels.fetch("timeline").catch(() => {});
    this.panels.draw(this, pipeline, phase);
    find("#overlay")?.setAttribute("aria-pressed", String(this.stage.overlay !== "off"));
  }

  #tick() {
    const { live } = this;
    this.stage.glide(live.glide);
    this.stage.recording(this.recorder?.seconds ?? null);
    if (!this.showsTimeline) return;
    const { timeline } = this.panels.here;
    timeline?.show(this.imported ?? live.timeline, live.nowS, { replaying: this.replay?.isRunning ?? false });
  }

  // Hands.

  #tools() {
    find(".tools").append(
      actButton("overlay", "Figures: off, short, all"), actButton("output", "Output window"),
      actButton("fullScreen", "Full screen"), actButton("help", "Keys and help"));
  }

  #listen() {
    document.addEventListener("click", (event) => {
      const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest?.("[data-act]"));
      if (button) void this.do(button.dataset.act ?? "", button.dataset.arg);
    });
    document.addEventListener("act", (event) => {
      const { name, arg } = /** @type {CustomEvent} */ (event).detail;
      void this.do(name, arg);
    });
    document.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("online", () => this.live.stream?.retryNow());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (document.querySelector("dialog[open]") || event.defaultPrevented) return;
    if (this.panels.areOpening) return event.preventDefault();
    if (event.key === "Escape") return this.#escape();
    const wish = this.keys.read(event);
    if (!wish) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const edits = target.id === "prompt" && this.box.prompts.map(({ text }) => text).join(" + ") !== this.live.words;
    if (edits && (wish.name === "undo" || wish.name === "redo")) return; // the field's own
    event.preventDefault();
    void this.do(wish.name, wish.arg);
  }

  /** Leave the field, then close what is open. */
  #escape() {
    if (this.slots.storing) return this.do("storing", false);
    const field = /** @type {HTMLElement | null} */ (document.activeElement);
    if (field?.matches("textarea, input, select")) return field.blur();
    if (this.settingsOpen) void this.openSettings(false);
  }
}

new Page();
