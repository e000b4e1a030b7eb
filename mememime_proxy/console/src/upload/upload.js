// Uploads: dropped, chosen or pasted files; hashed first, so that what is there is not sent; resumable by tus.
import { signal } from "@preact/signals";
import * as tus from "tus-js-client";
import { aliasOf } from "../alias_name.js";
import { BASE, Problem, request, session } from "../api.js";
import { html } from "../html.js";
import { href } from "../router.js";
import { number, size, t } from "../text.js";
import { fail, notify, sentence } from "../ui/notices.js";

const AT_ONCE = 3;
/** Milliseconds between attempts while the line is cut. */
const DELAYS = [0, 1000, 3000, 5000, 10_000, 20_000];
const LARGEST_HASHED = 256 << 20;
/**
 * @typedef {{id: number, file: File, state: "waiting" | "hashing" | "sending" | "paused" | "done" | "there" | "failed",
 *   sent: number, error: string, sha256: string, alias: string, upload: tus.Upload | null}} Row
 */
/** @type {import("@preact/signals").Signal<Row[]>} They outlive the page: uploads go on while others are looked at. */
const rows = signal([]);
const template = signal("");
let last = 0;

/** @param {number} id @param {Partial<Row>} change */
function update(id, change) {
  rows.value = rows.value.map((row) => (row.id === id ? { ...row, ...change } : row));
}

/** @param {File} file @returns {Row} */
const rowOf = (file) => ({ id: ++last, file, state: "waiting", sent: 0, error: "", sha256: "", alias: "", upload: null });

/** Upload files, named by the template. @param {Iterable<File>} files */
export function add(files) {
  const found = [...files].filter((file) => file.size > 0).map(rowOf);
  rows.value = [...rows.value, ...found.map((row) => ({ ...row, alias: aliasOf(template.value, row.file.name, row.id) }))];
  pump();
}

/** Upload one file at once, without a name. @param {File} file @returns {Promise<string>} Its digest, when it is there. */
export async function addOne(file) {
  const row = rowOf(file);
  rows.value = [...rows.value, { ...row, state: "hashing" }];
  try {
    return await run(row, Infinity);
  } catch (error) {
    update(row.id, { state: "failed", error: sentence(error) });
    throw error;
  } finally {
    pump();
  }
}

function pump() {
  const busy = rows.value.filter((row) => row.state === "hashing" || row.state === "sending").length;
  for (const row of rows.value.filter((each) => each.state === "waiting").slice(0, AT_ONCE - busy)) {
    update(row.id, { state: "hashing", error: "" });
    run(row).catch((error) => { update(row.id, { state: "failed", error: sentence(error) }); }).finally(pump);
  }
}

/** @param {File} file @param {number} largest Bytes of a file that is hashed. */
async function hash(file, largest) {
  if (file.size > largest || !crypto.subtle) return "";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(digest, (each) => each.toString(16).padStart(2, "0")).join("");
}

/** Ask again while the line is cut. @template T @param {() => Promise<T>} ask @returns {Promise<T>} */
async function insist(ask) {
  for (const delay of DELAYS) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "offline") throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
  return ask();
}

/** @param {Row} row @param {number} [largest] Bytes of a file that is hashed. @returns {Promise<string>} The digest, empty where it is not known. */
async function run(row, largest = LARGEST_HASHED) {
  const sha256 = await hash(row.file, largest);
  if (sha256) {
    const { present } = await insist(() => request("POST", "/assets/exists", { json: { sha256: [sha256] } }));
    if (present.length) {
      if (row.alias) await request("PUT", `/aliases/${encodeURI(row.alias)}`, { json: { sha256 }, headers: { "If-None-Match": "*" } });
      update(row.id, { state: "there", sha256, sent: row.file.size });
      return sha256;
    }
  }
  update(row.id, { state: "sending", sha256 });
  await send({ ...row, sha256 });
  return sha256;
}

/** @param {Row} row @returns {Promise<void>} */
function send(row) {
  return new Promise((resolve, reject) => {
    /** @type {Record<string, string>} */
    const metadata = { filename: row.file.name };
    if (row.sha256) metadata.sha256 = row.sha256;
    if (row.alias) { metadata.alias = row.alias; metadata["if-none-match"] = "*"; }
    const upload = new tus.Upload(row.file, {
      endpoint: `${BASE}/uploads`,
      metadata,
      retryDelays: DELAYS,
      // The library's own rule gives up where the browser knows that it is offline.
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        return status < 400 || status >= 500 || status === 409 || status === 423;
      },
      removeFingerprintOnSuccess: true,
      chunkSize: 32 << 20,
      onBeforeRequest: (request_) => { request_.setHeader("X-CSRF-Token", session.value?.csrf_token ?? ""); },
      onProgress: (sent) => update(row.id, { sent }),
      onSuccess: () => { update(row.id, { state: "done", sent: row.file.size }); resolve(); },
      onError: (error) => {
        const answer = "originalResponse" in error ? error.originalResponse : null;
        let problem = null;
        try { problem = answer && JSON.parse(answer.getBody()); } catch { problem = null; }
        reject(problem ? new Problem(problem.status, problem) : new Problem(0, { type: "offline" }));
      },
    });
    update(row.id, { upload });
    upload.findPreviousUploads().then((found) => {
      if (found.length) upload.resumeFromPreviousUpload(found[0]);
      upload.start();
    }).catch(reject);
  });
}

/** @param {{row: Row}} props */
function UploadRow({ row }) {
  const share = row.file.size ? Math.round((100 * row.sent) / row.file.size) : 0;
  const pause = () => { row.upload?.abort().then(() => update(row.id, { state: "paused" })).catch(fail); };
  const resume = () => { update(row.id, { state: "sending" }); row.upload?.start(); };
  const again = () => { update(row.id, { state: "waiting", error: "", alias: aliasOf(template.value, row.file.name, row.id) }); pump(); };
  return html`<tr class=${row.state}>
    <th scope="row">${row.file.name}${row.alias && html`<br /><code>${row.alias}</code>`}</th>
    <td class="amount">${size(row.file.size)}</td>
    <td>${row.state === "sending" || row.state === "paused"
      ? html`<progress max="100" value=${share} aria-label=${row.file.name}></progress> ${number(share)} %`
      : row.error
        ? html`<span class="error">${row.error}</span>`
        : t(/** @type {any} */ (`upload.${row.state}`))}</td>
    <td class="buttons">
      ${row.state === "sending" && html`<button onClick=${pause}>${t("upload.pause")}</button>`}
      ${row.state === "paused" && html`<button onClick=${resume}>${t("upload.resume")}</button>`}
      ${row.state === "failed" && html`<button onClick=${again}>${t("retry")}</button>`}
      ${(row.state === "done" || row.state === "there") && row.sha256 && html`<a class="button" href=${href(`/assets/${row.sha256}`)}>${t("open")}</a>`}
    </td>
  </tr>`;
}

export function Upload() {
  const all = rows.value;
  const ended = all.filter((row) => row.state === "done" || row.state === "there").length;
  const failed = all.filter((row) => row.state === "failed").length;
  const example = aliasOf(template.value, all[0]?.file.name ?? "Holiday 2026.JPG", 1);
  if (session.value?.role === "read") return html`<main class="page" id="main" tabindex="-1"><h1>${t("nav.upload")}</h1><p>${t("upload.forbidden")}</p></main>`;
  return html`<main class="page" id="main" tabindex="-1">
    <h1>${t("nav.upload")}</h1>
    <div class="drop">
      <p>${t("upload.drop")}</p>
      <p class="actions">
        <label class="button primary">${t("upload.choose")}<input class="visually-hidden" type="file" multiple accept="image/*,video/*"
          onChange=${(/** @type {any} */ event) => { add(event.target.files); event.target.value = ""; }} /></label>
      </p>
      <p class="faint">${t("upload.limit", { size: size(session.value?.upload_max_size ?? 0) })}</p>
    </div>
    <label class="template">${t("upload.alias")}<input value=${template} placeholder="shop/{name}" spellcheck=${false}
      onInput=${(/** @type {any} */ event) => { template.value = event.target.value; }} /></label>
    <p class="faint">${example ? html`${t("upload.alias_example")} <code>${example}</code>` : t("upload.alias_help")}</p>
    ${all.length > 0 && html`<p role="status">${t("upload.progress", { ended, all: all.length })}${failed ? ` ${t("upload.failures", { count: failed })}` : ""}
      ${ended > 0 && html` <a href=${href("/")}>${t("upload.look")}</a> <button class="link" onClick=${() => { rows.value = rows.value.filter((row) => row.state !== "done" && row.state !== "there"); notify(t("upload.cleared")); }}>${t("upload.clear")}</button>`}</p>
    <div class="scroll" tabindex="0" role="group" aria-label=${t("upload.list")}><table class="uploads"><thead><tr><th scope="col">${t("upload.file")}</th><th scope="col">${t("upload.bytes")}</th><th scope="col">${t("upload.state")}</th><th scope="col"><span class="visually-hidden">${t("upload.actions")}</span></th></tr></thead>
      <tbody>${all.map((row) => html`<${UploadRow} key=${row.id} row=${row} />`)}</tbody></table></div>`}
  </main>`;
}
