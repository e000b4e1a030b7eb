// What an asset is called where it has no alias.
import { t } from "./text.js";

/** Minutes and seconds. @param {number} seconds */
function minutes(seconds) {
  const whole = Math.round(seconds);
  const hours = whole >= 3600 ? `${Math.floor(whole / 3600)}:` : "";
  return `${hours}${`${Math.floor(whole / 60) % 60}`.padStart(hours ? 2 : 1, "0")}:${`${whole % 60}`.padStart(2, "0")}`;
}

/** The name of its file, else the title in a film or sound, else what it is. @param {import("./api.js").Asset} asset */
export function title(asset) {
  if (asset.filename) return asset.filename;
  const own = asset.facts?.exif?.title;
  if (own) return String(own);
  if (!asset.facts?.streams?.length) return asset.sha256.slice(0, 12);
  return `${t(asset.media_type?.startsWith("audio/") ? "title.sound" : "title.film")} · ${minutes((asset.facts.duration_ms ?? 0) / 1000)}`;
}
