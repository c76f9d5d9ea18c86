/**
 * What can be done on the page, by name. Keys, buttons, the palette and the parts of the page all
 * come here.
 */

import { linkToWatch } from "./access.js";
import { calm, saveAs } from "./dom.js";
import { recall, remember } from "./store.js";
import { Timeline } from "./timeline.js";
import { SAID, settingApplied } from "./words.js";

const MOST_SEED = 2 ** 31;

/** In the palette, in this order. */
export const LISTED = [
  "focus", "send", "cut", "addPrompt", "pause", "stop", "reset", "newSeed", "lockSeed", "fewer", "more", "record", "snapshot",
  "fullScreen", "output", "copyLink", "overlay", "timeline", "replay", "exportTimeline", "importTimeline", "forget",
  "settings", "models", "undo", "redo", "takeControl", "leave", "help",
];

/** @typedef {import("./app.js").Page} Page */

/** @param {Page} page @returns {Record<string, (arg?: any) => unknown>} */
export function actsOf(page) {
  const { box, slots, live, house, stage, transport, settings, strip, library, help, palette, recorder, replay, keys } = page;

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
  const restore = (/** @type {import("./live.js").Typed | null} */ past, /** @type {string} */ words, /** @type {string} */ none) => {
    if (!past) return page.say(none);
    box.prompts = past.prompts;
    box.blend = past.blend;
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

  /** @type {Record<string, (arg?: any) => unknown>} */
  const acts = {
    focus: () => box.focusText(),
    send: () => send(false),
    cut: () => send(true),
    blend: () => live.controlsIt && live.weigh(typed()),
    weigh: () => live.controlsIt && live.weigh(typed()),
    addPrompt: () => box.addPrompt(),

    pause: () => live.controlsIt && live.change({ paused: !live.view?.paused }),
    stop: () => { replay.stop(); page.stop(); },
    retry: begin,
    takeTurn: begin,
    takeControl: () => live.view?.control?.may_take && live.stream?.takeControl().catch(page.refused),
    retryNow: () => live.stream?.retryNow(),
    watch: () => {
      const [sessionId] = Object.keys(house.sessions);
      return sessionId ? live.watchOther({ sessionId }) : page.say(SAID.nothingToWatch);
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
      settings.problem(null);
      const ms = await live.change(values);
      const [key] = Object.keys(values);
      if (ms !== null && !live.controls.isPending(key)) page.say(settingApplied(settings.nameOf(key), ms));
    },
    fewer: () => { transport.steps -= 1; page.say(SAID.steps(transport.steps)); },
    more: () => { transport.steps += 1; page.say(SAID.steps(transport.steps)); },

    slot: (n) => {
      if (slots.storing) return acts.store(n);
      const slot = slots.at(n);
      if (!slot) return page.say(SAID.emptySlot(n));
      box.prompts = slot.prompts;
      if (slot.blend) box.blend = slot.blend;
      return send(false);
    },
    store: (n) => {
      if (box.isEmpty) return page.say(SAID.emptyPrompt);
      slots.store(n, typed());
      return page.say(SAID.stored(n));
    },
    storing: (on) => { slots.storing = on; page.say(on ? SAID.storeWhere : ""); },

    record: () => recorder.toggle(live.stream?.sessionId).then(page.draw, page.refused),
    snapshot: async () => {
      const id = live.stream?.sessionId;
      if (!id) return page.say(SAID.noPicture);
      const name = `scope-${live.seed ?? "picture"}-${new Date().toISOString().slice(11, 19).replaceAll(":", "")}.png`;
      try {
        saveAs(await house.server.picture(id), name);
        page.say(SAID.snapshot(name));
      } catch (error) {
        page.refused(error);
      }
    },
    fullScreen: () => {
      const done = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.();
      return done?.catch(() => page.say(SAID.noFullScreen));
    },
    output: () => window.open(outputPage(), "scope-output", "popup,width=960,height=600"),
    copyLink: () => linkToWatch(house.server, live.stream?.sessionId).then(({ url, hours }) => copy(url, SAID.linkCopied(hours)), page.refused),
    leave: () => (house.state.locks ? house.leave().then(() => page.stop(), page.refused) : page.say(SAID.noKeyNeeded)),
    copyDetails: () => copy(details(), SAID.copied),
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
    exportTimeline: async () => {
      const id = page.imported ? null : live.stream?.sessionId;
      const own = shownTimeline().toJSON();
      const kept = id && house.routes.has("/api/v1/session/timeline")
        ? await house.server.get(`/api/v1/session/timeline?session_id=${encodeURIComponent(id)}`).catch(() => own)
        : own;
      const name = `scope-timeline-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.json`;
      saveAs(new Blob([JSON.stringify(kept, null, 1)], { type: "application/json" }), name);
      page.say(SAID.exported(name));
    },
    importTimeline: () => strip.chooseFile(),
    readTimeline: (text) => {
      try {
        page.imported = Timeline.read(JSON.parse(text));
        page.showsTimeline = true;
        page.say(SAID.imported(page.imported.changes.length));
      } catch {
        page.refused({ message: SAID.notATimeline });
      }
    },
    replay: () => {
      if (!replay.isRunning) return playAgain(shownTimeline());
      if (live.view?.watching) page.stop();
      replay.stop();
      return page.say(SAID.replayStopped);
    },

    settings: () => page.openSettings(!page.settingsOpen),
    soften: (on) => page.soften(on),
    models: () => { library.open(); page.draw(); },
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
    palette: () => palette.open(keys, LISTED),
    help: (about) => help.open(keys, about),
    keysChanged: () => {},
  };
  return acts;

  /** @param {Timeline} timeline */
  async function playAgain(timeline) {
    if (timeline.isEmpty) return;
    const copyOf = Timeline.read(JSON.parse(JSON.stringify(timeline)));
    page.say(SAID.replaying(copyOf.changes.length));
    if (replay.isExact) {
      live.stop();
      try {
        const { sessionId, warnings } = await replay.onServer(copyOf);
        page.imported = copyOf;
        live.watchOther({ sessionId, timeline: copyOf });
        return warnings.length ? page.say(SAID.replayDiffers(warnings)) : undefined;
      } catch (error) {
        return page.refused(error);
      }
    }
    if (!live.controlsIt) page.start();
    replay.fromHere(copyOf, (parameters) => void live.play({
      ...parameters, ...(parameters === copyOf.changes[0].parameters && { seed: copyOf.seed ?? live.seed ?? 0 }),
    }));
  }

  function outputPage() {
    const id = live.stream?.sessionId;
    return `${location.origin}/output${id ? `?session_id=${encodeURIComponent(id)}` : ""}`;
  }

  /** @param {string} text @param {string} done */
  function copy(text, done) {
    return navigator.clipboard?.writeText(text).then(() => page.say(done), () => page.say(SAID.notCopied)) ?? page.say(SAID.notCopied);
  }

  function details() {
    const error = live.view?.error;
    return JSON.stringify({
      code: error?.code, status: error?.status, message: error?.message ?? house.state.error, reason: error?.reason,
      pipeline: house.state.pipelineId, state: house.state.state, browser: navigator.userAgent, at: new Date().toISOString(),
    }, null, 1);
  }
}

/** How many chunks a glide takes where nobody chose: longer for who wants little motion. */
export function usualSteps() {
  return recall("glideSteps", calm() ? 16 : 8);
}
