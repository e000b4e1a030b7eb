// Dark and light: that of the system, or the one that was chosen.
import { signal } from "@preact/signals";

const NAMES = /** @type {const} */ (["system", "light", "dark"]);
const stored = localStorage.getItem("theme");

/** @type {import("@preact/signals").Signal<string>} */
export const theme = signal(stored && NAMES.includes(/** @type {any} */ (stored)) ? stored : "system");

export function applyTheme() {
  document.documentElement.dataset.theme = theme.value;
}

/** Go on to the next one. */
export function nextTheme() {
  theme.value = NAMES[(NAMES.indexOf(/** @type {any} */ (theme.value)) + 1) % NAMES.length];
  localStorage.setItem("theme", theme.value);
  applyTheme();
}
