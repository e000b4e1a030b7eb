// What is done to assets, one or many.
import { aliasOf } from "../alias_name.js";
import { get, Problem, request, requestFile, sign } from "../api.js";
import { t } from "../text.js";
import { fail, notify, sentence } from "../ui/notices.js";

/** @typedef {import("./store.js").Asset} Asset */

const AT_ONCE = 6;
/** Of one archive, as the service has it. */
const MOST_IN_ARCHIVE = 10_000;

/**
 * @template T
 * @param {AsyncIterable<T>} items
 * @param {(item: T) => Promise<void>} act
 * @returns {Promise<{done: T[], failed: unknown[]}>}
 */
async function forEach(items, act) {
  /** @type {T[]} */
  const done = [];
  /** @type {unknown[]} */
  const failed = [];
  const running = new Set();
  for await (const item of items) {
    const job = act(item).then(() => { done.push(item); }, (error) => { failed.push(error); }).finally(() => running.delete(job));
    running.add(job);
    if (running.size >= AT_ONCE) await Promise.race(running);
  }
  await Promise.all(running);
  return { done, failed };
}

/** @param {unknown[]} failed */
function report(failed) {
  if (failed.length) notify(`${t("bulk.failed", { count: failed.length })} ${sentence(failed[0])}`, { bad: true });
}

/** @param {AsyncIterable<Asset>} assets @param {() => void} changed */
export async function restore(assets, changed) {
  const { done, failed } = await forEach(assets, (asset) => request("POST", `/assets/${asset.sha256}/restore`));
  report(failed);
  changed();
  if (done.length) notify(t("bulk.restored", { count: done.length }));
}

/** Delete, and offer to take it back. @param {AsyncIterable<Asset>} assets @param {() => void} changed @param {import("../api.js").Alias[]} [names] Of the asset, deleted before it. */
export async function remove(assets, changed, names = []) {
  const path = (/** @type {import("../api.js").Alias} */ { name }) => name.split("/").map(encodeURIComponent).join("/");
  const unnamed = await forEach(iterate(names), (alias) => request("DELETE", `/aliases/${path(alias)}`, { headers: { "If-Match": `"${alias.version}"` } }));
  const { done, failed } = await forEach(assets, (asset) => request("DELETE", `/assets/${asset.sha256}`));
  report([...unnamed.failed, ...failed]);
  changed();
  if (!done.length && !unnamed.done.length) return;
  const undo = async () => {
    const again = await forEach(iterate(done), (asset) => request("POST", `/assets/${asset.sha256}/restore`));
    const named = await forEach(iterate(unnamed.done), (alias) => request("POST", `/versions/${path(alias)}`, { json: { version: alias.version } }));
    report([...again.failed, ...named.failed]);
    changed();
  };
  notify(t("bulk.deleted", { count: done.length }), { action: { label: t("undo"), run: () => undo().catch(fail) } });
}

/** @param {AsyncIterable<Asset>} assets @param {string[]} add @param {string[]} drop */
export async function changeTags(assets, add, drop) {
  /** @type {{name: string, version: number, add_tags: string[], remove_tags: string[]}[]} */
  const edits = [];
  let unnamed = 0;
  const { failed } = await forEach(assets, async (asset) => {
    const { aliases } = await get(`/assets/${asset.sha256}/aliases`);
    if (!aliases.length) unnamed += 1;
    for (const alias of aliases) edits.push({ name: alias.name, version: alias.version, add_tags: add, remove_tags: drop });
  });
  let changed = 0;
  for (let start = 0; start < edits.length; start += 500) {
    const { aliases } = await request("POST", "/aliases", { json: { aliases: edits.slice(start, start + 500) } });
    for (const each of aliases) {
      if (each.error) failed.push(new Problem(each.error.status, each.error));
      else changed += 1;
    }
  }
  report(failed);
  notify(t("bulk.tagged", { count: changed }) + (unnamed ? ` ${t("bulk.unnamed", { count: unnamed })}` : ""));
}

/** Download originals as one ZIP archive. @param {AsyncIterable<Asset>} assets */
export async function download(assets) {
  const sha256 = [];
  for await (const asset of assets) {
    if (asset.state === "ready") sha256.push(asset.sha256);
    if (sha256.length > MOST_IN_ARCHIVE) throw new Error(t("bulk.too_many", { count: MOST_IN_ARCHIVE }));
  }
  if (!sha256.length) throw new Error(t("bulk.none_ready"));
  notify(t("bulk.archive", { count: sha256.length }));
  const url = URL.createObjectURL(await requestFile("/archives", { sha256 }));
  const link = Object.assign(document.createElement("a"), { href: url, download: "assets.zip" });
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Give each a name by a pattern; names that exist stay what they are. @param {AsyncIterable<Asset>} assets @param {string} pattern */
export async function giveNames(assets, pattern) {
  let count = 0;
  const { done, failed } = await forEach(assets, (asset) => {
    count += 1;
    const name = aliasOf(pattern, asset.filename || asset.sha256.slice(0, 12), count);
    return request("PUT", `/aliases/${name.split("/").map(encodeURIComponent).join("/")}`, { json: { sha256: asset.sha256 }, headers: { "If-None-Match": "*" } });
  });
  report(failed);
  notify(t("bulk.named", { count: done.length }));
}

/** Copy a signed URL of 1280 pixels. It is that of the asset, since URLs of names that are signed here expire. @param {Asset} asset */
export async function copyUrl(asset) {
  const [signed] = await sign([{ source: `asset://${asset.sha256}`, options: ["rs:fit:1280"] }]);
  if (!signed.url) throw new Error(signed.detail);
  await navigator.clipboard.writeText(signed.url);
  notify(t("copied"));
}

const WIDTHS = [320, 640, 960, 1280, 1920];

/** Copy an img element with the widths that the original has. @param {Asset} asset */
export async function copySrcset(asset) {
  const { width, height } = /** @type {import("../api.js").Facts} */ (asset.facts);
  const widths = [...WIDTHS.filter((each) => each < width), Math.min(width, 2560)];
  const signed = await sign(widths.map((each) => ({ source: `asset://${asset.sha256}`, options: [`rs:fit:${each}`] })));
  const refused = signed.find((each) => !each.url);
  if (refused) throw new Error(refused.detail);
  const srcset = signed.map(({ url }, index) => `${url} ${widths[index]}w`).join(",\n    ");
  await navigator.clipboard.writeText(`<img\n  src="${signed[0].url}"\n  srcset="${srcset}"\n  sizes="100vw" width="${width}" height="${height}" alt="">`);
  notify(t("copied"));
}

/** @template T @param {Iterable<T>} items @returns {AsyncIterable<T>} */
export async function* iterate(items) {
  yield* items;
}

