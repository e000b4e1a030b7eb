// One alias: its versions, the way back to any of them, tags, preset, and the focal point with what it does.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { get, Problem, request, session, sign } from "../api.js";
import { html } from "../html.js";
import { href, place } from "../router.js";
import { date, t } from "../text.js";
import { filesOf } from "../upload/drop.js";
import { Compare } from "../ui/compare.js";
import { Dialog } from "../ui/dialog.js";
import { fail, notify, sentence } from "../ui/notices.js";

/** @typedef {import("../api.js").Alias} Alias */
/** @typedef {import("../api.js").Point} Point */
/** @typedef {{version: number, action: string, sha256: string | null, focal: Point | null, by: string, changed: string, tags: string[]}} Version */

const RATIOS = [[1, 1], [4, 3], [16, 9], [9, 16], [21, 9]];
const STEP = 0.01;
const DELAY = 150;

/** @param {string} name */
const pathOf = (name) => name.split("/").map(encodeURIComponent).join("/");
/** @param {number} value */
const share = (value) => Math.min(1, Math.max(0, Math.round(value * 1000) / 1000));

/** @param {{alias: Alias, saliency?: Point, onSave: (focal: Point | null) => void, disabled: boolean}} props */
function Focus({ alias, saliency, onSave, disabled }) {
  const point = useSignal(/** @type {Point} */ (alias.focal ?? { x: 0.5, y: 0.5 }));
  const whole = useSignal("");
  const crops = useSignal(/** @type {string[]} */ ([]));
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const source = `asset://${alias.asset.sha256}`;
  // Before the page can be used: what is moved at once would be lost to an effect after the paint.
  useLayoutEffect(() => { point.value = alias.focal ?? { x: 0.5, y: 0.5 }; }, [alias.version]);
  useLayoutEffect(() => { if (place.value.query.has("focus")) box.current?.querySelector("button")?.focus(); }, []);
  useEffect(() => {
    sign([{ source, options: ["rs:fit:900:900"], format: "webp" }]).then(([signed]) => { whole.value = signed.url ?? ""; }).catch(fail);
  }, [source]);
  const { x, y } = point.value;
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const items = RATIOS.map(([wide, high]) => {
        const scale = 240 / Math.max(wide, high);
        return { source, options: [`rs:fill:${Math.round(wide * scale)}:${Math.round(high * scale)}`, `g:fp:${x}:${y}`], format: "webp" };
      });
      sign(items, abort.signal).then((signed) => { crops.value = signed.map((each) => each.url ?? ""); })
        .catch((problem) => { if (!abort.signal.aborted) crops.value = RATIOS.map(() => ""); fail(problem); });
    }, DELAY);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [source, x, y]);

  /** @param {PointerEvent} event */
  const move = (event) => {
    if (disabled || !(event.buttons & 1)) return;
    const area = /** @type {HTMLDivElement} */ (box.current).getBoundingClientRect();
    point.value = { x: share((event.clientX - area.left) / area.width), y: share((event.clientY - area.top) / area.height) };
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const moves = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] });
    if (disabled || !(event.key in moves)) return;
    event.preventDefault();
    const now = point.value;
    point.value = { x: share(now.x + moves[event.key][0]), y: share(now.y + moves[event.key][1]) };
  };
  const percent = (/** @type {number} */ value) => `${Math.round(value * 100)} %`;
  return html`<section aria-labelledby="focus"><h2 id="focus">${t("focus.title")}</h2><p class="faint">${t("focus.help")}</p>
    <div class="two">
      <div class="focus" ref=${box} onPointerDown=${(/** @type {PointerEvent} */ event) => { box.current?.setPointerCapture(event.pointerId); move(event); }} onPointerMove=${move}
        style=${{ aspectRatio: `${alias.asset.width} / ${alias.asset.height}`, maxWidth: `calc(62vh * ${alias.asset.width / Math.max(1, alias.asset.height)})` }}>
        ${whole.value && html`<img src=${whole.value} alt=${alias.name} draggable=${false} />`}
        <button class="point" style=${{ left: `${x * 100}%`, top: `${y * 100}%` }} onKeyDown=${onKey} aria-label=${t("focus.point", { x: percent(x), y: percent(y) })}></button>
      </div>
      <ul class="crops" aria-busy=${crops.value.length ? null : "true"}>${RATIOS.map(([wide, high], index) => html`<li><div class="crop" style=${{ aspectRatio: `${wide} / ${high}` }}>
        ${crops.value[index] && html`<img src=${crops.value[index]} alt=${t("focus.crop", { ratio: `${wide}:${high}` })} />`}</div><span class="faint">${wide}:${high}</span></li>`)}</ul>
    </div>
    ${!disabled && html`<p class="actions">
      <button class="primary" onClick=${() => onSave(point.value)}>${t("focus.save")}</button>
      ${saliency && html`<button onClick=${() => { point.value = { x: share(saliency.x), y: share(saliency.y) }; }}>${t("focus.saliency")}</button>`}
      ${alias.focal && html`<button onClick=${() => onSave(null)}>${t("focus.clear")}</button>`}</p>`}
  </section>`;
}

/** @param {Version} version */
const percents = ({ focal }) => (focal ? t("versions.focal", { x: Math.round(focal.x * 100), y: Math.round(focal.y * 100) }) : "");

/** @param {{alias: Alias | null, versions: Version[], onBack: (version: number) => void, disabled: boolean}} props */
function Versions({ alias, versions, onBack, disabled }) {
  const urls = useSignal(/** @type {Record<number, string>} */ ({}));
  const compared = useSignal(/** @type {{version: number, urls: string[]} | null} */ (null));
  useEffect(() => {
    const shown = versions.filter((each) => each.sha256).slice(0, 256);
    if (!shown.length) return;
    const gravity = (/** @type {Version} */ { focal }) => (focal ? `g:fp:${focal.x}:${focal.y}` : "g:ce");
    sign(shown.map((each) => ({ source: `asset://${each.sha256}`, options: ["rs:fill:320:240", gravity(each)], format: "webp" })))
      .then((signed) => { urls.value = Object.fromEntries(shown.map((each, index) => [each.version, signed[index]?.url ?? ""])); }).catch(fail);
  }, [versions]);
  /** @param {Version} each @param {Alias} now */
  const compare = async (each, now) => {
    const signed = await sign([each.sha256, now.asset.sha256].map((digest) => ({ source: `asset://${digest}`, options: ["rs:fit:900:900"], format: "webp" })));
    compared.value = { version: each.version, urls: signed.map(({ url }) => url ?? "") };
  };
  return html`<section aria-labelledby="versions"><h2 id="versions">${t("versions.title")}</h2><ol class="strip">
    ${versions.map((each) => html`<li class=${each.version === alias?.version ? "now" : ""}>
      ${each.sha256 && urls.value[each.version] ? html`<img src=${urls.value[each.version]} width="160" height="120" alt=${t("versions.picture", { version: each.version })} />` : html`<div class="gone">${each.sha256 ? "" : t("versions.deleted")}</div>`}
      <strong>v${each.version}</strong> <span class="faint">${t(/** @type {any} */ (`action.${each.action}`))}</span>
      <span class="faint">${date(each.changed, true)}<br />${each.by}</span>
      ${(each.focal || each.tags.length > 0) && html`<span class="faint">${[percents(each), ...each.tags].filter(Boolean).join(", ")}</span>`}
      ${each.version === alias?.version ? html`<span>${t("versions.now")}</span>` : each.sha256 && html`<span class="buttons">
        ${alias && each.sha256 !== alias.asset.sha256 && html`<button onClick=${() => compare(each, alias).catch(fail)}>${t("versions.compare")}</button>`}
        ${!disabled && html`<button onClick=${() => onBack(each.version)}>${t("versions.back")}</button>`}</span>`}
    </li>`)}</ol>
    ${compared.value && alias && html`<${Dialog} wide title=${t("versions.compared", { version: compared.value.version, now: alias.version })} onClose=${() => { compared.value = null; }}>
      <${Compare} left=${compared.value.urls[0]} right=${compared.value.urls[1]} names=${[`v${compared.value.version}`, `v${alias.version}`]} /><//>`}
  </section>`;
}

/** @param {{alias: Alias, disabled: boolean, onSave: (tags: string[]) => void}} props */
function TagForm({ alias, disabled, onSave }) {
  const text = useSignal(alias.tags.join(", "));
  useLayoutEffect(() => { text.value = alias.tags.join(", "); }, [alias.version]);
  const submit = (/** @type {Event} */ event) => { event.preventDefault(); onSave([...new Set(text.value.split(",").map((each) => each.trim()).filter(Boolean))]); };
  return html`<form class="line" onSubmit=${submit}><label>${t("tags.label")}<input value=${text} disabled=${disabled} onInput=${(/** @type {any} */ event) => { text.value = event.target.value; }} /></label>
    ${!disabled && html`<button>${t("apply")}</button>`}</form>`;
}

export function AliasPage() {
  const name = decodeURIComponent(place.value.path.slice("/aliases/".length));
  const alias = useSignal(/** @type {Alias | null} */ (null));
  const versions = useSignal(/** @type {Version[]} */ ([]));
  const saliency = useSignal(/** @type {Point | undefined} */ (undefined));
  const error = useSignal(/** @type {unknown} */ (null));
  const conflict = useSignal(/** @type {{before: number, repeat: () => void} | null} */ (null));
  const busy = useSignal(false);
  const asks = useSignal(false);
  const disabled = session.value?.role === "read";

  const load = async () => {
    const list = disabled ? { versions: [] } : await get(`/versions/${pathOf(name)}`);
    // The last version of a name that was deleted has no asset: only its versions are left.
    alias.value = list.versions.length && !list.versions[0].sha256 ? null : await get(`/aliases/${pathOf(name)}`);
    versions.value = list.versions;
    saliency.value = /** @type {any} */ (alias.value)?.asset.saliency ?? undefined;
  };
  useEffect(() => { load().catch((problem) => { error.value = problem; }); }, [name]);

  /** Change the version that is shown; where somebody was faster, show both and ask. @param {(version: number) => Promise<unknown>} act */
  async function change(act) {
    const before = versions.value[0]?.version ?? 0;
    try {
      await act(before);
      await load();
      notify(t("saved"));
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== 412) { fail(problem); return; }
      await load().catch(fail);
      conflict.value = { before, repeat: () => { conflict.value = null; change(act).catch(fail); } };
    }
  }
  /** @param {Partial<{sha256: string, focal: Point | null, tags: string[]}>} part */
  const save = (part) => change((version) => {
    const now = /** @type {Alias} */ (alias.value);
    const json = { sha256: now.asset.sha256, focal: now.focal, preset: now.preset, tags: now.tags, ...part };
    return request("PUT", `/aliases/${pathOf(name)}`, { json, headers: { "If-Match": `"${version}"` } });
  });
  /** Another picture under this name; its focal point is its own. @param {ArrayLike<File>} files */
  const replace = async (files) => {
    if (!files.length) return;
    busy.value = true;
    try {
      const { addOne } = await import("../upload/upload.js");
      await save({ sha256: await addOne(files[0]), focal: null });
    } finally {
      busy.value = false;
    }
  };
  /** @param {DragEvent} event */
  const onDrop = (event) => {
    if (disabled || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // the window takes what is not taken here
    filesOf(event.dataTransfer).then(replace).catch(fail);
  };
  const remove = () => change((version) => request("DELETE", `/aliases/${pathOf(name)}`, { headers: { "If-Match": `"${version}"` } }));
  /** @param {number} to */
  const goBack = (to) => change((version) => request("POST", `/versions/${pathOf(name)}`, { json: { version: to }, headers: alias.value ? { "If-Match": `"${version}"` } : { "If-None-Match": "*" } }));

  if (error.value) return html`<main class="page" id="main" tabindex="-1"><h1>${t("error.title")}</h1><p role="alert">${sentence(error.value)}</p><p><a href=${href("/")}>${t("nav.gallery")}</a></p></main>`;
  const found = alias.value;
  const strip = versions.value.length > 0 && html`<${Versions} alias=${found} versions=${versions.value} disabled=${disabled} onBack=${(/** @type {number} */ version) => goBack(version).catch(fail)} />`;
  if (!found && strip) return html`<main class="page" id="main" tabindex="-1"><p><a href=${href("/")}>← ${t("nav.gallery")}</a></p>
    <h1 class="break">${name}</h1><p class="state" role="status">${t("alias.deleted")}</p>${strip}</main>`;
  if (!found) return html`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${t("gallery.loading")}</h1></main>`;
  return html`<main class="page" id="main" tabindex="-1" aria-busy=${busy.value ? "true" : null} onDrop=${onDrop}>
    <p><a href=${href(`/assets/${found.asset.sha256}`)}>← ${t("alias.asset")}</a></p>
    <h1 class="break">${found.name}</h1>
    <p class="faint">${t("alias.version", { version: found.version })} · ${date(found.changed, true)} · <a href=${href(`/playground?source=${encodeURIComponent(`alias://${found.name}`)}&o=rs:fill:480:320`)}>${t("nav.playground")}</a></p>
    <${TagForm} alias=${found} disabled=${disabled} onSave=${(/** @type {string[]} */ tags) => save({ tags }).catch(fail)} />
    <${Focus} alias=${found} saliency=${saliency.value} disabled=${disabled} onSave=${(/** @type {Point | null} */ focal) => save({ focal }).catch(fail)} />
    ${strip}
    ${!disabled && html`<p class="actions">
      <label class="button">${t(busy.value ? "upload.sending" : "alias.replace")}<input class="visually-hidden" type="file" accept="image/*,video/*" disabled=${busy.value}
        onChange=${(/** @type {any} */ event) => { replace([...event.target.files]).catch(fail); event.target.value = ""; }} /></label>
      <button class="danger" onClick=${() => { asks.value = true; }}>${t("alias.delete")}</button></p>`}
    ${asks.value && html`<${Dialog} title=${t("alias.delete_title", { name: found.name })} onClose=${() => { asks.value = false; }}>
      <p>${t("alias.delete_help")}</p>
      <p class="actions"><button onClick=${() => { asks.value = false; }}>${t("cancel")}</button>
        <button class="danger" autofocus onClick=${() => { asks.value = false; remove().catch(fail); }}>${t("delete")}</button></p><//>`}
    ${conflict.value && html`<${Dialog} title=${t("conflict.title")} onClose=${() => { conflict.value = null; }}>
      <p>${t("conflict.help", { before: conflict.value.before, now: found.version })}</p>
      <p class="actions"><button autofocus onClick=${() => { conflict.value = null; }}>${t("conflict.leave")}</button><button class="danger" onClick=${conflict.value.repeat}>${t("conflict.repeat")}</button></p><//>`}
  </main>`;
}
