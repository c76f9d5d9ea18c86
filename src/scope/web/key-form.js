/** Where a reader types the key of a server that wants one. */

import { h } from "./dom.js";

/** @param {(key: string) => void} use */
export function keyForm(use) {
  const input = h("input", { id: "key", type: "password", autocomplete: "current-password", required: true });
  const form = h("form", { class: "key-form" }, h("label", { for: "key" }, "Key"), input, h("button", { type: "submit", class: "primary" }, "Unlock"));
  form.addEventListener("submit", (event) => { event.preventDefault(); use(input.value.trim()); });
  return form;
}
