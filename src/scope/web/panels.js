/**
 * The page's panels: fetched when first asked for or when there is room, kept from then on.
 * The first picture waits for none.
 */

import { styled } from "./dom.js";

/**
 * @typedef {{
 *   help: import("./help.js").Help, library: import("./library.js").Library,
 *   palette: import("./palette.js").Palette,
 *   timeline: import("./timeline-strip.js").TimelineStrip, settings: import("./settings.js").Settings,
 * }} Kinds
 */

/** @type {Record<keyof Kinds, () => Promise<unknown>>} */
const PARTS = {
  help: () => Promise.all([import("./help.js"), styled("/web/panels.css")]),
  library: () => Promise.all([import("./library.js"), styled("/web/panels.css")]),
  palette: () => Promise.all([import("./palette.js"), styled("/web/panels.css")]),
  settings: () => Promise.all([import("./settings.js"), styled("/web/panels.css")]),
  timeline: () => import("./timeline-strip.js"),
};

export class Panels {
  /** Those that are here. @type {Partial<Kinds>} */ here = {};
  #arrived;
  #opening = 0;

  /** @param {() => void} arrived  Another one is here. */
  constructor(arrived) {
    this.#arrived = arrived;
  }

  /** A key that is pressed now is meant for a panel that is not here yet. */
  get areOpening() {
    return this.#opening > 0;
  }

  /**
   * Rejects when the server does not answer; asking again tries again.
   * @template {keyof Kinds} K @param {K} name @returns {Promise<Kinds[K]>}
   */
  async fetch(name) {
    const known = this.here[name];
    if (known) return known;
    await PARTS[name]();
    const panel = /** @type {Kinds[K]} */ (document.querySelector(`scope-${name}`));
    this.here[name] = panel;
    this.#arrived();
    return panel;
  }

  /** One that somebody asked for and is about to use. @template {keyof Kinds} K @param {K} name @returns {Promise<Kinds[K]>} */
  async open(name) {
    this.#opening += 1;
    try {
      return await this.fetch(name);
    } finally {
      this.#opening -= 1;
    }
  }

  /** Those that show what is the case. @param {import("./app.js").Page} page @param {any} pipeline @param {string} phase */
  draw({ house, live, seed, seedLocked, settingsOpen, isSoftened }, pipeline, phase) {
    const { settings, library } = this.here;
    if (settings) {
      settings.hidden = !settingsOpen;
      settings.drawFor(pipeline);
      settings.show(live.controls);
      settings.showSeed({ seed: live.isLive ? live.seed : seed, seedLocked, isSoftened });
    }
    if (!library?.isOpen && phase !== "none") return;
    const { state, pipelineId, hardware } = house.state;
    library?.show({
      pipelines: house.pipelines, hardware, files: house.files,
      loadedId: state === "loaded" ? pipelineId : null, loadingId: state === "loading" ? pipelineId : null,
    });
  }
}
