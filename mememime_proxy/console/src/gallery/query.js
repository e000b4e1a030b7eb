// The words of the search box, and the parameters of GET /assets that they stand for.

/** Names of colors, as the service takes them. @type {Record<string, string>} */
export const COLORS = {
  red: "d02020", orange: "e08020", yellow: "e8d030", green: "30a040", teal: "209090", blue: "2050d0",
  purple: "8030b0", pink: "e070a0", brown: "805030", black: "101010", gray: "808080", white: "f4f4f4",
};
const UNITS = /** @type {Record<string, number>} */ ({ "": 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9 });
const SORTS = /** @type {Record<string, string>} */ ({
  newest: "sort=created&order=desc",
  oldest: "sort=created&order=asc",
  largest: "sort=size&order=desc",
  smallest: "sort=size&order=asc",
});
export const ORDERS = Object.keys(SORTS);
const STATES = new Set(["ready", "quarantined", "deleted"]);

/**
 * @typedef {{text: string, name: string, value: string}} Word One word of the search; name '' = free text.
 */

/** @param {string} text @returns {Word[]} */
export function words(text) {
  const found = text.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return found.map((raw) => {
    const pair = /^(tag|type|alias|color|after|before|state|is):(.+)$/i.exec(raw);
    if (pair) return { text: raw, name: pair[1].toLowerCase(), value: pair[2].replaceAll('"', "") };
    const size = /^([<>])(\d+(?:\.\d+)?)(b|kb|mb|gb)$/i.exec(raw);
    if (size) return { text: raw, name: size[1] === ">" ? "min_size" : "max_size", value: String(Math.round(Number(size[2]) * UNITS[size[3].toLowerCase()])) };
    const side = /^([wh])([<>])(\d+)$/i.exec(raw);
    if (side) return { text: raw, name: `${side[2] === ">" ? "min" : "max"}_${side[1].toLowerCase() === "w" ? "width" : "height"}`, value: side[3] };
    return { text: raw, name: "", value: raw.replaceAll('"', "") };
  });
}

/** @param {string} value */
function mediaType(value) {
  const name = value.toLowerCase();
  if (name.includes("/")) return name;
  return `image/${/** @type {Record<string, string>} */ ({ jpg: "jpeg", svg: "svg+xml", tif: "tiff" })[name] ?? name}`;
}

/**
 * @param {string} text The search.
 * @param {string} order One of ORDERS.
 * @returns {string} The query, without a place.
 */
export function parameters(text, order) {
  const query = new URLSearchParams(SORTS[order] ?? SORTS.newest);
  const free = [];
  query.set("state", "ready");
  for (const word of words(text)) {
    if (word.name === "") free.push(word.value);
    else if (word.name === "type") query.set("type", mediaType(word.value));
    else if (word.name === "color") query.set("color", COLORS[word.value.toLowerCase()] ?? word.value.replace("#", ""));
    else if (word.name === "after") query.set("since", word.value);
    else if (word.name === "state") query.set("state", STATES.has(word.value) ? word.value : "ready");
    else if (word.name === "is") { if (word.value === "unnamed") query.set("unnamed", "true"); }
    else query.set(word.name, word.value);
  }
  if (free.length) query.set("q", free.join(" "));
  return query.toString();
}

/** What a select offers of the states; '' = all that are ready. */
export const SHOWN = ["", "is:unnamed", "state:deleted", "state:quarantined"];

/** @param {string} text @returns {string} One of SHOWN. */
export const shown = (text) => words(text).map((each) => each.text).find((each) => SHOWN.includes(each)) ?? "";

/** @param {string} text @param {string} state One of SHOWN. @returns {string} The search with that one. */
export function withShown(text, state) {
  return [...words(text).map((each) => each.text).filter((each) => !SHOWN.includes(each)), state].filter(Boolean).join(" ");
}

/** @param {string} text @param {Word} word @returns {string} The search without one word. */
export function without(text, word) {
  return words(text).filter((each) => each.text !== word.text).map((each) => each.text).join(" ");
}
