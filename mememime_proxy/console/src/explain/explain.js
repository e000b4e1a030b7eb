// What a URL means, part by part, and why it is refused: as `mememime explain`, asked of the proxy.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { request } from "../api.js";
import { html } from "../html.js";
import { go, place } from "../router.js";
import { date, number, size, t } from "../text.js";
import { marked } from "../ui/marked.js";
import { sentence } from "../ui/notices.js";

/**
 * @typedef {{kind: string, text: string, meaning: string, start: number, end: number, sets: Record<string, string>}} Part
 * @typedef {{id: string, text: string, remedy: string, start: number, end: number}} Cause
 * @typedef {{url: string, parts: Part[], notes: string[], source: string, format: string, vary: string,
 *   cached: Record<string, number>,
 *   refusal: {status: number, code: string, public: string, cause: Cause} | null}} Explanation
 * @typedef {{explanation: Explanation, errors: {code: string, cause: string, remedy: string}[],
 *   answer: {status: number, headers: Record<string, string>, bytes: number, milliseconds: number, text: string} | null}} Found
 */

const ACCEPTS = ["image/avif,image/webp,*/*", "image/webp,*/*", "image/jpeg,image/png", "*/*"];

/** The URL with the part that is wrong marked. @param {{explanation: Explanation}} props */
function MarkedUrl({ explanation: { url, refusal } }) {
  const { start, end } = refusal?.cause ?? { start: 0, end: 0 };
  return html`<p class="code break">${url.slice(0, start)}${end > start && html`<mark>${url.slice(start, end)}</mark>`}${url.slice(end > start ? end : start)}</p>`;
}

/** @param {{found: Found}} props */
function Verdict({ found: { explanation, answer, errors } }) {
  const { refusal } = explanation;
  const expected = refusal ? refusal.status : 200;
  return html`<section aria-labelledby="verdict">
    <h2 id="verdict" class=${refusal || (answer && answer.status >= 400) ? "error" : "good"}>${refusal ? `${refusal.status} ${refusal.public}` : answer && answer.status >= 400 ? `${answer.status} ${answer.text}` : t("explain.served")}</h2>
    ${refusal && html`<p><strong>${refusal.cause.text}</strong></p><p>${marked(refusal.cause.remedy)}</p>`}
    ${errors.map((each) => html`<p><code>${each.code}</code> ${marked(each.cause)} <span class="faint">${marked(each.remedy)}</span></p>`)}
    ${answer && html`<p class="figures"><strong>${t("explain.answer")}</strong> <span>${answer.status}</span>
      <span>${answer.headers["Content-Type"]}</span> <span>${size(answer.bytes)}</span> <span>${number(Math.round(answer.milliseconds))} ms</span></p>
      ${answer.status !== expected && answer.status !== 304 && html`<p class="faint">${t("explain.other", { expected })}</p>`}`}
  </section>`;
}

export function Explain() {
  const url = place.value.query.get("url") ?? "";
  const accept = place.value.query.get("accept") ?? ACCEPTS[0];
  const found = useSignal(/** @type {Found | null} */ (null));
  const error = useSignal("");
  const box = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  useEffect(() => {
    found.value = null;
    error.value = "";
    if (!url) return;
    const abort = new AbortController();
    request("POST", "/explain", { json: { url, accept, ask: true }, signal: abort.signal })
      .then((answer) => { found.value = answer; })
      .catch((problem) => { if (!abort.signal.aborted) { error.value = sentence(problem); } });
    return () => abort.abort();
  }, [url, accept]);

  /** @param {{url?: string, accept?: string}} part */
  const change = (part) => {
    const next = { url, accept, ...part };
    go(`/explain?${new URLSearchParams(next.accept === ACCEPTS[0] ? { url: next.url } : next)}`);
  };
  const explanation = found.value?.explanation;
  return html`<main class="page" id="main" tabindex="-1" aria-busy=${url && !found.value && !error.value ? "true" : null}>
    <h1>${t("nav.explain")}</h1>
    <p class="faint">${t("explain.help")}</p>
    <form onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); change({ url: box.current?.value.trim() ?? "" }); }}>
      <label class="tall">${t("explain.url")}<textarea ref=${box} key=${url} defaultValue=${url} rows="3" spellcheck=${false} required
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter") { event.preventDefault(); change({ url: box.current?.value.trim() ?? "" }); } }}></textarea></label>
      <p class="line"><label>Accept<select value=${accept} onChange=${(/** @type {any} */ event) => change({ accept: event.target.value, url: box.current?.value.trim() ?? "" })}>
        ${ACCEPTS.map((each) => html`<option value=${each}>${each}</option>`)}</select></label>
        <button class="primary">${t("nav.explain")}</button></p>
    </form>
    ${error.value && html`<p class="error" role="alert">${error}</p>`}
    ${found.value && explanation && html`<div role="status">
      <${MarkedUrl} explanation=${explanation} />
      <${Verdict} found=${found.value} />
      <section aria-labelledby="parts"><h2 id="parts">${t("explain.parts")}</h2><div class="scroll"><table>
        <thead><tr><th>${t("explain.kind")}</th><th>${t("explain.part")}</th><th>${t("explain.meaning")}</th></tr></thead>
        <tbody>${explanation.parts.map((part) => html`<tr><td class="faint">${t(/** @type {any} */ (`part.${part.kind}`))}</td><th scope="row"><code class="break">${part.text}</code></th>
          <td class="break">${marked(part.meaning)}${Object.keys(part.sets).length > 0 && html`<br /><code class="faint">${Object.entries(part.sets).map(([name, value]) => `${name}=${value}`).join(", ")}</code>`}</td></tr>`)}</tbody></table></div></section>
      <dl class="facts">
        ${explanation.source && !explanation.refusal && html`<div class="fact"><dt>${t("explain.source")}</dt><dd>${explanation.source}</dd></div>`}
        ${!explanation.refusal && html`<div class="fact"><dt>${t("explain.cached")}</dt><dd>${Object.entries(explanation.cached).map(([place, time]) => t(/** @type {any} */ (`cached.${place}`), { time: date(new Date(1000 * time).toISOString(), true) })).join(", ") || t("explain.uncached")}</dd></div>`}
        ${explanation.format && html`<div class="fact"><dt>${t("explain.format")}</dt><dd>${explanation.format}</dd></div>`}
        ${explanation.vary && html`<div class="fact"><dt>Vary</dt><dd>${explanation.vary}</dd></div>`}
        ${Object.entries(found.value.answer?.headers ?? {}).map(([name, value]) => html`<div class="fact"><dt>${name}</dt><dd>${value}</dd></div>`)}
      </dl>
      ${explanation.notes.length > 0 && html`<ul>${explanation.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
    </div>`}
  </main>`;
}
