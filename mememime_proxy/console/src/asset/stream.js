// A stream in a player: by hls.js where the browser has Media Source Extensions, else by the browser itself.
import { fail } from "../ui/notices.js";

const HLS = "/console/static/hls-1.7.4.js";

/** Play a stream from the moment that somebody plays or seeks. Return what detaches it. @param {HTMLMediaElement} player @param {string} url */
export function attachStream(player, url) {
  if (!("MediaSource" in window || "ManagedMediaSource" in window)) {
    player.src = url;
    return () => {};
  }
  /** @type {any} */
  let hls = null;
  let isDetached = false;
  const start = () => hls?.startLoad();
  const load = async () => {
    await import(HLS);
    if (isDetached) return;
    const { Hls } = /** @type {any} */ (window);
    hls = new Hls({ enableWorker: false, autoStartLoad: false });
    hls.on(Hls.Events.ERROR, (/** @type {string} */ _, /** @type {any} */ data) => { if (data.fatal) fail(new Error(data.details)); });
    hls.loadSource(url);
    hls.attachMedia(player);
    player.addEventListener("play", start, { once: true });
    player.addEventListener("seeking", start, { once: true });
  };
  load().catch(fail);
  return () => {
    isDetached = true;
    player.removeEventListener("play", start);
    player.removeEventListener("seeking", start);
    hls?.destroy();
  };
}
