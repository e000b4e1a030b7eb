// Two pictures on one another, and a slider.
import { useSignal } from "@preact/signals";
import { html } from "../html.js";

/** What is left of the slider is the first. @param {{left: string, right: string, names: string[]}} props */
export function Compare({ left, right, names }) {
  const at = useSignal(50);
  return html`<div class="compare"><img src=${right} alt=${names[1]} /><img src=${left} alt=${names[0]} style=${{ clipPath: `inset(0 ${100 - at.value}% 0 0)` }} />
    <input type="range" min="0" max="100" value=${at} aria-label=${`${names[0]} | ${names[1]}`} onInput=${(/** @type {any} */ event) => { at.value = Number(event.target.value); }} /></div>`;
}
