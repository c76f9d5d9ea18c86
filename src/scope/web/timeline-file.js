/**
 * A timeline as JSON, the same as that of the server's timelines: `initial`, and `events`, each a
 * message with `at_s` and, once the server has told, `chunk`; pure.
 */

import { MOST, Timeline } from "./timeline.js";

/** @typedef {import("./timeline.js").Change} Change */

/** @param {Timeline} timeline */
export function writeTimeline({ changes, pipelineId, about, seed }) {
  const [first, ...later] = changes;
  const starts = first?.atS === 0;
  return {
    version: 1,
    ...(pipelineId && { pipeline: { id: pipelineId } }),
    ...about,
    ...(seed !== null && { seed }),
    initial: starts ? first.parameters : {},
    events: (starts ? later : changes).map(({ atS, chunk, parameters }) => ({
      ...(chunk !== null && { chunk }), at_s: Number(atS.toFixed(3)), ...parameters,
    })),
  };
}

/**
 * A timeline from a file; a bare list of events is one. Throws TypeError when it is none.
 * @param {any} data
 */
export function readTimeline(data) {
  const events = Array.isArray(data) ? data : data?.events;
  if (!Array.isArray(events)) throw new TypeError("no list of events");
  const chunkS = data.fps > 0 && data.chunk_frames > 0 ? data.chunk_frames / data.fps : null;
  const timeline = new Timeline();
  const { version, seed, initial, events: _, ...about } = Array.isArray(data) ? {} : data;
  timeline.about = about;
  timeline.seed = Number.isInteger(data.seed) && data.seed >= 0 ? data.seed : null;
  timeline.pipelineId = typeof data.pipeline?.id === "string" ? data.pipeline.id : null;
  if (data.initial && typeof data.initial === "object") timeline.add(0, data.initial);
  const read = events.slice(0, MOST).map((event) => changeOf(event, chunkS)).sort((a, b) => a.atS - b.atS);
  timeline.changes = [...timeline.changes, ...read];
  return timeline;
}

/** @param {any} event @param {number | null} chunkS @returns {Change} */
function changeOf(event, chunkS) {
  const { at_s, chunk = null, ...parameters } = event ?? {};
  const atS = at_s ?? (chunk !== null && chunkS ? chunk * chunkS : undefined);
  if (typeof atS !== "number" || !(atS >= 0)) throw new TypeError("an event without a time");
  return { atS, chunk, parameters };
}
