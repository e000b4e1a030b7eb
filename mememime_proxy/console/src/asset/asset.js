// One asset: its picture, what is known of it, its names, what looks like it.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { BASE, get, request, session, sign } from "../api.js";
import { title } from "../asset_title.js";
import { copySrcset, copyUrl, iterate, remove } from "../gallery/actions.js";
import { html } from "../html.js";
import { go, href, place } from "../router.js";
import { date, number, size, t } from "../text.js";
import { thumbHashUrl } from "../thumb_hash.js";
import { Dialog } from "../ui/dialog.js";
import { fail, notify, sentence } from "../ui/notices.js";
import { Histogram, Palette } from "./colors.js";
import { clock, Media } from "./media.js";

/** @typedef {import("../api.js").Asset} Asset */
/** @typedef {import("../api.js").Alias} Alias */

/** @param {string} text */
async function copy(text) {
  await navigator.clipboard.writeText(text);
  notify(t("copied"));
}

/** @param {{name: string, children?: any}} props */
const Row = ({ name, children }) => html`<div class="fact"><dt>${name}</dt><dd>${children}</dd></div>`;

/** What pages show until the picture has come, as an address and as CSS. @param {{hash: string, color: string}} props */
function Placeholder({ hash, color }) {
  const url = useMemo(() => thumbHashUrl(hash), [hash]);
  const css = `background: ${color ? `${color} ` : ""}url("${url}") center / 100% 100% no-repeat;`;
  return html`<span class="placeholder"><img src=${url} alt="" /> <button class="link" onClick=${() => copy(url).catch(fail)}>${t("placeholder.uri")}</button>
    <button class="link" onClick=${() => copy(css).catch(fail)}>${t("placeholder.css")}</button></span>`;
}

/** @param {{asset: Asset}} props */
function Facts({ asset }) {
  const facts = asset.facts;
  const exif = Object.entries(facts?.exif ?? {});
  return html`<dl class="facts">
    ${asset.filename && html`<${Row} name=${t("fact.filename")}>${asset.filename}<//>`}
    ${facts && facts.width > 0 && html`<${Row} name=${t("fact.sides")}>${number(facts.width)} × ${number(facts.height)}<//>`}
    <${Row} name=${t("fact.size")}>${size(asset.size)}${asset.stored_size && asset.stored_size !== asset.size ? ` (${t("fact.stored", { size: size(asset.stored_size) })})` : ""}<//>
    <${Row} name=${t("fact.type")}>${asset.media_type}<//>
    <${Row} name=${t("fact.created")}>${date(asset.created, true)}<//>
    ${facts && !facts.streams?.length && (facts.frames ?? 1) > 1 && html`<${Row} name=${t("fact.frames")}>${number(facts.frames ?? 1)}, ${number((facts.duration_ms ?? 0) / 1000)} s<//>`}
    ${(facts?.streams ?? []).length > 0 && html`<${Row} name=${t("fact.length")}>${clock((facts?.duration_ms ?? 0) / 1000)}<//>
      ${facts?.streams?.map((each) => html`<${Row} name=${t(/** @type {any} */ (`stream.${each.type}`))}>${[each.codec, each.fps ? `${number(Math.round(100 * each.fps) / 100)} fps` : "", each.frequency ? `${number(each.frequency)} Hz` : "", each.bps ? `${number(Math.round(each.bps / 1000))} kbit/s` : "", each.language === "und" ? "" : each.language].filter(Boolean).join(", ")}<//>`)}`}
    ${facts?.color_space && html`<${Row} name=${t("fact.color_space")}>${facts.color_space}, ${facts.depth ?? 8} bit${facts.has_alpha ? `, ${t("fact.alpha")}` : ""}<//>`}
    ${facts?.dominant_color && html`<${Row} name=${t("fact.color")}><span class="swatch" style=${{ backgroundColor: facts.dominant_color }}></span> <code>${facts.dominant_color}</code><//>`}
    ${(facts?.palette ?? []).length > 0 && html`<${Row} name=${t("fact.palette")}><${Palette} colors=${facts?.palette} /><//>`}
    ${facts?.histogram && html`<${Row} name=${t("fact.histogram")}><${Histogram} histogram=${facts.histogram} /><//>`}
    ${exif.map(([name, value]) => html`<${Row} name=${t(/** @type {any} */ (`exif.${name}`))}>${name === "exposure_time" && Number(value) < 1 ? `1/${Math.round(1 / Number(value))}` : String(value)}<//>`)}
    <${Row} name="SHA-256"><code class="break">${asset.sha256}</code> <button class="link" onClick=${() => copy(asset.sha256).catch(fail)}>${t("copy")}</button><//>
    ${facts?.blurhash && html`<${Row} name="BlurHash"><code class="break">${facts.blurhash}</code> <button class="link" onClick=${() => copy(facts.blurhash ?? "").catch(fail)}>${t("copy")}</button><//>`}
    ${facts?.thumbhash && html`<${Row} name="ThumbHash"><code class="break">${facts.thumbhash}</code> <button class="link" onClick=${() => copy(facts.thumbhash ?? "").catch(fail)}>${t("copy")}</button><//>`}
    ${facts?.thumbhash && html`<${Row} name=${t("fact.placeholder")}><${Placeholder} hash=${facts.thumbhash} color=${facts.dominant_color ?? ""} /><//>`}
  </dl>`;
}

/** @param {{asset: Asset, aliases: Alias[], field: {current: HTMLInputElement | null}, onChange: () => void}} props */
function Names({ asset, aliases, field, onChange }) {
  const name = useSignal("");
  const error = useSignal("");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    error.value = "";
    try {
      const path = name.value.trim().split("/").map(encodeURIComponent).join("/");
      await request("PUT", `/aliases/${path}`, { json: { sha256: asset.sha256 }, headers: { "If-None-Match": "*" } });
      name.value = "";
      onChange();
    } catch (problem) {
      error.value = sentence(problem);
    }
  };
  return html`<section aria-labelledby="names"><h2 id="names">${t("asset.names")}</h2>
    ${aliases.length
      ? html`<ul class="names">${aliases.map((each) => html`<li><a href=${href(`/aliases/${encodeURI(each.name)}`)}>${each.name}</a>
          <span class="faint">v${each.version}</span> ${each.tags.map((tag) => html`<a class="tag" href=${href(`/?q=${encodeURIComponent(`tag:${tag}`)}`)}>${tag}</a>`)}</li>`)}</ul>`
      : asset.state === "ready" && html`<p class="faint">${t("asset.unnamed")}</p>`}
    ${session.value?.role !== "read" && asset.state === "ready" && html`<form class="line" onSubmit=${submit}>
      <label>${t("asset.name")}<input ref=${field} value=${name} placeholder=${`${session.value?.prefix || "shop/"}…`} spellcheck=${false} aria-describedby="name-error"
        onInput=${(/** @type {any} */ event) => { name.value = event.target.value; }} /></label>
      <button class="primary" disabled=${!name.value.trim()}>${t("asset.give_name")}</button></form>
      <p id="name-error" class="error" role="alert">${error}</p>`}
  </section>`;
}

/** @param {{asset: Asset}} props */
function Alike({ asset }) {
  const found = useSignal(/** @type {{asset: Asset, distance: number, mirrored: boolean, url: string}[] | null} */ (null));
  useEffect(() => {
    const abort = new AbortController();
    const load = async () => {
      const { assets } = await get(`/assets/${asset.sha256}/alike?limit=12`, abort.signal);
      const urls = assets.length
        ? await sign(assets.map((/** @type {any} */ each) => ({ source: `asset://${each.asset.sha256}`, options: ["rs:fill:240:240", "g:sm"], format: "webp" })), abort.signal)
        : [];
      found.value = assets.map((/** @type {any} */ each, /** @type {number} */ number_) => ({ ...each, url: urls[number_].url ?? "" }));
    };
    load().catch(fail);
    return () => abort.abort();
  }, [asset.sha256]);
  if (!found.value?.length) return null;
  return html`<section aria-labelledby="alike"><h2 id="alike">${t("asset.alike")}</h2><ul class="strip">
    ${found.value.map((each) => html`<li><a href=${href(`/assets/${each.asset.sha256}`)}><img src=${each.url || null} width="120" height="120" alt=${title(each.asset)} />
      <span class="faint">${each.mirrored ? t("asset.mirrored") : t("asset.distance", { distance: each.distance })}</span></a></li>`)}</ul></section>`;
}

export function AssetPage() {
  const sha256 = place.value.path.slice("/assets/".length);
  const asset = useSignal(/** @type {Asset | null} */ (null));
  const aliases = useSignal(/** @type {Alias[]} */ ([]));
  const url = useSignal(/** @type {string | null} */ (null));
  const error = useSignal(/** @type {unknown} */ (null));
  const asks = useSignal(false);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));

  /** Names have focal points: go to the first one's, or have one given. */
  const setFocus = () => {
    if (aliases.value.length) go(`/aliases/${encodeURI(aliases.value[0].name)}?focus=1`);
    else { field.current?.focus(); notify(t("asset.name_first")); }
  };
  const load = async () => {
    const [facts, names] = await Promise.all([get(`/assets/${sha256}`), get(`/assets/${sha256}/aliases`)]);
    asset.value = facts;
    aliases.value = names.aliases;
    if (facts.state === "ready" && !facts.facts?.streams?.length) {
      const width = Math.min(1600, Math.round(Math.min(innerWidth, 1100) * Math.min(2, devicePixelRatio || 1)));
      const [signed] = await sign([{ source: `asset://${sha256}`, options: [`rs:fit:${width}:${width}`], format: "webp" }]);
      url.value = signed.url ?? "";
      if (signed.detail) fail(new Error(signed.detail));
    }
  };
  const reload = () => { load().catch((problem) => { error.value = problem; }); };
  useEffect(() => {
    load().then(() => { if (place.value.query.has("focus")) setFocus(); }, (problem) => { error.value = problem; });
  }, [sha256]);

  if (error.value) return html`<main class="page" id="main" tabindex="-1"><h1>${t("error.title")}</h1><p role="alert">${sentence(error.value)}</p><p><a href=${href("/")}>${t("nav.gallery")}</a></p></main>`;
  if (!asset.value) return html`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${t("gallery.loading")}</h1></main>`;
  const found = asset.value;
  const facts = found.facts;
  const isMedia = (facts?.streams ?? []).length > 0;
  const writes = session.value?.role !== "read";
  return html`<main class="page asset" id="main" tabindex="-1">
    <p><a href=${href("/")}>← ${t("nav.gallery")}</a></p>
    <h1>${found.filename || aliases.value[0]?.name || title(found)}</h1>
    ${found.state !== "ready" && html`<p class="state" role="status">${t(/** @type {any} */ (`state.${found.state}`))}${found.reason ? `: ${found.reason}` : ""}</p>`}
    <div class="two">
      <div>
        ${isMedia && found.state === "ready"
          ? html`<${Media} asset=${found} source=${aliases.value[0] ? `alias://${aliases.value[0].name}` : `asset://${sha256}`} />`
          : html`<div class="frame" aria-busy=${found.state === "ready" && url.value === null ? "true" : null} style=${{ backgroundColor: facts?.dominant_color ?? "", aspectRatio: facts ? `${facts.width} / ${facts.height}` : "", maxWidth: facts?.width ? `${facts.width}px` : "" }}>
            ${url.value && html`<img src=${url.value} width=${facts?.width} height=${facts?.height} alt=${found.filename || t("asset.picture")} />`}
          </div>`}
        <p class="actions">
          ${found.state === "ready" && html`${!isMedia && html`<button class="primary" onClick=${() => copyUrl(found).catch(fail)}>${t("copy_url")}</button>
            <button onClick=${() => copySrcset(found).catch(fail)}>${t("copy_srcset")}</button>
            ${writes && html`<button onClick=${setFocus}>${t("focus.title")}</button>`}
            <a class="button" href=${href(`/playground?source=${encodeURIComponent(aliases.value[0] ? `alias://${aliases.value[0].name}` : `asset://${sha256}`)}&o=rs:fill:480:320&o=g:sm`)}>${t("nav.playground")}</a>`}
            <a class="button" download=${found.filename || found.sha256.slice(0, 12)} href=${`${BASE}/assets/${sha256}/content`}>${t("download")}</a>`}
          ${writes && found.state === "deleted" && html`<button class="primary" onClick=${() => request("POST", `/assets/${sha256}/restore`).then(reload, fail)}>${t("restore")}</button>`}
          ${writes && (found.state === "ready" || found.state === "quarantined") && html`<button class="danger" onClick=${() => { asks.value = true; }}>${t("delete")}</button>`}
        </p>
        ${facts?.phash && html`<${Alike} asset=${found} />`}
      </div>
      <div>
        <${Names} asset=${found} aliases=${aliases.value} field=${field} onChange=${reload} />
        <section aria-labelledby="facts"><h2 id="facts">${t("asset.facts")}</h2><${Facts} asset=${found} /></section>
      </div>
    </div>
    ${asks.value && html`<${Dialog} title=${t("alias.delete_title", { name: found.filename || found.sha256.slice(0, 12) })} onClose=${() => { asks.value = false; }}>
      <p>${t(aliases.value.length ? "delete.help_named" : "delete.help", { days: Math.round((session.value?.delete_grace ?? 0) / 86400), names: aliases.value.map((each) => each.name).join(", ") })}</p>
      <p class="actions"><button onClick=${() => { asks.value = false; }}>${t("cancel")}</button>
        <button class="danger" autofocus onClick=${() => { asks.value = false; remove(iterate([found]), reload, aliases.value).catch(fail); }}>${t("delete")}</button></p>
    <//>`}
  </main>`;
}
