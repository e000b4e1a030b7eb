// A film or sound: the player, a timeline with frames and the waveform, a part chosen by dragging, a poster.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { sign } from "../api.js";
import { html } from "../html.js";
import { href } from "../router.js";
import { t } from "../text.js";
import { fail, notify } from "../ui/notices.js";
import { attachStream } from "./stream.js";

/** @typedef {import("../api.js").Asset} Asset */

const COLUMNS = 10;
const TILES = COLUMNS * COLUMNS;
const TILE_WIDTH = 160;
/** Seconds of a film up to which a browser gets it as one file; a longer one takes too long for one request. */
const SHORT = 20;

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const rest = `${Math.floor(whole / 60) % 60}`.padStart(whole >= 3600 ? 2 : 1, "0");
  return `${whole >= 3600 ? `${Math.floor(whole / 3600)}:` : ""}${rest}:${`${whole % 60}`.padStart(2, "0")}.${Math.floor((seconds * 10) % 10)}`;
}

/** @param {number} seconds */
const rounded = (seconds) => Math.round(seconds * 10) / 10;

/** @param {{asset: Asset, source: string}} props */
export function Media({ asset, source }) {
  const facts = /** @type {import("../api.js").Facts} */ (asset.facts);
  const isFilm = facts.media_type.startsWith("video/");
  const length = (facts.duration_ms ?? 0) / 1000;
  const hasSound = !isFilm || (facts.streams ?? []).some((each) => each.type === "audio");
  const tileHeight = isFilm ? Math.max(2, 2 * Math.round((TILE_WIDTH * facts.height) / facts.width / 2)) : 0;
  const urls = useSignal(/** @type {Record<string, string>} */ ({}));
  const player = useRef(/** @type {HTMLMediaElement | null} */ (null));
  const bar = useRef(/** @type {HTMLDivElement | null} */ (null));
  const now = useSignal(0);
  const hover = useSignal(/** @type {number | null} */ (null));
  const part = useSignal(/** @type {{start: number, end: number}} */ ({ start: 0, end: Math.min(length, 5) }));
  const pressed = useRef(/** @type {number | null} */ (null));

  useEffect(() => {
    const abort = new AbortController();
    /** @type {Record<string, import("../api.js").PreviewItem>} */
    const wanted = {
      stream: { source, options: [], format: "m3u8" },
      file: { source, options: [], format: isFilm ? "mp4" : "m4a" },
      ...(isFilm ? {
        poster: { source, options: ["vts:auto", "rs:fit:1100:700"], format: "webp" },
        tiles: { source, options: [`vtt:-1:${COLUMNS}:${COLUMNS}:${TILE_WIDTH}:${tileHeight}`], format: "jpg" },
      } : {}),
      ...(hasSound ? { waveform: { source, options: ["wf:0"], format: "svg" } } : {}),
    };
    sign(Object.values(wanted), abort.signal)
      .then((signed) => { urls.value = Object.fromEntries(Object.keys(wanted).map((name, index) => [name, signed[index].url ?? ""])); })
      .catch(fail);
    return () => abort.abort();
  }, [source]);

  /** @param {PointerEvent} event */
  function timeOf(event) {
    const area = /** @type {HTMLDivElement} */ (bar.current).getBoundingClientRect();
    return length * Math.min(1, Math.max(0, (event.clientX - area.left) / area.width));
  }
  /** @param {number} time */
  const seek = (time) => { if (player.current) player.current.currentTime = time; now.value = time; };
  /** @param {PointerEvent} event */
  function onMove(event) {
    const time = timeOf(event);
    hover.value = time;
    if (pressed.current === null || !(event.buttons & 1)) return;
    part.value = { start: rounded(Math.min(pressed.current, time)), end: rounded(Math.max(pressed.current, time)) };
  }
  /** @param {PointerEvent} event */
  function onDown(event) {
    bar.current?.setPointerCapture(event.pointerId);
    pressed.current = timeOf(event);
    seek(pressed.current);
  }
  /** @param {"start" | "end"} name @param {number} time */
  function mark(name, time) {
    const next = { ...part.value, [name]: rounded(Math.min(length, Math.max(0, time))) };
    part.value = next.end >= next.start ? next : { start: next[name], end: next[name] };
  }
  /** @param {string[]} options @param {string} format */
  const copy = async (options, format) => {
    const [signed] = await sign([{ source, options, format }]);
    if (!signed.url) throw new Error(signed.detail);
    await navigator.clipboard.writeText(signed.url);
    notify(t("copied"));
  };

  const percent = (/** @type {number} */ time) => `${length ? (100 * time) / length : 0}%`;
  const clip = [`clip:${part.value.start}:${rounded(part.value.end - part.value.start)}`];
  const poster = [`vts:${rounded(now.value)}`];
  const extension = isFilm ? "mp4" : "m4a";
  const play = (/** @type {string[]} */ options, /** @type {string} */ format) => href(`/playground?${new URLSearchParams([["source", source], ...options.map((each) => ["o", each]), ["format", format]])}`);
  const isStream = length > SHORT;
  useEffect(() => (isStream && player.current && urls.value.stream ? attachStream(player.current, urls.value.stream) : undefined), [urls.value.stream]);
  const sources = !isStream && urls.value.file && html`<source src=${urls.value.file} type=${isFilm ? "video/mp4" : "audio/mp4"} />`;
  const onTime = () => { now.value = player.current?.currentTime ?? 0; };
  const tile = hover.value === null || !length ? 0 : Math.min(TILES - 1, Math.floor((hover.value / length) * TILES));
  return html`<div class="media" aria-busy=${urls.value.file === undefined ? "true" : null}>
    ${isFilm
      ? html`<video ref=${player} key=${urls.value.file} class="frame" controls preload="none" poster=${urls.value.poster || null} onTimeUpdate=${onTime}
          style=${{ aspectRatio: `${facts.width} / ${facts.height}` }} aria-label=${asset.filename || t("media.film")}>${sources}</video>`
      : html`<audio ref=${player} key=${urls.value.file} controls preload="none" onTimeUpdate=${onTime} aria-label=${asset.filename || t("media.sound")}>${sources}</audio>`}
    ${length > 0 && html`<div class="timeline" ref=${bar} onPointerDown=${onDown} onPointerMove=${onMove} onPointerUp=${() => { pressed.current = null; }} onPointerLeave=${() => { hover.value = null; }}>
      ${urls.value.waveform && html`<img class="waveform" src=${urls.value.waveform} alt="" draggable=${false} />`}
      <div class="part" style=${{ left: percent(part.value.start), width: percent(part.value.end - part.value.start) }}></div>
      <div class="cursor" style=${{ left: percent(now.value) }}></div>
      ${hover.value !== null && html`<div class="peek" style=${{ left: isFilm ? `clamp(${TILE_WIDTH / 2 + 2}px, ${percent(hover.value)}, calc(100% - ${TILE_WIDTH / 2 + 2}px))` : percent(hover.value) }}>
        ${urls.value.tiles && html`<div style=${{ width: `${TILE_WIDTH}px`, height: `${tileHeight}px`, backgroundImage: `url("${urls.value.tiles}")`, backgroundPosition: `-${(tile % COLUMNS) * TILE_WIDTH}px -${Math.floor(tile / COLUMNS) * tileHeight}px` }}></div>`}
        ${clock(hover.value)}</div>`}
    </div>
    <input class="wide-range" type="range" min="0" max=${length} step="0.1" value=${now} aria-label=${t("media.place")} aria-valuetext=${clock(now.value)} onInput=${(/** @type {any} */ event) => seek(Number(event.target.value))} />
    <p class="faint small">${t("media.help")}</p>
    <fieldset class="option"><legend>${t("media.clip")}</legend>
      <div class="fields">
        <label>${t("media.start")}<input type="number" min="0" max=${length} step="0.1" value=${part.value.start} onChange=${(/** @type {any} */ event) => mark("start", Number(event.target.value))} /></label>
        <label>${t("media.end")}<input type="number" min="0" max=${length} step="0.1" value=${part.value.end} onChange=${(/** @type {any} */ event) => mark("end", Number(event.target.value))} /></label></div>
      <p class="buttons"><button onClick=${() => mark("start", now.value)}>${t("media.from_here")}</button><button onClick=${() => mark("end", now.value)}>${t("media.to_here")}</button>
        <button disabled=${part.value.end <= part.value.start} onClick=${() => copy(clip, extension).catch(fail)}>${t("copy_url")}</button>
        ${part.value.end > part.value.start && html`<a class="button" href=${play(clip, extension)}>${t("nav.playground")}</a>`}</p></fieldset>
    ${isFilm && html`<fieldset class="option"><legend>${t("media.poster")}</legend>
      <p class="small">${t("media.poster_at", { time: clock(now.value) })}</p>
      <p class="buttons"><button onClick=${() => copy([...poster, "rs:fit:1280"], "jpg").catch(fail)}>${t("copy_url")}</button><a class="button" href=${play([...poster, "rs:fit:640"], "webp")}>${t("nav.playground")}</a></p></fieldset>`}`}
  </div>`;
}
