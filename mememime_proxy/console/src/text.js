// Texts by key, in the language of the browser; numbers, sizes and dates as that language writes them.
import { signal } from "@preact/signals";
import de from "./texts/de.json";
import en from "./texts/en.json";

/** @type {Record<string, Record<string, string>>} */
const TABLES = { en, de };
const stored = localStorage.getItem("language");
const preferred = stored ?? navigator.languages.map((each) => each.slice(0, 2)).find((each) => each in TABLES) ?? "en";

export const language = signal(preferred in TABLES ? preferred : "en");

/** @param {string} name */
export function setLanguage(name) {
  localStorage.setItem("language", name);
  language.value = name;
}

/**
 * @param {keyof typeof en} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = TABLES[language.value][key] ?? en[key];
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : (value ?? whole);
  });
}

/** @param {number} value */
export const number = (value) => new Intl.NumberFormat(language.value).format(value);

/** @param {number} bytes */
export function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let step = 0;
  let value = bytes;
  while (value >= 1000 && step < units.length - 1) {
    value /= 1000;
    step += 1;
  }
  return new Intl.NumberFormat(language.value, {
    style: "unit",
    unit: units[step],
    maximumFractionDigits: value < 10 && step ? 1 : 0,
  }).format(value);
}

/** @param {string} time RFC 3339. @param {boolean} [withTime] */
export function date(time, withTime = false) {
  return new Intl.DateTimeFormat(language.value, {
    dateStyle: "medium",
    timeStyle: withTime ? "short" : undefined,
  }).format(new Date(time));
}
