// The grid: only the cells that are seen, at places that are computed; one cell has the keyboard.
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { hasPicture } from "../api.js";
import { title } from "../asset_title.js";
import { html } from "../html.js";
import { date, number, size, t } from "../text.js";
import { fail } from "../ui/notices.js";
import { geometry, reveal, thumbnailSize, toFull, toShown, visible } from "./geometry.js";

/** @typedef {import("./store.js").Asset} Asset */

/** @param {Asset} asset */
function described(asset) {
  const sides = asset.facts?.width ? `, ${asset.facts.width} × ${asset.facts.height}` : "";
  return `${title(asset)}${sides}, ${size(asset.size)}, ${date(asset.created)}`;
}

/**
 * @param {{store: import("./store.js").Store, cell: number, selected: import("./selection.js").Selection,
 *   onOpen: (asset: Asset) => void, onPreview: (asset: Asset) => void, onKey: (event: KeyboardEvent, asset?: Asset) => void}} props
 */
export function Grid({ store, cell, selected, onOpen, onPreview, onKey }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const shape = useSignal(/** @type {{width: number, view: number} | null} */ (null));
  const place = useSignal(0);
  const focused = useSignal(0);
  const expected = useRef(-1);
  const held = useRef(/** @type {number | null} */ (null));

  // Before the first paint: cells never move once they are seen.
  useLayoutEffect(() => {
    const element = /** @type {HTMLDivElement} */ (box.current);
    const measure = () => { shape.value = { width: element.clientWidth - 24, view: element.clientHeight }; };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const total = store.total.value;
  void store.version.value;
  void selected.version.value;
  const count = total ?? 0;
  const g = shape.value && geometry(shape.value.width, shape.value.view, count, cell);
  const scaled = g ? g.full > g.shown : false;
  const range = g ? visible(g, place.value, count) : { first: 0, last: 0 };

  useEffect(() => {
    if (!g) return;
    store.size = thumbnailSize(g.cell);
    // Not while the scroll runs: what is passed is not asked for.
    const timer = setTimeout(() => store.want(range.first, Math.max(range.last, 1)), total === null ? 0 : 60);
    return () => clearTimeout(timer);
  }, [store, total === null, range.first, range.last, g?.cell]);

  /** @param {number} to */
  function scrollTo(to) {
    if (!g || !box.current) return;
    place.value = Math.max(0, Math.min(g.full - g.view, to));
    expected.current = Math.round(toShown(g, place.value));
    box.current.scrollTop = expected.current;
  }

  function onScroll() {
    if (!g || !box.current) return;
    const top = box.current.scrollTop;
    if (Math.abs(top - expected.current) <= 1) return;
    expected.current = -1;
    place.value = scaled ? toFull(g, top) : top;
  }

  // A scaled scroll would jump by many rows for each step of the wheel.
  useEffect(() => {
    const element = box.current;
    if (!element || !scaled) return;
    /** @param {WheelEvent} event */
    const onWheel = (event) => {
      if (event.ctrlKey) return;
      event.preventDefault();
      scrollTo(place.value + event.deltaY * (event.deltaMode === 1 ? 20 : 1));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  });

  /** @param {number} index */
  function focus(index) {
    if (!g || !count) return;
    focused.value = Math.max(0, Math.min(count - 1, index));
    scrollTo(reveal(g, focused.value, place.value));
    requestAnimationFrame(() => {
      const element = box.current?.querySelector(`[data-index="${focused.value}"]`);
      if (element instanceof HTMLElement) element.focus({ preventScroll: true });
    });
  }

  /** @param {KeyboardEvent} event */
  function onKeyDown(event) {
    if (!g) return;
    const index = focused.value;
    const asset = store.at(index);
    const page = Math.max(1, Math.floor(g.view / g.row)) * g.columns;
    /** @type {Record<string, number>} */
    const moves = {
      ArrowLeft: index - 1, h: index - 1, ArrowRight: index + 1, l: index + 1,
      ArrowUp: index - g.columns, k: index - g.columns, ArrowDown: index + g.columns, j: index + g.columns,
      PageUp: index - page, PageDown: index + page, Home: 0, End: count - 1,
    };
    if (event.key in moves && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      if (event.shiftKey && asset) selected.add(asset);
      focus(moves[event.key]);
      if (event.shiftKey) { const now = store.at(focused.value); if (now) selected.add(now); }
    } else if (event.key === "Enter" && asset) { event.preventDefault(); onOpen(asset); }
    else if (event.key === " " && asset) { event.preventDefault(); onPreview(asset); }
    else if (event.key === "x" && asset && !event.ctrlKey) { event.preventDefault(); selected.toggle(asset); held.current = index; }
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); selected.selectAll(count); }
    else if (event.key === "Escape") selected.clear();
    else onKey(event, asset);
  }

  /** @param {MouseEvent} event @param {number} index @param {Asset} asset */
  function onClick(event, index, asset) {
    focused.value = index;
    if (event.shiftKey && held.current !== null) {
      const [from, to] = [Math.min(held.current, index), Math.max(held.current, index)];
      for (let each = from; each <= to; each += 1) { const one = store.at(each); if (one) selected.add(one); }
    } else if (event.ctrlKey || event.metaKey || selected.count.value) {
      selected.toggle(asset);
      held.current = index;
    } else onOpen(asset);
  }

  /** @param {any} event */
  function onScrub(event) {
    if (g) scrollTo((Number(event.target.value) / 1000) * (g.full - g.view));
  }

  useSignalEffect(() => { if (store.total.value !== null && focused.value >= store.total.value) focused.value = Math.max(0, store.total.value - 1); });

  const rows = [];
  if (g) {
    for (let start = range.first; start < range.last; start += g.columns) {
      const row = start / g.columns;
      const cells = [];
      for (let index = start; index < Math.min(start + g.columns, range.last); index += 1) {
        const asset = store.at(index);
        const url = asset && store.url(asset);
        const chosen = asset ? selected.has(asset) : false;
        const refusal = asset && store.refusals.get(asset.sha256);
        cells.push(html`<div role="gridcell" class=${chosen ? "cell chosen" : "cell"} key=${asset?.sha256 ?? index}
          data-index=${index} tabindex=${index === focused.value ? 0 : -1} aria-colindex=${(index % g.columns) + 1}
          aria-selected=${chosen} aria-label=${asset ? described(asset) + (refusal ? `, ${t("gallery.no_preview")}: ${refusal}` : "") : t("gallery.loading")}
          style=${{ width: `${g.cell}px`, height: `${g.cell}px`, left: `${(index % g.columns) * g.row}px`, backgroundColor: (asset?.state === "ready" && asset.facts?.dominant_color) || "" }}
          onClick=${(/** @type {MouseEvent} */ event) => asset && onClick(event, index, asset)}
          onFocus=${() => { focused.value = index; }}>
          ${url && refusal === undefined && html`<img src=${url} alt="" width=${g.cell} height=${g.cell} decoding="async" draggable=${false} onError=${() => { if (asset) store.explain(asset).catch(fail); }} />`}
          ${asset && refusal && html`<span class="note refused" title=${refusal}><span aria-hidden="true">${t("gallery.no_preview")}</span><span aria-hidden="true" class="why">${refusal}</span>
            <button tabindex=${index === focused.value ? 0 : -1} onClick=${(/** @type {Event} */ event) => { event.stopPropagation(); store.retry(asset); }} onKeyDown=${(/** @type {Event} */ event) => event.stopPropagation()}>${t("retry")}</button></span>`}
          ${asset && (asset.state !== "ready" || !hasPicture(asset)) && html`<span class="note" aria-hidden="true">${hasPicture(asset) ? t(/** @type {any} */ (`state.${asset.state}`)) : "♪"}<br />${title(asset)}</span>`}
          <span class="tick" aria-hidden="true" onClick=${(/** @type {Event} */ event) => { event.stopPropagation(); if (asset) { selected.toggle(asset); held.current = index; } }}>✓</span>
          ${asset?.state === "ready" && (asset.facts?.frames ?? 1) > 1 && html`<span class="badge" aria-hidden="true">▶</span>`}
        </div>`);
      }
      // A row lies where the scaled scroll is now, and as far from it as in the full height.
      const top = scaled ? toShown(g, place.value) + (row * g.row - place.value) : row * g.row;
      rows.push(html`<div role="row" class="row" key=${row} aria-rowindex=${row + 1} style=${{ transform: `translateY(${top}px)`, height: `${g.cell}px` }}>${cells}</div>`);
    }
  }
  const first = g ? store.at(Math.min(count - 1, Math.ceil(place.value / g.row) * g.columns)) : undefined;
  const share = g && g.full > g.view ? Math.round((1000 * place.value) / (g.full - g.view)) : 0;
  return html`<div class="grid-room">
    <div class="grid" ref=${box} onScroll=${onScroll} onKeyDown=${onKeyDown} tabindex="-1">
      <div role="grid" aria-label=${t("nav.gallery")} aria-multiselectable="true" aria-rowcount=${g?.rows ?? 0} aria-colcount=${g?.columns ?? 0}
        style=${{ height: `${g?.shown ?? 0}px` }}>${rows}</div>
    </div>
    ${g && g.full > 3 * g.view && html`<label class="scrubber">
      <span class="visually-hidden">${t("gallery.scrubber")}</span>
      <input type="range" min="0" max="1000" value=${share} onInput=${onScrub}
        aria-valuetext=${first ? `${date(first.created)}, ${number(Math.ceil(place.value / g.row) * g.columns + 1)} / ${number(count)}` : ""} />
      <output style=${{ top: `calc(${share / 10}% - ${share / 1000 * 24}px)` }}>${first ? date(first.created) : "…"}</output>
    </label>`}
  </div>`;
}
