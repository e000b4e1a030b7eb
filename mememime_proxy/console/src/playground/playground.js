// The playground: a source, options by form, the result with its bytes, beside another one, and code for it.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { get, hasPicture, request, sign } from "../api.js";
import { title } from "../asset_title.js";
import { html } from "../html.js";
import { go, href, place } from "../router.js";
import { number, size, t } from "../text.js";
import { Compare } from "../ui/compare.js";
import { marked } from "../ui/marked.js";
import { fail, sentence } from "../ui/notices.js";
import { Code } from "./code.js";
import { OptionForm } from "./option_form.js";

/**
 * @typedef {{status: number, headers: Record<string, string>, bytes: number, milliseconds: number, text: string}} Answer
 * @typedef {{url: string, answer?: Answer, code?: string, detail?: string, cause?: string, remedy?: string}} Result
 * @typedef {{asset: import("../api.js").Asset, source: string, url: string}} Recent
 */

const DELAY = 250;
const BROWSER = "image/avif,image/webp,image/png,image/*;q=0.8,*/*;q=0.5";
const FORMATS = ["", "jpg", "webp", "avif", "jxl", "png", "gif", "tiff", "mp4", "webm", "json"];
const FIRST = ["rs:fill:480:320", "g:sm"];

/** @param {URLSearchParams} query */
function read(query) {
  return { source: query.get("source") ?? "", options: query.getAll("o"), format: query.get("format") ?? "" };
}

/** @param {Partial<{source: string, options: string[], format: string, pin: string}>} part */
function change(part) {
  const query = place.value.query;
  const now = { ...read(query), pin: query.get("pin") ?? "", ...part };
  const next = new URLSearchParams();
  if (now.source) next.set("source", now.source);
  for (const each of now.options) next.append("o", each);
  if (now.format) next.set("format", now.format);
  if (now.pin) next.set("pin", now.pin);
  go(`/playground${next.size ? `?${next}` : ""}`, { replace: true });
}

/** A request as one text, and back. @param {{options: string[], format: string}} wanted */
const packed = (wanted) => `${wanted.options.join("/")}@${wanted.format}`;
/** @param {string} text */
function unpacked(text) {
  const at = text.lastIndexOf("@");
  return { options: text.slice(0, at).split("/").filter(Boolean), format: text.slice(at + 1) };
}

/** @param {{source: string, options: string[], format: string}} wanted @param {AbortSignal} abort @returns {Promise<Result>} */
async function make(wanted, abort) {
  const [signed] = await sign([wanted], abort);
  if (!signed.url) return { url: "", code: signed.code, detail: signed.detail };
  const found = await request("POST", "/explain", { json: { url: signed.url, accept: BROWSER, ask: true }, signal: abort });
  /** @type {Result} */
  const result = { url: signed.url, answer: found.answer };
  if (found.answer.status >= 400) {
    result.code = `${found.answer.status} ${found.errors[0]?.code ?? ""}`.trim();
    result.detail = found.answer.text;
    result.cause = found.errors[0]?.cause;
    result.remedy = found.errors[0]?.remedy;
  }
  return result;
}

/** The result of a request; undefined while there is none yet. @param {string} source @param {{options: string[], format: string} | null} wanted */
function useResult(source, wanted) {
  const result = useSignal(/** @type {Result | undefined} */ (undefined));
  const busy = useSignal(false);
  const key = wanted && source ? `${source} ${packed(wanted)}` : "";
  useEffect(() => {
    if (!key || !wanted) { result.value = undefined; return; }
    const abort = new AbortController();
    busy.value = true;
    const timer = setTimeout(() => {
      make({ source, ...wanted }, abort.signal)
        .then((made) => { result.value = made; busy.value = false; })
        .catch((error) => { if (!abort.signal.aborted) { result.value = { url: "", detail: sentence(error) }; busy.value = false; } });
    }, result.value ? DELAY : 0);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [key]);
  return { result: result.value, busy: busy.value };
}

/** @param {{result: Result, onSides: (sides: [number, number]) => void}} props */
function Shown({ result, onSides }) {
  const type = result.answer?.headers["Content-Type"] ?? "";
  if (type.startsWith("video/")) return html`<video class="result" src=${result.url} controls muted></video>`;
  if (type.startsWith("audio/")) return html`<audio src=${result.url} controls></audio>`;
  if (!type.startsWith("image/")) return html`<p><a href=${result.url} target="_blank" rel="noreferrer">${type || t("playground.result")}</a></p>`;
  return html`<img class="result" src=${result.url} alt=${t("playground.result")} onLoad=${(/** @type {any} */ event) => onSides([event.target.naturalWidth, event.target.naturalHeight])} />`;
}

/** @param {{name: string, result: Result, sides: [number, number] | null, other?: Result}} props */
function Facts({ name, result, sides, other }) {
  if (!result.answer) return null;
  const share = other?.answer ? (100 * (result.answer.bytes - other.answer.bytes)) / other.answer.bytes : null;
  return html`<p class="figures"><strong>${name}</strong>
    ${sides && html`<span>${number(sides[0])} × ${number(sides[1])}</span>`}
    <span>${size(result.answer.bytes)}${share === null ? "" : ` (${share > 0 ? "+" : ""}${number(Math.round(share))} %)`}</span>
    <span>${result.answer.headers["Content-Type"]}</span>
    <span title=${result.answer.headers["Server-Timing"] ?? ""}>${number(Math.round(result.answer.milliseconds))} ms</span></p>`;
}

/** @param {{result: Result}} props */
function Failure({ result }) {
  return html`<div class="refusal" role="alert"><p><strong>${result.code}</strong> ${result.detail}</p>
    ${result.cause && html`<p>${marked(result.cause)}</p>`}${result.remedy && html`<p class="faint">${marked(result.remedy)}</p>`}
    ${result.url && html`<p><a href=${href(`/explain?url=${encodeURIComponent(result.url)}`)}>${t("playground.explain")}</a></p>`}</div>`;
}

/** @param {{source: string, onChoose: (source: string) => void}} props */
function Sources({ source, onChoose }) {
  const recent = useSignal(/** @type {Recent[]} */ ([]));
  const none = useSignal(false);
  const busy = useSignal(true);
  useEffect(() => {
    const load = async () => {
      const found = await get("/assets?state=ready&sort=created&order=desc&limit=8&offset=0");
      const assets = found.assets.filter(hasPicture);
      none.value = !assets.length;
      if (!assets.length) return;
      const signed = await sign(assets.map((/** @type {any} */ each) => ({ source: `asset://${each.sha256}`, options: ["rs:fill:96:96", "g:sm"], format: "webp" })));
      recent.value = assets.map((/** @type {any} */ asset, /** @type {number} */ index) => ({ asset, source: `asset://${asset.sha256}`, url: signed[index].url ?? "" }));
      if (!read(place.value.query).source) change({ source: recent.value[0].source, options: read(place.value.query).options.length ? undefined : FIRST });
    };
    load().catch(fail).finally(() => { busy.value = false; });
  }, []);
  if (none.value) return html`<p>${t("gallery.empty")}. <a href=${href("/upload")}>${t("nav.upload")}</a></p>`;
  return html`<ul class="recent" aria-busy=${busy.value ? "true" : null} aria-label=${t("playground.recent")}>${recent.value.map((each) => html`<li><button class="plain" aria-pressed=${each.source === source} title=${title(each.asset)}
    onClick=${() => onChoose(each.source)}><img src=${each.url || null} width="48" height="48" alt=${title(each.asset)} /></button></li>`)}</ul>`;
}

export function Playground() {
  const query = place.value.query;
  const { source, options, format } = read(query);
  const pin = query.get("pin") ?? "";
  const table = useSignal(/** @type {import("./option_text.js").Option[] | null} */ (null));
  const error = useSignal(/** @type {unknown} */ (null));
  const sides = useSignal(/** @type {[number, number] | null} */ (null));
  const whole = useSignal(false);
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => { get("/options").then((answer) => { table.value = answer.options; }).catch((problem) => { error.value = problem; }); }, []);
  const { result, busy } = useResult(source, { options, format });
  const { result: other, busy: otherBusy } = useResult(source, pin ? unpacked(pin) : null);

  if (error.value) return html`<main class="page" id="main" tabindex="-1"><h1>${t("error.title")}</h1><p role="alert">${sentence(error.value)}</p></main>`;
  const shown = result?.answer && result.answer.status < 400 ? result : null;
  const isPicture = (/** @type {Result | null | undefined} */ each) => each?.answer?.headers["Content-Type"]?.startsWith("image/");
  return html`<main class="page wide" id="main" tabindex="-1" aria-busy=${table.value && !busy && !otherBusy ? null : "true"}>
    <h1>${t("nav.playground")}</h1>
    <div class="two bench">
      <div>
        <form class="line" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); change({ source: box.current?.value.trim() }); }}>
          <label>${t("playground.source")}<input ref=${box} key=${source} defaultValue=${source} spellcheck=${false} placeholder="alias://shop/cup"
            onChange=${(/** @type {any} */ event) => change({ source: event.target.value.trim() })} /></label>
          <label class="short">${t("playground.format")}<select value=${format} onChange=${(/** @type {any} */ event) => change({ format: event.target.value })}>
            ${(FORMATS.includes(format) ? FORMATS : [...FORMATS, format]).map((each) => html`<option value=${each}>${each || t("playground.negotiated")}</option>`)}</select></label>
        </form>
        <${Sources} source=${source} onChoose=${(/** @type {string} */ chosen) => change({ source: chosen })} />
        ${table.value && html`<${OptionForm} options=${table.value} texts=${options} onChange=${(/** @type {string[]} */ texts) => change({ options: texts })} />`}
      </div>
      <div class="stage">
        ${result && !shown && html`<${Failure} result=${result} />`}
        ${shown && html`<div class=${whole.value ? "sheet whole" : "sheet"}>${other && isPicture(other) && isPicture(shown) && other.url
          ? html`<${Compare} left=${other.url} right=${shown.url} names=${["A", "B"]} />`
          : html`<${Shown} result=${shown} onSides=${(/** @type {[number, number]} */ found) => { sides.value = found; }} />`}</div>
          ${other && html`<${Facts} name="A" result=${other} sides=${null} />`}
          <${Facts} name=${other ? "B" : ""} result=${shown} sides=${sides.value} other=${other} />
          <p class="actions">
            <button onClick=${() => change({ pin: packed({ options, format }) })}>${t(pin ? "playground.pin_again" : "playground.pin")}</button>
            ${pin && html`<button onClick=${() => change({ pin: "" })}>${t("playground.unpin")}</button>`}
            <button aria-pressed=${whole} onClick=${() => { whole.value = !whole.value; }}>${t("playground.pixels")}</button>
            <a class="button" href=${href(`/explain?url=${encodeURIComponent(shown.url)}`)}>${t("playground.explain")}</a></p>
          <${Code} wanted=${{ source, options, format }} url=${shown.url} sides=${sides.value} />`}
      </div>
    </div>
  </main>`;
}
