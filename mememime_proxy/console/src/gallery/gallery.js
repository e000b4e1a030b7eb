// The gallery: search, order, size of cells, the grid, and what is done to those that are selected.
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { get, session } from "../api.js";
import { title } from "../asset_title.js";
import { html } from "../html.js";
import { go, href, place } from "../router.js";
import { number, t } from "../text.js";
import { Dialog } from "../ui/dialog.js";
import { fail, sentence } from "../ui/notices.js";
import { changeTags, copyUrl, download, iterate, remove, restore } from "./actions.js";
import { Grid } from "./grid.js";
import { NameDialog } from "./name_dialog.js";
import { ORDERS, parameters, SHOWN, shown, withShown, without, words } from "./query.js";
import { Selection } from "./selection.js";
import { Store } from "./store.js";

/** @typedef {import("./store.js").Asset} Asset */
const KEYS = /** @type {const} */ (["search", "move", "open", "preview", "select", "all", "tag", "focus", "copy", "delete", "help"]);

/** @param {string} name @param {string} value */
function setQuery(name, value) {
  const query = new URLSearchParams(place.value.query);
  if (value) query.set(name, value);
  else query.delete(name);
  go(`/${query.size ? `?${query}` : ""}`, { replace: true });
}

/** @param {{store: Store, asset: Asset, onClose: () => void}} props */
function Preview({ store, asset, onClose }) {
  const url = useSignal("");
  useEffect(() => {
    const abort = new AbortController();
    import("../api.js").then(({ sign }) => sign([{ source: `asset://${asset.sha256}`, options: ["rs:fit:1600:1200"], format: "webp" }], abort.signal))
      .then(([signed]) => { url.value = signed.url ?? ""; }).catch(fail);
    return () => abort.abort();
  }, [asset]);
  return html`<${Dialog} title=${title(asset)} wide onClose=${onClose}>
    <img class="preview" src=${url.value || store.url(asset) || null} alt=${title(asset)} />
    <p><a class="button" href=${href(`/assets/${asset.sha256}`)}>${t("open")}</a></p>
  <//>`;
}

/** @param {{onClose: () => void, onApply: (add: string[], drop: string[]) => Promise<void>, count: number}} props */
function TagDialog({ onClose, onApply, count }) {
  const add = useSignal("");
  const drop = useSignal("");
  const busy = useSignal(false);
  const known = useSignal(/** @type {{tag: string, aliases: number}[]} */ ([]));
  useEffect(() => { get("/tags?limit=200").then((answer) => { known.value = answer.tags; }).catch(fail); }, []);
  const list = (/** @type {string} */ text) => text.split(",").map((each) => each.trim()).filter(Boolean);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    busy.value = true;
    await onApply(list(add.value), list(drop.value)).catch(fail);
    onClose();
  };
  return html`<${Dialog} title=${t("tags.title", { count })} onClose=${onClose}>
    <form onSubmit=${submit}>
      <p class="faint">${t("tags.help")}</p>
      <label>${t("tags.add")}<input list="known-tags" autofocus value=${add} onInput=${(/** @type {any} */ event) => { add.value = event.target.value; }} /></label>
      <label>${t("tags.remove")}<input list="known-tags" value=${drop} onInput=${(/** @type {any} */ event) => { drop.value = event.target.value; }} /></label>
      <datalist id="known-tags">${known.value.map((each) => html`<option value=${each.tag}>${number(each.aliases)}</option>`)}</datalist>
      <p class="actions"><button type="button" onClick=${onClose}>${t("cancel")}</button>
        <button class="primary" disabled=${busy.value || !(add.value.trim() || drop.value.trim())}>${t("apply")}</button></p>
    </form>
  <//>`;
}

/** @param {{onClose: () => void}} props */
function HelpDialog({ onClose }) {
  return html`<${Dialog} title=${t("keys.title")} onClose=${onClose}>
    <dl class="keys">${KEYS.map((key) => html`<dt><kbd>${t(`keys.${key}.keys`)}</kbd></dt><dd>${t(`keys.${key}`)}</dd>`)}</dl>
    <h3>${t("search.help_title")}</h3>
    <p><code>${t("search.example")}</code></p><p class="faint">${t("search.help")}</p>
  <//>`;
}

/** @param {{searched: boolean}} props */
function Empty({ searched }) {
  return html`<div class="empty">
    <h2>${searched ? t("gallery.none") : t("gallery.empty")}</h2>
    <p>${searched ? t("gallery.none_help") : t("gallery.empty_help")}</p>
    ${searched
      ? html`<button onClick=${() => setQuery("q", "")}>${t("search.clear")}</button>`
      : html`<a class="button primary" href=${href("/upload")}>${t("nav.upload")}</a>`}
  </div>`;
}

export function Gallery() {
  const query = place.value.query;
  const text = query.get("q") ?? "";
  const order = ORDERS.includes(query.get("sort") ?? "") ? /** @type {string} */ (query.get("sort")) : "newest";
  const cell = Math.min(320, Math.max(96, Number(query.get("size")) || (innerWidth < 600 ? 110 : 180)));
  const generation = useSignal(0);
  const selected = useMemo(() => new Selection(), []);
  const store = useMemo(() => new Store(parameters(text, order)), [text, order, generation.value]);
  useEffect(() => () => store.close(), [store]);
  useLayoutEffect(() => { selected.clear(); }, [store]);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const dialog = useSignal(/** @type {{kind: string, asset?: Asset} | null} */ (null));
  const canWrite = useComputed(() => session.value?.role !== "read");
  const close = () => { dialog.value = null; };
  const reload = () => { generation.value += 1; };
  const downloading = useSignal(false);
  const startDownload = () => {
    downloading.value = true;
    download(selected.each(store)).catch(fail).finally(() => { downloading.value = false; });
  };

  /** @param {KeyboardEvent} event @param {Asset} [asset] */
  function onKey(event, asset) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const chosen = selected.count.value > 0;
    if (event.key === "c" && asset) copyUrl(asset).catch(fail);
    else if (event.key === "e" && asset) go(`/assets/${asset.sha256}?focus=1`);
    else if (event.key === "t" && (chosen || asset)) { event.preventDefault(); dialog.value = { kind: "tags", asset: chosen ? undefined : asset }; }
    else if (event.key === "Delete" && (chosen || asset)) dialog.value = { kind: "delete", asset: chosen ? undefined : asset };
  }
  // In the same task as the page itself: an effect after the paint would miss a key that is pressed before it.
  useLayoutEffect(() => {
    /** @param {KeyboardEvent} event */
    const onWindowKey = (event) => {
      if (event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog")) return;
      if (event.key === "/") { event.preventDefault(); input.current?.focus(); }
      if (event.key === "?") dialog.value = { kind: "help" };
    };
    addEventListener("keydown", onWindowKey);
    return () => removeEventListener("keydown", onWindowKey);
  }, []);
  const targets = () => (dialog.value?.asset ? iterate([dialog.value.asset]) : selected.each(store));
  const chosenCount = dialog.value?.asset ? 1 : selected.count.value;

  const total = store.total.value;
  const error = store.error.value;
  return html`<main class="gallery" id="main" tabindex="-1" aria-busy=${total === null && !error ? "true" : null}>
    <h1 class="visually-hidden">${t("nav.gallery")}</h1>
    <div class="tools">
      <form role="search" onSubmit=${(/** @type {any} */ event) => { event.preventDefault(); setQuery("q", input.current?.value.trim() ?? ""); }}>
        <input ref=${input} type="search" key=${text} defaultValue=${text} aria-label=${t("search.label")} placeholder=${t("search.placeholder")}
          onSearch=${(/** @type {any} */ event) => setQuery("q", event.target.value.trim())} />
      </form>
      <label class="inline">${t("show")}<select value=${shown(text)} onChange=${(/** @type {any} */ event) => setQuery("q", withShown(text, event.target.value))}>
        ${SHOWN.map((each) => html`<option value=${each}>${t(/** @type {any} */ (`show.${each || "all"}`))}</option>`)}
      </select></label>
      <label class="inline">${t("order")}<select value=${order} onChange=${(/** @type {any} */ event) => setQuery("sort", event.target.value)}>
        ${ORDERS.map((each) => html`<option value=${each}>${t(/** @type {any} */ (`order.${each}`))}</option>`)}
      </select></label>
      <label class="inline size">${t("size")}<input type="range" min="96" max="320" step="8" value=${cell} onChange=${(/** @type {any} */ event) => setQuery("size", event.target.value)} /></label>
      <span class="faint count" role="status">${total === null ? "" : t(total === 1 ? "gallery.one" : "gallery.count", { count: total })}</span>
      <button class="icon" aria-label=${t("keys.title")} title=${t("keys.title")} onClick=${() => { dialog.value = { kind: "help" }; }}>?</button>
    </div>
    ${text && html`<ul class="chips" aria-label=${t("search.chips")}>${words(text).map((word) => html`<li class="chip">${word.text}
      <button aria-label=${t("search.remove", { word: word.text })} onClick=${() => setQuery("q", without(text, word))}>×</button></li>`)}</ul>`}
    ${selected.count.value > 0 && html`<div class="selection" role="region" aria-label=${t("bulk.label")}>
      <strong>${t("bulk.count", { count: selected.count.value })}</strong>
      <button onClick=${() => selected.selectAll(total ?? 0)}>${t("bulk.all")}</button>
      <button onClick=${() => selected.clear()}>${t("bulk.clear")}</button>
      <span class="space"></span>
      ${canWrite.value && shown(text) === "state:deleted" && html`<button onClick=${() => restore(selected.each(store), reload).catch(fail)}>${t("restore")}</button>`}
      ${shown(text) !== "state:deleted" && html`<button disabled=${downloading} onClick=${startDownload}>${t("bulk.download")}</button>`}
      ${canWrite.value && shown(text) !== "state:deleted" && html`<button onClick=${() => { dialog.value = { kind: "tags" }; }}>${t("bulk.tags")}</button>
        <button onClick=${() => { dialog.value = { kind: "names" }; }}>${t("bulk.names")}</button>
        <button class="danger" onClick=${() => { dialog.value = { kind: "delete" }; }}>${t("delete")}</button>`}
    </div>`}
    ${error && total === null
      ? html`<div class="empty" role="alert"><h2>${t("error.title")}</h2><p>${sentence(error)}</p><button onClick=${reload}>${t("retry")}</button></div>`
      : total === 0
        ? html`<${Empty} searched=${text !== ""} />`
        : html`<${Grid} key=${`${text} ${order} ${generation.value}`} store=${store} cell=${cell} selected=${selected}
            onOpen=${(/** @type {Asset} */ asset) => go(`/assets/${asset.sha256}`)} onKey=${onKey}
            onPreview=${(/** @type {Asset} */ asset) => { dialog.value = { kind: "preview", asset }; }} />`}
    ${dialog.value?.kind === "preview" && dialog.value.asset && html`<${Preview} store=${store} asset=${dialog.value.asset} onClose=${close} />`}
    ${dialog.value?.kind === "help" && html`<${HelpDialog} onClose=${close} />`}
    ${dialog.value?.kind === "tags" && html`<${TagDialog} count=${chosenCount} onClose=${close} onApply=${(/** @type {string[]} */ add, /** @type {string[]} */ drop) => changeTags(targets(), add, drop)} />`}
    ${dialog.value?.kind === "names" && html`<${NameDialog} targets=${targets} count=${chosenCount} onClose=${close} />`}
    ${dialog.value?.kind === "delete" && html`<${Dialog} title=${t("delete.title", { count: chosenCount })} onClose=${close}>
      <p>${t("delete.help", { days: Math.round((session.value?.delete_grace ?? 0) / 86400) })}</p>
      <p class="actions"><button onClick=${close}>${t("cancel")}</button>
        <button class="danger" autofocus onClick=${() => { const which = targets(); close(); remove(which, reload).catch(fail); }}>${t("delete")}</button></p>
    <//>`}
  </main>`;
}
