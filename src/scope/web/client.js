/**
 * A client for the Scope API in one file, without dependencies: the thing to copy.
 *
 *   import { connect } from "http://localhost:8000/client.js";
 *   const stream = connect({ prompt: "a calm sea at sunset", video: document.querySelector("video") });
 *   stream.on("state", ({ state }) => console.log(state));
 *   await stream.prompt("a calm sea at night", { steps: 4 });
 *   stream.close();
 *
 * `connect` makes a stream of one's own, `watch` looks at a running one, `Server` is everything
 * that goes over plain HTTP. The file decides how to connect, when a stream counts as lost, how
 * long to wait before the next try and what to ask for again. It knows nothing of any page.
 *
 * States: connecting → streaming ⇄ unstable → reconnecting → … → closed (the last one, for good).
 * Events: state, track, hello, control, applied, shown, stats, notice (any other message), closed.
 *
 * @typedef {{ text: string, weight: number }} Prompt
 * @typedef {string | Array<string | Prompt>} Prompts
 * @typedef {Record<string, any>} Parameters  The keys of the data channel.
 * @typedef {Record<string, any>} Message  One JSON object from the server.
 * @typedef {"connecting" | "streaming" | "unstable" | "reconnecting" | "closed"} StreamState
 * @typedef {{ state: StreamState, error: ScopeError | null, attempt?: number, of?: number, waitS?: number }} StateChange
 * @typedef {{ sessionId: string, token: string }} Resume
 * @typedef {{
 *   frames: number, quietS: number, fps: number | null, bitrateKbps: number | null, loss: number,
 *   delayMs: number | null, rttMs: number | null, width: number, height: number,
 *   codec: string, server: Message | null,
 * }} Stats  `delayMs`: from a prompt to the first picture of it on screen.
 * @typedef {{
 *   url?: string, key?: string, prompt?: Prompts, parameters?: Parameters,
 *   video?: HTMLVideoElement | null, sessionId?: string,
 * }} Options
 */

const BACK_OFF_S = [1, 2, 4, 8, 8];
const CONNECT_S = 12;
const FIRST_PICTURE_S = 60;
const QUIET_S = 3;
const LOST_S = 10;
const STEADY_S = 10;
const REQUEST_S = 20;
const CLOCK_HZ = 90_000;
const WORTH_RETRYING = new Set([
  "unreachable", "connect_failed", "connection_lost", "peer_lost", "worker_lost", "draining",
  "server_shutdown", "pipeline_reloaded", "pipeline_not_loaded", "at_capacity",
  "too_many_requests", "server_error",
]);

/** What went wrong: `code` is stable, `message` is one readable sentence. */
export class ScopeError extends Error {
  /**
   * @param {string} message
   * @param {{ code?: string, status?: number, field?: string | null, reason?: string | null,
   *   retryAfterS?: number | null }} [about]
   */
  constructor(message, { code = "error", status = 0, field = null, reason = null, retryAfterS = null } = {}) {
    super(message);
    this.name = "ScopeError";
    this.code = code;
    this.status = status;
    this.field = field;
    this.reason = reason;
    this.retryAfterS = retryAfterS;
  }

  get retryable() {
    return WORTH_RETRYING.has(this.code);
  }
}

/**
 * Start a stream. Options, all optional: `url` of the server (default: where this file came from),
 * `key`, `prompt` (a string or a list of `{text, weight}`), `parameters` (anything the server takes
 * as initialParameters) and `video`, the element to play in. Returns at once; watch `state`.
 * @param {Options} [options]
 */
export function connect(options = {}) {
  return new Stream(options);
}

/**
 * Watch a running stream without a say in it: that of `sessionId`, else the oldest one. The same
 * object as of `connect`; `set` and `prompt` reject.
 * @param {Options} [options]
 */
export function watch(options = {}) {
  return new Stream(options, { watching: true });
}

export class Stream {
  /** @type {StreamState} */
  state = "connecting";
  /** @type {string | null} */
  sessionId = null;
  /** @type {number | null} */
  seed = null;
  /** @type {Stats | null} */
  stats = null;
  /** @type {ScopeError | null} */
  error = null;
  /** @type {MediaStream | null} */
  media = null;
  /** RTP time of the picture on screen, where the browser tells it. @type {number | null} */
  rtpTimestamp = null;
  /** Who controls the stream, as the server last said. @type {Message | null} */
  control = null;
  /** @type {Server} */
  server;

  #watching;
  /** @type {HTMLVideoElement | null} */ #video;
  /** @type {Parameters} */ #wish = {};
  /** @type {Parameters} */ #unsent = {};
  /** @type {Resume | null} */ #resume = null;
  /** @type {string | null} */ #target;
  /** @type {Connection | null} */ #connection = null;
  /** Given up, but not hung up: a goodbye would end the session that is to be resumed. @type {Connection[]} */ #left = [];
  #tries = 0;
  /** @type {Map<string, number>} */ #timers = new Map();
  /** @type {Map<string, Set<(detail: any) => void>>} */ #listeners = new Map();
  /** @type {Map<string, { parameters: Parameters, sentMs: number, resolve: (message: Message | null) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  /** Applied, but not on screen yet. @type {Array<{ message: Message, sentMs: number }>} */ #due = [];
  #nextId = 1;

  /** @param {Options} options @param {{ watching?: boolean }} [kind] */
  constructor({ url, key, prompt, parameters = {}, video = null, sessionId }, { watching = false } = {}) {
    this.server = new Server({ url, key });
    this.#watching = watching;
    this.#target = sessionId ?? null;
    this.#video = video;
    this.#wish = { ...parameters };
    if (prompt) this.#wish.prompts = asPrompts(prompt);
    this.#lookAtFrames();
    queueMicrotask(() => this.#try());
  }

  /**
   * Listen to an event; returns a function that stops listening.
   * @param {string} event @param {(detail: any) => void} listener
   */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /**
   * Change the prompt: a glide over `steps` chunks, or with `cut` at once and from a clean start.
   * Resolves when the first picture of it leaves the server, with the server's `applied` message
   * and `elapsedMs` since this call. `blend` is how several prompts are mixed.
   * @param {Prompts} prompt
   * @param {{ steps?: number, method?: "linear" | "slerp", cut?: boolean, blend?: "linear" | "slerp" }} [how]
   */
  prompt(prompt, { steps = 4, method = "slerp", cut = false, blend } = {}) {
    const target_prompts = asPrompts(prompt);
    const blending = blend ? { prompt_interpolation_method: blend } : {};
    if (cut || steps === 0) {
      return this.set({ prompts: target_prompts, ...blending, ...(cut && { reset_cache: true }) });
    }
    return this.set({
      transition: { target_prompts, num_steps: steps, temporal_interpolation_method: method },
      ...blending,
    });
  }

  /**
   * Change any parameters. Resolves when the first picture made with them leaves the server.
   * While there is no connection, or when it is lost before that, they are kept for the next one
   * and the promise resolves with null. It rejects when the server refuses the message.
   * @param {Parameters} parameters
   * @returns {Promise<Message | null>}
   */
  set(parameters) {
    if (this.#watching) {
      return Promise.reject(new ScopeError("A viewer may only watch.", { code: "forbidden" }));
    }
    this.#remember(parameters);
    if (!this.#connection?.isOpen) {
      merge(this.#unsent, parameters);
      return Promise.resolve(null);
    }
    const _id = `c${this.#nextId++}`;
    const sentMs = performance.now();
    /** @type {Promise<Message | null>} */
    const answer = new Promise((resolve, reject) => this.#waiting.set(_id, {
      parameters,
      sentMs,
      resolve: (message) => resolve(message && { ...message, elapsedMs: performance.now() - sentMs }),
      reject,
    }));
    answer.catch(() => {}); // a caller may ignore the answer
    this.#connection.send({ ...parameters, _id });
    return answer;
  }

  /** Hold the last picture and generate nothing, or go on. @param {boolean} [paused] */
  pause(paused = true) {
    return this.set({ paused });
  }

  /** Forget the past: the next picture starts from nothing, with a new seed if one is given. @param {number} [seed] */
  reset(seed) {
    return this.set(seed === undefined ? { reset_cache: true } : { seed });
  }

  /** Control a stream that is being watched; its controller hears of it and watches from then on. */
  async takeControl() {
    if (!this.control) throw new ScopeError("There is no connection.", { code: "connection_lost" });
    await this.server.post("/api/v1/session/control", { peer_id: this.control.peerId });
  }

  /** Try again now: instead of waiting for the back-off to end, or for a silent connection. */
  retryNow() {
    if (this.state === "reconnecting" && this.#timers.has("retry")) this.#try();
    if (this.state === "unstable") this.#lost(this.#connection, new ScopeError("The connection was lost.", { code: "connection_lost" }));
  }

  /** End the stream for good and free the session on the server. */
  close() {
    this.#end(null);
  }

  /** @param {Parameters} parameters */
  #remember({ transition, prompts, reset_cache, apply, _id, ...lasting }) {
    Object.assign(this.#wish, lasting);
    if (prompts?.length) this.#wish.prompts = prompts;
    if (transition) this.#wish.prompts = transition.target_prompts;
  }

  async #try() {
    this.#stopTimer("retry");
    const resume = this.#resume;
    const signalling = this.#watching
      ? new Watching(this.server, this.#target)
      : new Offering(this.server, resume ? this.#unsent : this.#wish, resume);
    const connection = new Connection(signalling, {
      opened: (/** @type {Message} */ answer) => {
        if (answer.sessionId) this.sessionId = answer.sessionId;
        this.#resume = answer.resumeToken
          ? { sessionId: answer.sessionId, token: answer.resumeToken }
          : null;
        this.#unsent = {};
      },
      track: (/** @type {MediaStream} */ media) => this.#show(media),
      message: (/** @type {Message} */ message) => this.#heard(message),
      playing: () => this.#playing(),
      stats: (/** @type {Stats} */ stats) => this.#measured(stats),
      failed: (/** @type {ScopeError} */ error) => this.#lost(connection, error),
    });
    this.#connection = connection;
    await connection.start();
  }

  /** @param {MediaStream} media */
  #show(media) {
    this.media = media;
    if (this.#video) this.#video.srcObject = media;
    this.#emit("track", media);
  }

  #playing() {
    this.#hangUp();
    this.#enter("streaming");
    this.#startTimer("steady", STEADY_S, () => { this.#tries = 0; });
  }

  /** @param {Stats} stats */
  #measured(stats) {
    this.stats = stats;
    this.#emit("stats", stats);
    if (this.state === "streaming" && stats.quietS >= QUIET_S) this.#enter("unstable");
    if (this.state === "unstable" && stats.quietS < QUIET_S) this.#enter("streaming");
  }

  /** @param {Message} message */
  #heard(message) {
    const waiting = message._id ? this.#waiting.get(message._id) : undefined;
    switch (message.type) {
      case "stream_stopped": return this.#stopped(message);
      case "hello":
        this.sessionId = message.sessionId;
        this.seed = message.seed ?? null;
        if (message.seed != null) this.#wish.seed = message.seed;
        if (message.resumeToken) this.#resume = { sessionId: message.sessionId, token: message.resumeToken };
        return this.#emit("hello", message);
      case "control":
        this.#controlled(message);
        return this.#emit("control", message);
      case "applied":
        if (waiting) this.#due.push({ message, sentMs: waiting.sentMs });
        waiting?.resolve(message);
        this.#waiting.delete(message._id);
        return this.#emit("applied", message);
      case "error":
        if (message.severity !== "warning") {
          waiting?.reject(new ScopeError(message.detail, message));
          this.#waiting.delete(message._id);
        }
        return this.#emit("notice", message);
      case "parameters_updated":
        this.#remember(message.parameters ?? {});
        return this.#emit("notice", message);
      default:
        return this.#emit("notice", message);
    }
  }

  /** @param {Message} message */
  #controlled(message) {
    const controls = message.holder === "you";
    const gained = controls && this.#watching;
    if (!controls && !this.#watching) this.#target = this.sessionId; // what was its own is watched
    this.control = message;
    this.#watching = !controls;
    this.#resume = controls && this.sessionId && message.resumeToken ? { sessionId: this.sessionId, token: message.resumeToken } : null;
    if (this.#connection) this.#connection.controls = controls;
    if (!gained || !this.sessionId) return;
    this.server.parameters(this.sessionId).then((inForce) => { this.#wish = { ...inForce, ...this.#wish }; }, () => {});
  }

  /** Says `shown` when the first picture of an update is on screen, to the millisecond. */
  #lookAtFrames() {
    const video = this.#video;
    if (!video?.requestVideoFrameCallback) return;
    const look = (/** @type {number} */ now, /** @type {VideoFrameCallbackMetadata} */ frame) => {
      if (this.state === "closed") return;
      video.requestVideoFrameCallback(look);
      const at = frame.rtpTimestamp;
      if (at === undefined) return;
      this.rtpTimestamp = at;
      const seen = this.#due.filter(({ message }) => rtpSeconds(message.rtp_timestamp, at) >= 0);
      if (!seen.length) return;
      this.#due = this.#due.filter((due) => !seen.includes(due));
      for (const { message, sentMs } of seen) {
        if (this.#connection) this.#connection.delayMs = now - sentMs;
        this.#emit("shown", { ...message, elapsedMs: now - sentMs });
      }
    };
    video.requestVideoFrameCallback(look);
  }

  /** @param {Message} message */
  #stopped({ error_message, code = "stopped", retry_after = null }) {
    this.#resume = null;
    if (!error_message) return this.#end(null);
    return this.#lost(this.#connection, new ScopeError(error_message, { code, retryAfterS: retry_after }));
  }

  /** @param {Connection | null} connection @param {ScopeError} error */
  #lost(connection, error) {
    if (!connection || connection !== this.#connection || this.state === "closed") return;
    if (this.#resume) this.#left.push(connection.leave());
    else connection.close();
    this.#due = [];
    if (this.#resume && [404, 409, 410].includes(error.status)) {
      this.#resume = null; // the parked session is gone: a new one with everything that was wished
      this.#try();
      return;
    }
    if (!error.retryable || this.#tries >= BACK_OFF_S.length) {
      this.#end(error);
      return;
    }
    this.#keepWaiting();
    const waitS = Math.max(BACK_OFF_S[this.#tries] * (0.85 + 0.3 * Math.random()), error.retryAfterS ?? 0);
    this.#tries += 1;
    this.#stopTimer("steady");
    this.#startTimer("retry", waitS, () => this.#try());
    this.#enter("reconnecting", { error, attempt: this.#tries, of: BACK_OFF_S.length, waitS });
  }

  /** @param {ScopeError | null} error */
  #end(error) {
    if (this.state === "closed") return;
    for (const name of [...this.#timers.keys()]) this.#stopTimer(name);
    this.#connection?.close({ tellServer: true });
    this.#hangUp();
    this.#rejectWaiting(error ?? new ScopeError("The stream was closed.", { code: "closed" }));
    this.error = error;
    this.#enter("closed", { error });
    this.#emit("closed", { error });
  }

  #hangUp() {
    for (const connection of this.#left.splice(0)) connection.hangUp();
  }

  /** What was sent and not confirmed is said again on the next connection. */
  #keepWaiting() {
    const later = this.#unsent;
    this.#unsent = {};
    for (const { parameters, resolve } of this.#waiting.values()) {
      merge(this.#unsent, parameters);
      resolve(null);
    }
    merge(this.#unsent, later);
    this.#waiting.clear();
  }

  /** @param {Error} error */
  #rejectWaiting(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  /** @param {StreamState} state @param {Partial<StateChange>} [detail] */
  #enter(state, detail = {}) {
    this.state = state;
    this.#emit("state", { state, error: null, ...detail });
  }

  /** @param {string} event @param {any} detail */
  #emit(event, detail) {
    for (const listener of this.#listeners.get(event) ?? []) listener(detail);
  }

  /** @param {string} name @param {number} seconds @param {() => void} act */
  #startTimer(name, seconds, act) {
    this.#stopTimer(name);
    this.#timers.set(name, window.setTimeout(() => { this.#timers.delete(name); act(); }, seconds * 1000));
  }

  /** @param {string} name */
  #stopTimer(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

/** Seconds from one RTP time to another; the clock wraps at 32 bits. @param {number} from @param {number} to */
export function rtpSeconds(from, to) {
  return ((to - from) | 0) / CLOCK_HZ;
}

/** How a stream of one's own is asked for. */
class Offering {
  #sessionId = "";

  /** @param {Server} server @param {Parameters} parameters @param {Resume | null} resume */
  constructor(server, parameters, resume) {
    this.server = server;
    this.parameters = parameters;
    this.resume = resume;
  }

  /** @param {RTCSessionDescription} offer @returns {Promise<Message>} */
  async offer({ sdp, type }) {
    const body = { sdp, type, initialParameters: this.parameters, ...(this.resume && { resume: this.resume }) };
    const answer = await this.server.post("/api/v1/webrtc/offer", body);
    this.#sessionId = answer.sessionId;
    return answer;
  }

  /** @param {RTCIceCandidate[]} candidates */
  trickle(candidates) {
    const entries = candidates.map(({ candidate, sdpMid, sdpMLineIndex }) => ({ candidate, sdpMid, sdpMLineIndex }));
    return this.server.patch(`/api/v1/webrtc/offer/${this.#sessionId}`, { candidates: entries });
  }

  /** Who has lost control must not end the stream. @param {boolean} controls */
  async leave(controls) {
    if (controls) await this.server.delete(`/api/v1/webrtc/offer/${this.#sessionId}`);
  }
}

/** How a running stream is watched: WHEP. */
class Watching {
  #place = "";
  #etag = "*";

  /** @param {Server} server @param {string | null} sessionId */
  constructor(server, sessionId) {
    this.server = server;
    this.sessionId = sessionId;
  }

  /** @param {RTCSessionDescription} offer @returns {Promise<Message>} */
  async offer({ sdp }) {
    this.sessionId ??= Object.keys(await this.server.sessions())[0];
    const id = this.sessionId;
    if (!id) throw new ScopeError("No stream is running.", { code: "session_not_found" }); // never begin one
    const path = `/whep?session_id=${encodeURIComponent(id)}`;
    const response = await this.server.send("POST", path, { body: sdp, type: "application/sdp" });
    this.#place = response.headers.get("Location") ?? "";
    this.#etag = response.headers.get("ETag") ?? "";
    return { type: "answer", sdp: await response.text() };
  }

  /** @param {RTCIceCandidate[]} candidates */
  trickle(candidates) {
    const lines = candidates.map(({ candidate, sdpMid }) => `a=mid:${sdpMid}\r\na=${candidate}\r\n`);
    return this.server.send("PATCH", this.#place, {
      body: `m=video 9 UDP/TLS/RTP/SAVPF 0\r\n${lines.join("")}`,
      type: "application/trickle-ice-sdpfrag",
      headers: { "If-Match": this.#etag },
    });
  }

  /** Who has taken control ends the stream. @param {boolean} controls */
  leave(controls) {
    return this.server.delete(controls ? `/api/v1/webrtc/offer/${this.sessionId}` : this.#place);
  }
}

/**
 * One peer connection, from its offer to its end; `failed` is called at most once.
 * @typedef {{ opened: Function, track: Function, message: Function, playing: Function, stats: Function, failed: Function }} Handlers
 */
class Connection {
  /** Measured from a prompt to its picture on screen. @type {number | null} */
  delayMs = null;
  /** Whether its goodbye ends the stream. */ controls;
  #signalling;
  #on;
  /** @type {RTCPeerConnection | null} */ #peer = null;
  /** @type {RTCDataChannel | null} */ #channel = null;
  #answered = false;
  /** @type {RTCIceCandidate[]} */ #candidates = [];
  #over = false;
  #deadline = 0;
  #ticker = 0;
  /** @type {Meter | null} */ #meter = null;

  /** @param {Offering | Watching} signalling @param {Handlers} handlers */
  constructor(signalling, handlers) {
    this.#signalling = signalling;
    this.controls = signalling instanceof Offering;
    this.#on = handlers;
  }

  get isOpen() {
    return this.#channel?.readyState === "open";
  }

  /** @param {Message} message */
  send(message) {
    this.#channel?.send(JSON.stringify(message));
  }

  async start() {
    this.#giveUpAfter(CONNECT_S + REQUEST_S, "connect_failed", "The server took too long to answer.");
    try {
      const { iceServers } = await this.#signalling.server.iceServers();
      if (this.#over) return;
      const peer = this.#open(iceServers);
      await peer.setLocalDescription(await peer.createOffer());
      if (!peer.localDescription) return;
      const answer = await this.#signalling.offer(peer.localDescription);
      this.#answered = true;
      if (this.#over) return void this.#bye();
      this.#on.opened(answer);
      this.#giveUpAfter(CONNECT_S, "connect_failed", "The server answered, but no media connection came up. Is UDP blocked?");
      await peer.setRemoteDescription({ type: answer.type, sdp: answer.sdp });
      this.#trickle();
    } catch (error) {
      this.#fail(error instanceof ScopeError
        ? error
        : new ScopeError(error instanceof Error ? error.message : String(error), { code: "negotiation_failed" }));
    }
  }

  /** @param {{ tellServer?: boolean }} [how] */
  close({ tellServer = false } = {}) {
    if (this.#over) {
      if (tellServer && this.#answered) this.#bye();
      return;
    }
    this.leave().hangUp();
    if (tellServer && this.#answered) this.#bye();
  }

  /** Listen no more, without a goodbye. */
  leave() {
    this.#over = true;
    clearTimeout(this.#deadline);
    clearInterval(this.#ticker);
    return this;
  }

  /** The goodbye. */
  hangUp() {
    this.#channel?.close();
    this.#peer?.close();
  }

  /** @param {RTCIceServer[]} iceServers */
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
      this.#candidates.push(candidate);
      if (this.#answered) this.#trickle();
    };
    peer.ontrack = ({ track, streams }) => this.#on.track(streams[0] ?? new MediaStream([track]));
    peer.onconnectionstatechange = () => this.#changed(peer);
    return peer;
  }

  /** @param {RTCPeerConnection} peer */
  #changed(peer) {
    const state = peer.connectionState;
    if (state === "failed") this.#fail(new ScopeError("The connection was lost.", { code: "connection_lost" }));
    if (state !== "connected" || this.#ticker) return;
    this.#giveUpAfter(FIRST_PICTURE_S, "connect_failed", "The connection is up, but no picture came.");
    this.#meter = new Meter(peer);
    this.#ticker = window.setInterval(() => this.#measure(), 250);
  }

  async #measure() {
    const waiting = this.#deadline !== 0;
    const stats = await this.#meter?.read({ everyMs: waiting ? 0 : 1000 });
    if (this.#over || !stats) return;
    if (waiting && stats.frames === 0) return;
    if (this.#deadline) {
      clearTimeout(this.#deadline);
      this.#deadline = 0;
      this.#on.playing();
    }
    this.#on.stats({ ...stats, delayMs: this.delayMs ?? stats.delayMs });
    if (stats.quietS >= LOST_S) this.#fail(new ScopeError("No picture for a while.", { code: "connection_lost" }));
  }

  /** @param {string} data */
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
    if (candidates.length) this.#signalling.trickle(candidates).catch(() => {});
  }

  #bye() {
    this.#signalling.leave(this.controls).catch(() => {});
  }

  /** @param {number} seconds @param {string} code @param {string} message */
  #giveUpAfter(seconds, code, message) {
    clearTimeout(this.#deadline);
    this.#deadline = window.setTimeout(() => this.#fail(new ScopeError(message, { code })), seconds * 1000);
  }

  /** @param {ScopeError} error */
  #fail(error) {
    if (!this.#over) this.#on.failed(error);
  }
}

/**
 * Figures of a peer connection once a second, from the browser's own counters and the server's.
 * `delayMs` here is an estimate for browsers that do not tell which frame is on screen: what the
 * server tells of its share, the round trip, the jitter buffer and the decoder.
 */
class Meter {
  #peer;
  /** @type {Message | null} */ #server = null;
  /** @type {Record<string, number> | null} */ #last = null;
  #sign = performance.now();
  /** @type {number | null} */ #serverSign = null;

  /** @param {RTCPeerConnection} peer */
  constructor(peer) {
    this.#peer = peer;
  }

  /** @param {Message} stats */
  heard(stats) {
    this.#server = stats;
    this.#serverSign = performance.now();
  }

  /** The server shows no new pictures on purpose, or goes on. @param {boolean} resting */
  rest(resting) {
    this.#sign = resting ? Infinity : performance.now();
  }

  /** @param {{ everyMs: number }} how @returns {Promise<Stats | null>} */
  async read({ everyMs }) {
    const now = performance.now();
    if (this.#last && now - this.#last.at < everyMs) return null;
    const report = await this.#peer.getStats().catch(() => null);
    if (!report) return null;
    const entries = /** @type {any[]} */ ([...report.values()]);
    const video = entries.find(({ type, kind }) => type === "inbound-rtp" && kind === "video");
    const pair = entries.find(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
    const before = this.#last;
    const current = { at: now, ...counters(video) };
    this.#last = current;
    if (!before || current.frames > before.frames) this.#sign = Math.max(this.#sign, now);
    return {
      ...this.#rates(before, current, pair),
      frames: current.frames,
      quietS: this.#quietS(now),
      width: video?.frameWidth ?? 0,
      height: video?.frameHeight ?? 0,
      codec: report.get(video?.codecId)?.mimeType?.replace("video/", "") ?? "",
      server: this.#server,
    };
  }

  /** @param {number} now */
  #quietS(now) {
    const silences = [now - this.#sign];
    if (this.#serverSign !== null) silences.push(now - this.#serverSign);
    return Math.max(0, ...silences) / 1000;
  }

  /** @param {any} before @param {any} current @param {any} pair */
  #rates(before, current, pair) {
    const seconds = before ? (current.at - before.at) / 1000 : 0;
    const change = (/** @type {string} */ key) => (before ? current[key] - before[key] : 0);
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
    };
  }
}

/** @param {any} video */
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

/** The server over HTTP; every failure is a ScopeError. */
export class Server {
  /** @param {{ url?: string, key?: string }} [where] */
  constructor({ url, key } = {}) {
    this.base = (url ?? new URL(import.meta.url).origin).replace(/\/$/, "");
    /** @type {Record<string, string>} */
    this.headers = key ? { Authorization: `Bearer ${key}` } : {};
  }

  /** What is loaded, or how far the load is. */
  status() { return this.get("/api/v1/pipeline/status"); }
  /** Every pipeline with its parameters. */
  async pipelines() { return (await this.get("/api/v1/pipelines/schemas")).pipelines; }
  hardware() { return this.get("/api/v1/hardware/info"); }
  /** @returns {Promise<{ iceServers: RTCIceServer[] }>} */
  iceServers() { return this.get("/api/v1/webrtc/ice-servers"); }
  /** Running sessions by id, with their figures. */
  async sessions() { return (await this.get("/api/v1/session/metrics")).sessions; }
  /** @param {string} pipelineId @param {Parameters} [params] */
  load(pipelineId, params = {}) {
    return this.post("/api/v1/pipeline/load", { pipeline_ids: [pipelineId], load_params: params });
  }
  unload() { return this.post("/api/v1/pipeline/unload", {}); }
  /** @param {string} sessionId */
  async parameters(sessionId) {
    return (await this.get(`/api/v1/session/parameters?session_id=${encodeURIComponent(sessionId)}`)).parameters;
  }
  /** The newest picture as a PNG that carries prompt and seed. @param {string} sessionId */
  async picture(sessionId) {
    const query = `format=png&session_id=${encodeURIComponent(sessionId)}`;
    return (await this.send("GET", `/api/v1/session/frame?${query}`)).blob();
  }

  /** @param {string} path */
  get(path) { return this.#json("GET", path); }
  /** @param {string} path @param {unknown} body */
  post(path, body) { return this.#json("POST", path, body); }
  /** @param {string} path @param {unknown} body */
  patch(path, body) { return this.#json("PATCH", path, body); }
  /** @param {string} path */
  delete(path) { return this.#json("DELETE", path); }

  /** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  async #json(method, path, body) {
    const response = await this.send(method, path, body === undefined
      ? {}
      : { body: JSON.stringify(body), type: "application/json" });
    return response.status === 204 ? null : response.json().catch(() => null);
  }

  /**
   * One request; its answer, if it is a good one.
   * @param {string} method @param {string} path
   * @param {{ body?: string, type?: string, headers?: Record<string, string> }} [what]
   */
  async send(method, path, { body, type, headers = {} } = {}) {
    let response;
    try {
      response = await fetch(this.base + path, {
        method,
        headers: { ...this.headers, ...(type && { "Content-Type": type }), ...headers },
        body,
        keepalive: method === "DELETE", // so that closing the page still frees the session
        signal: AbortSignal.timeout(REQUEST_S * 1000),
      });
    } catch {
      throw new ScopeError("The server does not answer.", { code: "unreachable" });
    }
    if (response.ok) return response;
    throw problem(response, (await response.json().catch(() => null)) ?? {});
  }
}

/** @param {Response} response @param {Message} body */
function problem(response, { detail, code, field = null, reason = null }) {
  const text = Array.isArray(detail) ? detail.map(({ msg }) => msg).join("; ") : detail;
  const seconds = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  return new ScopeError(text || `The server answered ${response.status}.`, {
    code: code ?? (response.status >= 500 ? "server_error" : "refused"),
    status: response.status,
    field,
    reason,
    retryAfterS: Number.isFinite(seconds) ? seconds : null,
  });
}

/** The newest value of each key wins; prompts and a glide are about the same thing. @param {Parameters} into @param {Parameters} newer */
function merge(into, newer) {
  if (newer.prompts) delete into.transition;
  if (newer.transition) delete into.prompts;
  Object.assign(into, newer);
}

/** @param {Prompts} prompt @returns {Prompt[]} */
function asPrompts(prompt) {
  const list = Array.isArray(prompt) ? prompt : [prompt];
  return list.map((item) => (typeof item === "string" ? { text: item, weight: 1 } : item));
}
