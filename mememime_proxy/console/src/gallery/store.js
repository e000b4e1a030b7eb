// The assets of one search, in pages of 200 by number, with signed URLs of their thumbnails.
import { signal } from "@preact/signals";
import { get, hasPicture, request, sign } from "../api.js";
import { t } from "../text.js";
import { fail, sentence } from "../ui/notices.js";

export const PAGE = 200;
const MOST_PAGES = 40;

/** @typedef {import("../api.js").Asset} Asset */

export class Store {
  /** @param {string} query Of GET /assets. */
  constructor(query) {
    this.query = query;
    /** @type {import("@preact/signals").Signal<number | null>} null = not known yet. */
    this.total = signal(null);
    this.error = signal(/** @type {unknown} */ (null));
    /** Grows whenever something has come. */
    this.version = signal(0);
    /** @type {Map<number, Asset[]>} */
    this.pages = new Map();
    /** @type {Map<number, AbortController>} */
    this.loading = new Map();
    /** @type {Map<string, string>} By size and digest. */
    this.urls = new Map();
    /** @type {Map<string, string>} Why there is no thumbnail, by digest. */
    this.refusals = new Map();
    /** @type {Set<string>} Digests of thumbnails that were asked for twice. */
    this.repeated = new Set();
    this.size = 240;
  }

  /** @param {number} index @returns {Asset | undefined} */
  at(index) {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** @param {Asset} asset @returns {string | undefined} */
  url(asset) {
    return this.urls.get(`${this.size} ${asset.sha256}`);
  }

  /** Load what lies between two numbers, and nothing else any more. @param {number} first @param {number} last */
  want(first, last) {
    const pages = new Set();
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last - 1) / PAGE); page += 1) pages.add(page);
    for (const [page, abort] of this.loading) {
      if (!pages.has(page)) {
        abort.abort();
        this.loading.delete(page);
      }
    }
    for (const page of pages) {
      if (!this.pages.has(page) && !this.loading.has(page)) this.load(page);
      else if (this.pages.has(page)) this.signPage(page);
    }
  }

  /** @param {number} page */
  async load(page) {
    const abort = new AbortController();
    this.loading.set(page, abort);
    try {
      const total = this.total.value === null ? "&total=true" : "";
      const answer = await get(`/assets?${this.query}&limit=${PAGE}&offset=${page * PAGE}${total}`, abort.signal);
      this.pages.set(page, answer.assets);
      if (answer.total !== undefined) this.total.value = answer.total;
      this.forget(page);
      this.version.value += 1;
      await this.signPage(page, abort.signal);
    } catch (error) {
      if (error instanceof DOMException) return;
      this.error.value = error;
      if (this.total.value !== null) fail(error);
    } finally {
      if (this.loading.get(page) === abort) this.loading.delete(page);
    }
  }

  /** @param {number} page @param {AbortSignal} [abort] */
  async signPage(page, abort) {
    const size = this.size;
    const lacking = (this.pages.get(page) ?? []).filter((each) => each.state === "ready" && hasPicture(each) && !this.urls.has(`${size} ${each.sha256}`));
    if (!lacking.length) return;
    for (const each of lacking) this.urls.set(`${size} ${each.sha256}`, "");
    try {
      const options = [`rs:fill:${size}:${size}`, "g:sm"];
      const urls = await sign(lacking.map((each) => ({ source: `asset://${each.sha256}`, options, format: "webp" })), abort);
      lacking.forEach((each, number) => this.urls.set(`${size} ${each.sha256}`, urls[number].url ?? ""));
      this.version.value += 1;
    } catch (error) {
      for (const each of lacking) this.urls.delete(`${size} ${each.sha256}`);
      throw error;
    }
  }

  /** Find out why a thumbnail did not come: a browser does not say it. @param {Asset} asset */
  async explain(asset) {
    const url = this.url(asset);
    if (!url || this.refusals.has(asset.sha256)) return;
    this.refusals.set(asset.sha256, "");
    let text;
    try {
      const { answer, errors } = await request("POST", "/explain", { json: { url, accept: "image/*", ask: true } });
      text = !answer || answer.status < 400 ? "" : `${answer.status} ${errors[0]?.cause ?? answer.text}`;
    } catch (error) {
      text = sentence(error);
    }
    // A refusal that is over by now was that of a busy moment.
    if (text || this.repeated.has(asset.sha256)) this.refusals.set(asset.sha256, text || t("gallery.not_shown"));
    else this.retry(asset);
    this.repeated.add(asset.sha256);
    this.version.value += 1;
  }

  /** Ask for a thumbnail again. @param {Asset} asset */
  retry(asset) {
    this.refusals.delete(asset.sha256);
    this.urls.delete(`${this.size} ${asset.sha256}`);
    for (const page of this.pages.keys()) if (this.pages.get(page)?.includes(asset)) this.signPage(page).catch(fail);
  }

  /** Drop the pages that are furthest from one. @param {number} page */
  forget(page) {
    const others = [...this.pages.keys()].sort((one, other) => Math.abs(other - page) - Math.abs(one - page));
    for (const each of others.slice(0, Math.max(0, others.length - MOST_PAGES))) {
      for (const asset of this.pages.get(each) ?? []) this.urls.delete(`${this.size} ${asset.sha256}`);
      this.pages.delete(each);
    }
  }

  /** Every asset of the search, page by page, by cursor: none is missed, none comes twice. */
  async *all() {
    let cursor = "";
    do {
      const page = await get(`/assets?${this.query}&limit=1000${cursor && `&cursor=${cursor}`}`);
      yield* /** @type {Asset[]} */ (page.assets);
      cursor = page.cursor ?? "";
    } while (cursor);
  }

  close() {
    for (const abort of this.loading.values()) abort.abort();
    this.loading.clear();
  }
}
