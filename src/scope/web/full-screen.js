/** Full screen, where the controls leave when nobody touches anything. Fetched with the first wish for it. */

import { styled } from "./dom.js";

const IDLE_MS = 3000;
let timer = 0;

/** Into full screen or out of it; rejects where the browser does not allow it. */
export async function toggleFullScreen() {
  if (document.fullscreenElement) return document.exitFullscreen();
  await styled("/web/full-screen.css");
  for (const event of ["pointermove", "keydown", "pointerdown"]) document.addEventListener(event, awake);
  awake();
  await document.documentElement.requestFullscreen();
}

function awake() {
  document.body.classList.remove("idle");
  clearTimeout(timer);
  timer = window.setTimeout(() => document.body.classList.add("idle"), IDLE_MS);
}
