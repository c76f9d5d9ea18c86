/**
 * What can be done on the page, by name. Keys, buttons, the palette and the parts of the page all
 * come here.
 */

import { calm } from "./dom.js";
import { recall, remember } from "./store.js";
import { SAID, settingApplied } from "./words.js";

const MOST_SEED = 2 ** 31;

/** @typedef {import("./app.js").Page} Page */

/** @param {Page} page @returns {Record<string, (arg?: any) => unknown>} */
export function actsOf(page) {
  const { box, slots, live, house, stage, transport, panels, keys } = page;

  const send = (/** @type {boolean} */ cut) => {
    box.keep();
    if (live.isLive && live.controlsIt) {
      if (box.isEmpty) return page.say(SAID.emptyPrompt);
      return live.send(typed(), { cut, steps: transport.steps, method: transport.method });
    }
    return begin();
  };
  const typed = () => ({ prompts: box.prompts, blend: box.blend });
  const begin = () => {
    live.dismiss();
    if (house.state.access === "view") return acts.watch();
    if (live.view?.watching) live.stop();
    if (house.state.state === "loaded") return page.start();
    page.wantsStart = true;
    return page.draw();
  };
  const restore = async (/** @type {import("./live.js").Typed | null} */ past, /** @type {string} */ words, /** @type {string} */ none) => {
    if (!past) return page.say(none);
    await box.put(past.prompts, past.blend);
    page.say(words);
    if (live.controlsIt) void live.send(past, { steps: transport.steps, method: transport.method }, { remember: false });
  };
  const seedWord = (/** @type {number} */ seed) => {
    page.seed = seed;
    if (page.seedLocked) remember("seed", seed);
    if (live.controlsIt) void live.change({ seed });
    page.say(SAID.newSeed(seed));
  };
  const shownTimeline = () => page.imported ?? live.timeline;
  /** Files and replays of timelines are fetched when they are wanted. */
  const nothingToWatch = async () => page.say((await import("./words-later.js")).FILED.nothingToWatch);
  const archive = async () => (await import("./archive.js")).archiveOf(page);

  /** @type {Record<string, (arg?: any) => unknown>} */
  const acts = {
    focus: () => box.focusText(),
    send: () => send(false),
    cut: () => send(true),
    blend: () => live.controlsIt && live.weigh(typed()),
    weigh: () => live.controlsIt && live.weigh(typed()),
    addPrompt: () => box.addPrompt(),

    pause: () => live.controlsIt && live.change({ paused: !live.view?.paused }),
    stop: () => { page.replay?.stop(); page.stop(); },
    retry: begin,
    takeTurn: begin,
    takeControl: () => live.view?.control?.may_take && live.stream?.takeControl().catch(page.refused),
    retryNow: () => live.stream?.retryNow(),
    watch: () => {
      const [sessionId] = Object.keys(house.sessions);
      return sessionId ? live.watchOther({ sessionId }) : nothingToWatch();
    },
    reset: () => { if (live.controlsIt) { void live.change({ reset_cache: true }); page.say(SAID.reset); } },

    newSeed: () => (page.seedLocked ? page.say(SAID.seedLocked) : seedWord(Math.floor(Math.random() * MOST_SEED))),
    useSeed: seedWord,
    lockSeed: () => {
      page.seedLocked = !page.seedLocked;
      page.seed = live.seed ?? page.seed;
      remember("seed", page.seedLocked ? page.seed : undefined);
      remember("seedLocked", page.seedLocked);
      page.say(page.seedLocked ? SAID.seedLockedNow(page.seed) : SAID.seedFree);
    },
    change: async (values) => {
      panels.here.settings?.problem(null);
      const ms = await live.change(values);
      const [key] = Object.keys(values);
      if (ms !== null && !live.controls.isPending(key)) page.say(settingApplied(panels.here.settings?.nameOf(key) ?? key, ms));
    },
    fewer: () => { transport.steps -= 1; page.say(SAID.steps(transport.steps)); },
    more: () => { transport.steps += 1; page.say(SAID.steps(transport.steps)); },

    slot: async (n) => {
      if (slots.storing) return acts.store(n);
      const slot = slots.at(n);
      if (!slot) return page.say(SAID.emptySlot(n));
      await box.put(slot.prompts, slot.blend);
      return send(false);
    },
    store: (n) => {
      if (box.isEmpty) return page.say(SAID.emptyPrompt);
      slots.store(n, typed());
      return page.say(SAID.stored(n));
    },
    storing: (on) => { slots.storing = on; page.say(on ? SAID.storeWhere : ""); },

    record: async () => {
      const { Recorder } = await import("./recorder.js");
      page.recorder ??= new Recorder(house, (text) => page.say(text));
      await page.recorder.toggle(live.stream?.sessionId);
      page.draw();
    },
    snapshot: async () => (await import("./recorder.js")).savePicture(page),
    fullScreen: async () => {
      const { toggleFullScreen } = await import("./full-screen.js");
      await toggleFullScreen().catch(() => page.say(SAID.noFullScreen));
    },
    output: () => window.open(outputPage(), "scope-output", "popup,width=960,height=600"),
    copyLink: async () => (await import("./access.js")).copyLink(page, copy),
    leave: async () => (await import("./access.js")).leavePage(page),
    copyDetails: async () => copy((await import("./words-later.js")).details(page), SAID.copied),
    overlay: () => { stage.nextOverlay(); page.draw(); },

    undo: () => restore(live.past.undo(), SAID.undone, SAID.nothingToUndo),
    redo: () => restore(live.past.redo(), SAID.redone, SAID.nothingToRedo),

    timeline: () => { page.showsTimeline = !page.showsTimeline; remember("timeline", page.showsTimeline); page.draw(); },
    again: (index) => {
      const change = shownTimeline().changes[index];
      if (change && live.controlsIt) void live.play(change.parameters);
    },
    removeChange: (index) => { shownTimeline().remove(index); page.draw(); },
    forget: () => { page.imported = null; live.timeline.clear(); page.draw(); },
    exportTimeline: async () => (await archive()).save(),
    importTimeline: async () => (await panels.fetch("timeline")).chooseFile(),
    readTimeline: async (text) => (await archive()).open(text),
    replay: async () => (await archive()).replay(),

    settings: () => page.openSettings(!page.settingsOpen),
    soften: (on) => page.soften(on),
    models: async () => { (await panels.open("library")).open(); house.lookForFiles(); page.draw(); },
    load: ({ id, params }) => {
      live.dismiss();
      house.forgetDownload();
      return house.load(id, params).then(page.draw, page.refused);
    },
    reload: () => house.state.pipelineId && house.load(house.state.pipelineId, house.state.loadParams).then(page.draw, page.refused),
    download: ({ id, name }) => house.fetchModel(id, name, () => void acts.load({ id, params: {} })).then(page.draw, page.refused),
    cancelDownload: () => house.cancelDownload().then(page.draw, page.refused),
    forgetDownload: () => { house.forgetDownload(); page.draw(); },
    key: (key) => house.useKey(key),
    palette: async () => (await panels.open("palette")).open(keys),
    help: async (about) => (await panels.open("help")).open(keys, about),
    keysChanged: () => page.labelKeys(),
  };
  return acts;

  function outputPage() {
    const id = live.stream?.sessionId;
    return `${location.origin}/output${id ? `?session_id=${encodeURIComponent(id)}` : ""}`;
  }

  /** @param {string} text @param {string} done */
  function copy(text, done) {
    return navigator.clipboard?.writeText(text).then(() => page.say(done), () => page.say(SAID.notCopied)) ?? page.say(SAID.notCopied);
  }
}

/** How many chunks a glide takes where nobody chose: longer for who wants little motion. */
export function usualSteps() {
  return recall("glideSteps", calm() ? 16 : 8);
}
