/**
 * The page: its parts, put together. It holds what belongs to none of them, draws them when
 * something changed, and sends every wish to acts.js. How to connect and when to try again is the
 * business of client.js.
 */

import { actsOf, usualSteps } from "./acts.js";
import { drawOffers } from "./stage.js";
import { h, hidden, icon, iconButton, say } from "./dom.js";
import { keyForm } from "./key-form.js";
import { Keys } from "./keys.js";
import { Live } from "./live.js";
import { LIVE, phaseOf } from "./phases.js";
import { Recorder } from "./recorder.js";
import { Replay } from "./replay.js";
import { ServerWatch } from "./server-watch.js";
import { soften } from "./soften.js";
import { recall, remember } from "./store.js";
import { FALLBACK_PROMPT, SAID, describe, machineWords, plain, sentence } from "./words.js";
import "./help.js";
import "./library.js";
import "./palette.js";
import "./prompt.js";
import "./settings.js";
import "./slots.js";
import "./timeline-strip.js";
import "./transport.js";

const IDLE_MS = 3000;
const TICK_MS = 200;

/** @template {keyof HTMLElementTagNameMap} K @param {string} selector */
const find = (selector) => /** @type {any} */ (document.querySelector(selector));

export class Page {
  stage = /** @type {import("./stage.js").Stage} */ (find("scope-stage"));
  box = /** @type {import("./prompt.js").PromptBox} */ (find("scope-prompt"));
  slots = /** @type {import("./slots.js").Slots} */ (find("scope-slots"));
  transport = /** @type {import("./transport.js").Transport} */ (find("scope-transport"));
  strip = /** @type {import("./timeline-strip.js").TimelineStrip} */ (find("scope-timeline"));
  settings = /** @type {import("./settings.js").Settings} */ (find("scope-settings"));
  library = /** @type {import("./library.js").Library} */ (find("scope-library"));
  help = /** @type {import("./help.js").Help} */ (find("scope-help"));
  palette = /** @type {import("./palette.js").Palette} */ (find("scope-palette"));

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
  recorder = new Recorder(this.house, (text) => this.say(text));
  replay = new Replay(this.house, () => this.say(SAID.replayed));

  /** Enter was pressed before the server was ready; a reload goes on playing. */
  wantsStart = recall("playing", false, { tab: true });
  seedLocked = recall("seedLocked", false);
  /** @type {number | null} */ seed = this.seedLocked ? recall("seed", null) : null;
  showsTimeline = recall("timeline", true);
  settingsOpen = false;
  /** A timeline from a file. @type {import("./timeline.js").Timeline | null} */ imported = null;
  /** A sentence that outlives the state change that caused it. */ #word = "";
  #refusal = "";
  #phase = "";
  /** @type {(() => void) | null} */ #softening = null;
  #keyForm = keyForm((key) => this.do("key", key));
  #acts;

  constructor() {
    this.draw = this.draw.bind(this);
    this.refused = this.refused.bind(this);
    this.#acts = actsOf(this);
    this.transport.begin(usualSteps());
    this.soften(recall("soften", false));
    this.#tools();
    this.#listen();
    this.draw();
    void this.house.start();
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** @param {string} name @param {any} [arg] */
  do(name, arg) {
    this.#refusal = "";
    return this.#acts[name]?.(arg);
  }

  start() {
    this.wantsStart = false;
    this.#word = "";
    remember("playing", true, { tab: true });
    this.live.start({ prompts: this.box.prompts, blend: this.box.blend }, { seed: this.seedLocked ? this.seed : null });
  }

  stop() {
    this.wantsStart = false;
    remember("playing", undefined, { tab: true });
    if (this.recorder.seconds !== null) void this.recorder.finish().catch(this.refused);
    this.live.stop();
    if (!matchMedia("(pointer: coarse)").matches) this.box.focusText();
  }

  /** @param {boolean} open */
  openSettings(open) {
    this.settingsOpen = open;
    this.draw();
    const target = open ? this.settings.querySelector("input") : document.getElementById("show-settings");
    /** @type {HTMLElement | null} */ (target)?.focus();
  }

  /** @param {boolean} on */
  soften(on) {
    remember("soften", on || undefined);
    this.#softening?.();
    this.#softening = on ? soften(this.stage.video) : null;
    if (on && this.#phase) this.say(SAID.softened);
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
    const name = this.settings.problem({ field: error?.field ?? null, message });
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
    if (loaded && house.pipeline && this.box.isEmpty && !this.box.contains(document.activeElement?.closest(".blends") ?? null)) {
      this.box.prompts = [{ text: house.pipeline.default_prompt || FALLBACK_PROMPT, weight: 1 }];
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
    const words = describe(known, phase);
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
    document.body.dataset.phase = phase;
    this.#word = "";
    const inset = { locked: this.#keyForm, none: this.library.cards }[phase];
    this.stage.inset.replaceChildren(...(inset ? [inset] : []));
    if (phase === "locked") this.#keyForm.querySelector("input")?.focus();
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
      live: playing && LIVE.has(phase), controls: live.controlsIt, paused: Boolean(live.view?.paused), recording: this.recorder.seconds !== null,
      records: this.recorder.isPossible, timeline: this.showsTimeline, settings: this.settingsOpen,
    });
    this.settings.hidden = !this.settingsOpen;
    document.body.classList.toggle("with-settings", this.settingsOpen);
    this.settings.drawFor(pipeline);
    this.settings.show(live.controls);
    this.settings.showSeed({ seed: playing ? live.seed : this.seed, locked: this.seedLocked, softened: this.#softening !== null });
    this.slots.mark(playing ? live.words : "");
    this.strip.hidden = !this.showsTimeline;
    if (this.library.isOpen || phase === "none") this.library.show({
      pipelines: house.pipelines, loadedId: house.state.state === "loaded" ? house.state.pipelineId : null,
      loadingId: house.state.state === "loading" ? house.state.pipelineId : null,
      hardware: house.state.hardware, files: house.files, downloads: house.routes.has("/api/v1/models/download"),
    });
    find("#overlay")?.setAttribute("aria-pressed", String(this.stage.overlay !== "off"));
  }

  #tick() {
    const { live } = this;
    this.stage.glide(live.glide);
    this.stage.recording(this.recorder.seconds);
    if (this.showsTimeline) this.strip.show(this.imported ?? live.timeline, live.nowS);
    this.strip.replaying = this.replay.isRunning;
  }

  // Hands.

  #tools() {
    find(".tools").append(
      iconButton("overlay", "Figures: off, short, all (I)", { id: "overlay", "data-act": "overlay", "aria-keyshortcuts": "I" }),
      iconButton("output", "Output window (O)", { id: "output", "data-act": "output", "aria-keyshortcuts": "O" }),
      iconButton("fullScreen", "Full screen (F)", { id: "full-screen", "data-act": "fullScreen", "aria-keyshortcuts": "F" }),
      h("button", { type: "button", class: "icon", id: "help", title: "Keys and help (?)", "data-act": "help", "aria-keyshortcuts": "?" }, icon("help"), hidden("Keys and help")));
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
    for (const event of ["pointermove", "keydown", "pointerdown"]) document.addEventListener(event, () => this.#awake());
    addEventListener("online", () => this.live.stream?.retryNow());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (document.querySelector("dialog[open]") || event.defaultPrevented) return;
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
    if (this.settingsOpen) this.openSettings(false);
  }

  #idle = 0;

  /** In full screen the controls leave when nobody touches anything. */
  #awake() {
    document.body.classList.remove("idle");
    clearTimeout(this.#idle);
    this.#idle = window.setTimeout(() => document.body.classList.add("idle"), IDLE_MS);
  }
}

new Page();
