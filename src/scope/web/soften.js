/**
 * Softens flashes: measures how bright the picture is and dims it while it swings more often than
 * three times a second (WCAG 2.3.1). It changes what is shown here, never the stream.
 */

const SWING = 0.1; // of full brightness, as the guideline has it
const MOST_SWINGS = 3;
const WINDOW_MS = 1000;
const HOLD_MS = 1500;

/** Counts swings of brightness; pure. */
export class Swings {
  /** @type {number[]} */ #at = [];
  /** @type {number | null} */ #extreme = null;
  #rising = false;

  /** @param {number} brightness 0..1 @param {number} nowMs @returns {boolean} too many */
  add(brightness, nowMs) {
    if (this.#extreme === null) this.#extreme = brightness;
    const change = brightness - this.#extreme;
    if (Math.abs(change) >= SWING && (change > 0) !== this.#rising) {
      this.#rising = change > 0;
      this.#extreme = brightness;
      this.#at.push(nowMs);
    } else if ((change > 0) === this.#rising) {
      this.#extreme = brightness;
    }
    this.#at = this.#at.filter((at) => nowMs - at < WINDOW_MS);
    return this.#at.length > 2 * MOST_SWINGS; // there and back is one flash
  }
}

/** @param {HTMLVideoElement} video @returns {() => void} stops it */
export function soften(video) {
  const swings = new Swings();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [8, 6];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let on = true;
  let until = 0;
  const look = (/** @type {number} */ now) => {
    if (!on || !context) return;
    video.requestVideoFrameCallback?.(look);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += 0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2];
    if (swings.add(sum / (255 * canvas.width * canvas.height), now)) until = now + HOLD_MS;
    video.classList.toggle("softened", now < until);
  };
  video.requestVideoFrameCallback?.(look);
  return () => {
    on = false;
    video.classList.remove("softened");
  };
}
