// What is selected: assets by their digests, or all of a search, also what was never loaded.
import { computed, signal } from "@preact/signals";

/** @typedef {import("./store.js").Asset} Asset */

export class Selection {
  constructor() {
    this.version = signal(0);
    /** @type {Map<string, Asset>} */
    this.assets = new Map();
    /** @type {Set<string> | null} Of all, those that are not selected; null: only ``assets`` are. */
    this.except = null;
    this.total = 0;
    this.count = computed(() => {
      void this.version.value;
      return this.except ? this.total - this.except.size : this.assets.size;
    });
  }

  /** @param {Asset} asset */
  has(asset) {
    return this.except ? !this.except.has(asset.sha256) : this.assets.has(asset.sha256);
  }

  /** @param {Asset} asset */
  add(asset) {
    if (this.except) this.except.delete(asset.sha256);
    else this.assets.set(asset.sha256, asset);
    this.version.value += 1;
  }

  /** @param {Asset} asset */
  toggle(asset) {
    if (!this.has(asset)) this.add(asset);
    else {
      if (this.except) this.except.add(asset.sha256);
      else this.assets.delete(asset.sha256);
      this.version.value += 1;
    }
  }

  /** @param {number} total */
  selectAll(total) {
    this.assets.clear();
    this.except = new Set();
    this.total = total;
    this.version.value += 1;
  }

  clear() {
    this.assets.clear();
    this.except = null;
    this.version.value += 1;
  }

  /** @param {import("./store.js").Store} store @returns {AsyncIterable<Asset>} */
  async *each(store) {
    if (this.except) {
      const except = new Set(this.except);
      for await (const asset of store.all()) if (!except.has(asset.sha256)) yield asset;
    } else yield* [...this.assets.values()];
  }
}
