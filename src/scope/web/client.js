/**
 * A client for the Scope API in one file, without dependencies.
 *
 *   import { connect } from "http://localhost:8000/client.js";
 *   const stream = connect({ prompt: "a calm sea at sunset", video: document.querySelector("video") });
 *   stream.on("state", ({ state }) => console.log(state));
 *   await stream.prompt("a calm sea at night", { steps: 4 });
 *   stream.close();
 *
 * It decides how to connect, when a stream counts as lost, how long to wait before the next try
 * and what to ask for again. It knows nothing of any page.
 *
 * States: connecting → streaming ⇄ unstable → reconnecting → … → closed (the last one, for good).
 * Events: state, track, hello, applied, stats, notice (any other message), closed.
 */

const BACK_OFF_S = [1, 2, 4, 8, 8];
const CONNECT_S = 12;
const FIRST_PICTURE_S = 60;
const QUIET_S = 3;
const LOST_S = 10;
const STEADY_S = 10;
const REQUEST_S = 20;
const WORTH_RETRYING = new Set([
  "unreachable", "connect_failed", "connection_lost", "peer_lost", "worker_lost", "draining",
  "server_shutdown", "pipeline_reloaded", "pipeline_not_loaded", "at_capacity",
  "too_many_requests", "server_error",
]);

/** What went wrong: `code` is stable, `message` is one readable sentence. */
export class ScopeError extends Error {
  constructor(message, { code = "error", status = 0, field = null, retryAfterS = null } = {}) {
    super(message);
    this.name = "ScopeError";
    Object.assign(this, { code, status, field, retryAfterS });
  }

  get retryable() {
    return WORTH_RETRYING.has(this.code);
  }
}

/**
 * Start a stream. Options, all optional: `url` of the server (default: where this file came from),
 * `key`, `prompt` (a string or a list of `{text, weight}`), `parameters` (anything the server takes
 * as initialParameters) and `video`, the element to play in. Returns at once; watch `state`.
 */
export function connect(options = {}) {
  return new Stream(options);
}

export class Stream {
  state = "connecting";
  sessionId = null;
  seed = null;
  stats = null;
  error = null;
  media = null;

  #http;
  #video;
  #wish = {};
  #unsent = {};
  #resume = null;
  #connection = null;
  #tries = 0;
  #timers = new Map();
  #listeners = new Map();
  #waiting = new Map();
  #nextId = 1;

  constructor({ url, key, prompt, parameters = {}, video = null } = {}) {
    this.#http = new Http(url ?? new URL(import.meta.url).origin, key);
    this.#video = video;
    this.#wish = { ...parameters };
    if (prompt) this.#wish.prompts = asPrompts(prompt);
    queueMicrotask(() => this.#try());
  }

  /** Listen to an event; returns a function that stops listening. */
  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    return () => this.#listeners.get(event).delete(listener);
  }

  /**
   * Change the prompt: a glide over `steps` chunks, or with `cut` at once and from a clean start.
   * Resolves when the first picture of it leaves the server, with the server's `applied` message
   * and `elapsedMs` since this call.
   */
  prompt(prompt, { steps = 4, method = "slerp", cut = false } = {}) {
    const target_prompts = asPrompts(prompt);
    if (cut || steps === 0) return this.set({ prompts: target_prompts, ...(cut && { reset_cache: true }) });
    return this.set({
      transition: { target_prompts, num_steps: steps, temporal_interpolation_method: method },
    });
  }

  /**
   * Change any parameters. While there is no connection they are kept for the next one and the
   * promise resolves with null. It rejects when the server refuses the message.
   */
  set(parameters) {
    this.#remember(parameters);
    if (!this.#connection?.isOpen) {
      Object.assign(this.#unsent, parameters);
      return Promise.resolve(null);
    }
    const _id = `c${this.#nextId++}`;
    const sent = performance.now();
    const answer = new Promise((resolve, reject) => this.#waiting.set(_id, {
      resolve: (message) => resolve({ ...message, elapsedMs: performance.now() - sent }),
      reject,
    }));
    answer.catch(() => {}); // a caller may ignore the answer
    this.#connection.send({ ...parameters, _id });
    return answer;
  }

  /** Try again now instead of waiting for the back-off to end. */
  retryNow() {
    if (this.state === "reconnecting" && this.#timers.has("retry")) this.#try();
  }

  /** End the stream for good and free the session on the server. */
  close() {
    this.#end(null);
  }

  #remember({ transition, prompts, reset_cache, apply, _id, ...lasting }) {
    Object.assign(this.#wish, lasting);
    if (prompts?.length) this.#wish.prompts = prompts;
    if (transition) this.#wish.prompts = transition.target_prompts;
  }

  async #try() {
    this.#stopTimer("retry");
    const resume = this.#resume;
    const parameters = resume ? this.#unsent : this.#wish;
    const connection = new Connection(this.#http, {
      opened: (id, resumeToken) => {
        this.sessionId = id;
        this.#resume = resumeToken ? { sessionId: id, token: resumeToken } : null;
        this.#unsent = {};
      },
      track: (media) => this.#show(media),
      message: (message) => this.#heard(message),
      playing: () => this.#playing(),
      stats: (stats) => this.#measured(stats),
      failed: (error) => this.#lost(connection, error),
    });
    this.#connection = connection;
    await connection.start(parameters, resume);
  }

  #show(media) {
    this.media = media;
    if (this.#video) this.#video.srcObject = media;
    this.#emit("track", media);
  }

  #playing() {
    this.#enter("streaming");
    this.#startTimer("steady", STEADY_S, () => { this.#tries = 0; });
  }

  #measured(stats) {
    this.stats = stats;
    this.#emit("stats", stats);
    if (this.state === "streaming" && stats.quietS >= QUIET_S) this.#enter("unstable");
    if (this.state === "unstable" && stats.quietS < QUIET_S) this.#enter("streaming");
  }

  #heard(message) {
    const waiting = message._id && this.#waiting.get(message._id);
    switch (message.type) {
      case "stream_stopped": return this.#stopped(message);
      case "hello":
        this.seed = message.seed ?? null;
        if (message.seed != null) this.#wish.seed = message.seed;
        if (message.resumeToken) this.#resume = { sessionId: message.sessionId, token: message.resumeToken };
        return this.#emit("hello", message);
      case "applied":
        waiting?.resolve(message);
        this.#waiting.delete(message._id);
        return this.#emit("applied", message);
      case "error":
        if (message.severity !== "warning") {
          waiting?.reject(new ScopeError(message.detail, message));
          this.#waiting.delete(message._id);
        }
        return this.#emit("notice", message);
      default:
        return this.#emit("notice", message);
    }
  }

  #stopped({ error_message, code = "stopped", retry_after = null }) {
    this.#resume = null;
    if (!error_message) return this.#end(null);
    return this.#lost(this.#connection, new ScopeError(error_message, { code, retryAfterS: retry_after }));
  }

  #lost(connection, error) {
    if (connection !== this.#connection || this.state === "closed") return;
    connection.close();
    this.#rejectWaiting(error);
    if (this.#resume && [404, 409, 410].includes(error.status)) {
      this.#resume = null;
      this.#try();
      return;
    }
    if (!error.retryable || this.#tries >= BACK_OFF_S.length) {
      this.#end(error);
      return;
    }
    const waitS = Math.max(BACK_OFF_S[this.#tries] * (0.85 + 0.3 * Math.random()), error.retryAfterS ?? 0);
    this.#tries += 1;
    this.#stopTimer("steady");
    this.#startTimer("retry", waitS, () => this.#try());
    this.#enter("reconnecting", { error, attempt: this.#tries, of: BACK_OFF_S.length, waitS });
  }

  #end(error) {
    if (this.state === "closed") return;
    for (const name of [...this.#timers.keys()]) this.#stopTimer(name);
    this.#connection?.close({ tellServer: true });
    this.#rejectWaiting(error ?? new ScopeError("The stream was closed.", { code: "closed" }));
    this.error = error;
    this.#enter("closed", { error });
    this.#emit("closed", { error });
  }

  #rejectWaiting(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #enter(state, detail = {}) {
    this.state = state;
    this.#emit("state", { state, error: null, ...detail });
  }

  #emit(event, detail) {
    for (const listener of this.#listeners.get(event) ?? []) listener(detail);
  }

  #startTimer(name, seconds, act) {
    this.#stopTimer(name);
    this.#timers.set(name, setTimeout(() => { this.#timers.delete(name); act(); }, seconds * 1000));
  }

  #stopTimer(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

/** One peer connection, from its offer to its end; `failed` is called at most once. */
class Connection {
  #http;
  #on;
  #peer = null;
  #channel = null;
  #sessionId = null;
  #candidates = [];
  #over = false;
  #deadline = null;
  #ticker = null;
  #meter = null;

  constructor(http, handlers) {
    this.#http = http;
    this.#on = handlers;
  }

  get isOpen() {
    return this.#channel?.readyState === "open";
  }

  send(message) {
    this.#channel.send(JSON.stringify(message));
  }

  async start(parameters, resume) {
    this.#giveUpAfter(CONNECT_S + REQUEST_S, "connect_failed", "The server took too long to answer.");
    try {
      const { iceServers } = await this.#http.get("/api/v1/webrtc/ice-servers");
      if (this.#over) return;
      const peer = this.#open(iceServers);
      await peer.setLocalDescription(await peer.createOffer());
      const { sdp, type } = peer.localDescription;
      const body = { sdp, type, initialParameters: parameters, ...(resume && { resume }) };
      const answer = await this.#http.post("/api/v1/webrtc/offer", body);
      this.#sessionId = answer.sessionId;
      if (this.#over) return void this.#free();
      this.#on.opened(answer.sessionId, answer.resumeToken);
      this.#giveUpAfter(CONNECT_S, "connect_failed", "The server answered, but no media connection came up. Is UDP blocked?");
      await peer.setRemoteDescription({ type: answer.type, sdp: answer.sdp });
      this.#trickle();
    } catch (error) {
      this.#fail(error instanceof ScopeError ? error : new ScopeError(String(error.message), { code: "negotiation_failed" }));
    }
  }

  close({ tellServer = false } = {}) {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#deadline);
    clearInterval(this.#ticker);
    this.#channel?.close();
    this.#peer?.close();
    if (tellServer && this.#sessionId) this.#free();
  }

  #open(iceServers) {
    const peer = new RTCPeerConnection({ iceServers });
    this.#peer = peer;
    peer.addTransceiver("video", { direction: "recvonly" });
    const channel = peer.createDataChannel("parameters", { ordered: true });
    this.#channel = channel;
    channel.onmessage = ({ data }) => this.#receive(data);
    channel.onclose = () => this.#fail(new ScopeError("The connection was closed.", { code: "connection_lost" }));
    peer.onicecandidate = ({ candidate }) => {
      if (!candidate) return;
      this.#candidates.push({
        candidate: candidate.candidate, sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex,
      });
      if (this.#sessionId) this.#trickle();
    };
    peer.ontrack = ({ track, streams }) => this.#on.track(streams[0] ?? new MediaStream([track]));
    peer.onconnectionstatechange = () => this.#changed(peer.connectionState);
    return peer;
  }

  #changed(state) {
    if (state === "failed") this.#fail(new ScopeError("The connection was lost.", { code: "connection_lost" }));
    if (state !== "connected" || this.#ticker) return;
    this.#giveUpAfter(FIRST_PICTURE_S, "connect_failed", "The connection is up, but no picture came.");
    this.#meter = new Meter(this.#peer);
    this.#ticker = setInterval(() => this.#measure(), 250);
  }

  async #measure() {
    const waiting = this.#deadline !== null;
    const stats = await this.#meter.read({ everyMs: waiting ? 0 : 1000 });
    if (this.#over || !stats) return;
    if (waiting && stats.frames === 0) return;
    if (waiting) {
      clearTimeout(this.#deadline);
      this.#deadline = null;
      this.#on.playing();
    }
    this.#on.stats(stats);
    if (stats.quietS >= LOST_S) this.#fail(new ScopeError("No picture for a while.", { code: "connection_lost" }));
  }

  #receive(data) {
    if (this.#over) return;
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message?.type === "stats") this.#meter?.heard(message);
    if (message?.type === "paused") this.#meter?.rest(message.paused !== false);
    if (message && typeof message === "object") this.#on.message(message);
  }

  #trickle() {
    const candidates = this.#candidates.splice(0);
    if (!candidates.length) return;
    this.#http.patch(`/api/v1/webrtc/offer/${this.#sessionId}`, { candidates }).catch(() => {});
  }

  #free() {
    this.#http.delete(`/api/v1/webrtc/offer/${this.#sessionId}`).catch(() => {});
  }

  #giveUpAfter(seconds, code, message) {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#fail(new ScopeError(message, { code })), seconds * 1000);
  }

  #fail(error) {
    if (this.#over) return;
    this.#on.failed(error);
  }
}

/**
 * Figures of a peer connection once a second, from the browser's own counters and the server's.
 * `delayMs` is from a prompt to the first picture of it on screen: what the server tells of its
 * share, the round trip, the jitter buffer and the decoder. Null until a prompt was sent.
 */
class Meter {
  #peer;
  #server = null;
  #last = null;
  #sign = performance.now();
  #serverSign = null;

  constructor(peer) {
    this.#peer = peer;
  }

  heard(stats) {
    this.#server = stats;
    this.#serverSign = performance.now();
  }

  /** The server shows no new pictures on purpose, or goes on. */
  rest(resting) {
    this.#sign = resting ? Infinity : performance.now();
  }

  async read({ everyMs }) {
    const now = performance.now();
    if (this.#last && now - this.#last.at < everyMs) return null;
    const report = await this.#peer.getStats().catch(() => null);
    if (!report) return null;
    let video = null;
    let pair = null;
    for (const entry of report.values()) {
      if (entry.type === "inbound-rtp" && entry.kind === "video") video = entry;
      if (entry.type === "candidate-pair" && entry.nominated && entry.state === "succeeded") pair = entry;
    }
    const before = this.#last;
    const current = { at: now, ...counters(video) };
    this.#last = current;
    if (!before || current.frames > before.frames) this.#sign = now;
    return { ...this.#rates(before, current, pair), frames: current.frames, quietS: this.#quietS(now) };
  }

  #quietS(now) {
    const silences = [now - this.#sign];
    if (this.#serverSign !== null) silences.push(now - this.#serverSign);
    return Math.max(0, ...silences) / 1000;
  }

  #rates(before, current, pair) {
    const seconds = before ? (current.at - before.at) / 1000 : 0;
    const change = (key) => (before ? current[key] - before[key] : 0);
    const shown = change("emitted");
    const decoded = change("frames");
    const bufferMs = shown ? (1000 * change("bufferS")) / shown : 0;
    const decodeMs = decoded ? (1000 * change("decodeS")) / decoded : 0;
    const rttMs = pair?.currentRoundTripTime != null ? 1000 * pair.currentRoundTripTime : null;
    const packets = change("packets") + change("lost");
    return {
      fps: seconds ? decoded / seconds : null,
      bitrateKbps: seconds ? (8 * change("bytes")) / 1000 / seconds : null,
      loss: packets > 0 ? Math.max(0, change("lost")) / packets : 0,
      delayMs: this.#server?.delay_ms != null && shown
        ? this.#server.delay_ms + (rttMs ?? 0) + bufferMs + decodeMs
        : null,
      rttMs,
      server: this.#server,
    };
  }
}

function counters(video) {
  return {
    frames: video?.framesDecoded ?? 0,
    bytes: video?.bytesReceived ?? 0,
    packets: video?.packetsReceived ?? 0,
    lost: video?.packetsLost ?? 0,
    emitted: video?.jitterBufferEmittedCount ?? 0,
    bufferS: video?.jitterBufferDelay ?? 0,
    decodeS: video?.totalDecodeTime ?? 0,
  };
}

/** JSON over fetch; every failure is a ScopeError. */
class Http {
  constructor(base, key) {
    this.base = base.replace(/\/$/, "");
    this.headers = key ? { Authorization: `Bearer ${key}` } : {};
  }

  get(path) { return this.#call("GET", path); }
  post(path, body) { return this.#call("POST", path, body); }
  patch(path, body) { return this.#call("PATCH", path, body); }
  delete(path) { return this.#call("DELETE", path); }

  async #call(method, path, body) {
    let response;
    try {
      response = await fetch(this.base + path, {
        method,
        headers: body ? { ...this.headers, "Content-Type": "application/json" } : this.headers,
        body: body && JSON.stringify(body),
        keepalive: method === "DELETE", // so that closing the page still frees the session
        signal: AbortSignal.timeout(REQUEST_S * 1000),
      });
    } catch {
      throw new ScopeError("The server does not answer.", { code: "unreachable" });
    }
    if (response.status === 204) return null;
    const answer = await response.json().catch(() => null);
    if (response.ok) return answer;
    throw problem(response, answer ?? {});
  }
}

function problem(response, { detail, code, field = null }) {
  const text = Array.isArray(detail) ? detail.map(({ msg }) => msg).join("; ") : detail;
  const seconds = Number.parseFloat(response.headers.get("Retry-After"));
  return new ScopeError(text || `The server answered ${response.status}.`, {
    code: code ?? (response.status >= 500 ? "server_error" : "refused"),
    status: response.status,
    field,
    retryAfterS: Number.isFinite(seconds) ? seconds : null,
  });
}

function asPrompts(prompt) {
  const list = Array.isArray(prompt) ? prompt : [prompt];
  return list.map((item) => (typeof item === "string" ? { text: item, weight: 1 } : item));
}
