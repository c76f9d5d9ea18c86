/** Timelines as files: saved, opened, and played again. */

import { Replay } from "./replay.js";
import { saveAs } from "./save-as.js";
import { readTimeline, writeTimeline } from "./timeline-file.js";
import { FILED } from "./words-later.js";

const KEPT = "/api/v1/session/timeline";

/** @param {import("./app.js").Page} page */
export function archiveOf(page) {
  const { house, live } = page;
  page.replay ??= new Replay(house, () => page.say(FILED.replayed));
  const replay = page.replay;
  const shown = () => page.imported ?? live.timeline;

  return { save, open, replay: playOrStop };

  /** What the server wrote down where it did, else what this page did. */
  async function save() {
    const id = page.imported ? null : live.stream?.sessionId;
    const own = writeTimeline(shown());
    const kept = id
      ? await house.server.get(`${KEPT}?session_id=${encodeURIComponent(id)}`).catch(() => own)
      : own;
    const name = `scope-timeline-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.json`;
    saveAs(new Blob([JSON.stringify(kept, null, 1)], { type: "application/json" }), name);
    page.say(FILED.exported(name));
  }

  /** @param {string} text  Of a file. */
  function open(text) {
    try {
      page.imported = readTimeline(JSON.parse(text));
      page.showsTimeline = true;
      page.say(FILED.imported(page.imported.changes.length));
    } catch {
      page.refused({ message: FILED.notATimeline });
    }
  }

  function playOrStop() {
    if (!replay.isRunning) return playAgain(shown());
    if (live.view?.watching) page.stop();
    replay.stop();
    return page.say(FILED.replayStopped);
  }

  /** @param {import("./timeline.js").Timeline} timeline */
  async function playAgain(timeline) {
    if (timeline.isEmpty) return;
    const copyOf = readTimeline(structuredClone(writeTimeline(timeline)));
    page.say(FILED.replaying(copyOf.changes.length));
    live.stop();
    const { sessionId, warnings } = await replay.start(copyOf);
    page.imported = copyOf;
    live.watchOther({ sessionId, timeline: copyOf });
    if (warnings.length) page.say(FILED.replayDiffers(warnings));
  }
}
