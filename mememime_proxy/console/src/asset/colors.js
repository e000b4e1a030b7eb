// Colours of a picture, as its upload has found them: a palette by shares, and how its values are spread.
import { html } from "../html.js";
import { number, t } from "../text.js";
import { fail, notify } from "../ui/notices.js";

const RANGES = 64;
const CHANNELS = /** @type {const} */ (["red", "green", "blue", "light"]);

/** @param {string} color */
async function copy(color) {
  await navigator.clipboard.writeText(color);
  notify(t("copied"));
}

/** @param {{colors: {color: string, share: number}[]}} props */
export function Palette({ colors }) {
  return html`<ul class="palette">${colors.map(({ color, share }) => html`<li style=${{ flexGrow: Math.max(share, 0.02) }}>
    <button class="plain" style=${{ backgroundColor: color }} aria-label=${t("palette.copy", { color, share: Math.round(100 * share) })}
      title=${`${color}, ${number(Math.round(100 * share))} %`} onClick=${() => copy(color).catch(fail)}></button></li>`)}</ul>
    <p class="faint swatches">${colors.map(({ color }) => html`<code>${color}</code> `)}</p>`;
}

/** Red, green, blue and brightness, dark at the left. @param {{histogram: string}} props */
export function Histogram({ histogram }) {
  const values = Uint8Array.from(atob(histogram), (character) => character.charCodeAt(0));
  const area = (/** @type {number} */ channel) => {
    const heights = [...values.subarray(RANGES * channel, RANGES * (channel + 1))].map((value, place) => `${place},${255 - value} ${place + 1},${255 - value}`);
    return `0,255 ${heights.join(" ")} ${RANGES},255`;
  };
  return html`<svg class="histogram" viewBox="0 0 ${RANGES} 255" preserveAspectRatio="none" role="img" aria-label=${t("histogram.label")}>
    ${CHANNELS.map((name, channel) => html`<polygon class=${name} points=${area(channel)} />`)}</svg>`;
}
