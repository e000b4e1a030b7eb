// Notices at the edge of the window: what was done, with a way back, and what failed, in the service's words.
import { signal } from "@preact/signals";
import { Problem } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";

/** @typedef {{id: number, text: string, bad: boolean, action?: {label: string, run: () => void}}} Notice */

/** Milliseconds: longer where there is a way back. */
const TIME = 5000;
const TIME_TO_ACT = 12_000;
let last = 0;
/** @type {import("@preact/signals").Signal<Notice[]>} */
const notices = signal([]);

/** @param {number} id */
function drop(id) {
  notices.value = notices.value.filter((each) => each.id !== id);
}

/** @param {string} text @param {{bad?: boolean, action?: {label: string, run: () => void}}} [options] */
export function notify(text, options = {}) {
  const id = ++last;
  const others = notices.value.filter((each) => each.text !== text || each.action);
  notices.value = [...others.slice(-3), { id, text, bad: options.bad ?? false, action: options.action }];
  if (!options.bad) setTimeout(() => drop(id), options.action ? TIME_TO_ACT : TIME);
}

/** @param {unknown} error */
export function sentence(error) {
  if (error instanceof Problem && error.code === "offline") return t("error.offline");
  return error instanceof Error ? error.message : String(error);
}

/** @param {unknown} error */
export function fail(error) {
  if (error instanceof DOMException && error.name === "AbortError") return;
  if (error instanceof Problem && error.status === 401) return;
  notify(sentence(error), { bad: true });
}

export function Notices() {
  return html`<div class="notices" role="status" aria-live="polite">
    ${notices.value.map(
      (each) => html`<div class=${each.bad ? "notice bad" : "notice"} key=${each.id}>
        <span>${each.text}</span>
        ${each.action && html`<button class="link" onClick=${() => { drop(each.id); each.action?.run(); }}>${each.action.label}</button>`}
        <button class="icon" aria-label=${t("close")} onClick=${() => drop(each.id)}>×</button>
      </div>`,
    )}
  </div>`;
}
