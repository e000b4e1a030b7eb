// The state of the services, every few seconds; purges; who changed what.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, request } from "../api.js";
import { html } from "../html.js";
import { href } from "../router.js";
import { date, number, size, t } from "../text.js";
import { fail, sentence } from "../ui/notices.js";

/**
 * @typedef {{name: string, labels: Record<string, string>, value: number}} Figure
 * @typedef {{workers: {size: number, ready: number, busy: number, queued: number}, quarantined: number, sandbox: Record<string, boolean>}} Pool
 * @typedef {{url: string, error: string, status: {version: string, pool: Pool, figures: Figure[]} | null}} Proxy
 * @typedef {{version: string, python: string, database: string, read_only: boolean, pool: Pool, uploads_in_progress: number, proxies: Proxy[],
 *   storages: {name: string, requests: number, errors: Record<string, number>, bytes_read: number, bytes_written: number, breakers: Record<string, string>}[],
 *   backlog: {open_uploads: Record<string, number>, outbox: number, oldest_purge: number | null, oldest_check: number | null,
 *     unchecked: number, assets: Record<string, number>, jobs: Record<string, Record<string, number>>}}} Status
 * @typedef {{time: number, status: Status}} Reading
 * @typedef {{time: string, action: string, subject: string, by?: string, version?: number}} Entry
 */

const INTERVAL = 5000;
const MOST_READINGS = 120;

/** @param {Proxy} proxy @param {string} name @param {(labels: Record<string, string>) => boolean} [which] */
function sum(proxy, name, which = () => true) {
  return (proxy.status?.figures ?? []).filter((each) => each.name === name && which(each.labels)).reduce((total, each) => total + each.value, 0);
}

/** What a counter grew by in a second, between each two readings. @param {Reading[]} readings @param {string} url @param {(proxy: Proxy) => number} value */
function rates(readings, url, value) {
  const found = [];
  for (let index = 1; index < readings.length; index += 1) {
    const [before, now] = [readings[index - 1], readings[index]].map((each) => each.status.proxies.find((proxy) => proxy.url === url));
    if (!before?.status || !now?.status) continue;
    // A counter that fell belongs to a process that was started anew.
    found.push(Math.max(0, value(now) - value(before)) / ((readings[index].time - readings[index - 1].time) / 1000));
  }
  return found;
}

/** @param {{values: number[], label: string}} props */
function Sparkline({ values, label }) {
  const most = Math.max(...values, 1e-9);
  const points = values.map((value, index) => `${(index / Math.max(1, values.length - 1)) * 100},${28 - (value / most) * 26}`).join(" ");
  return html`<svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label=${label}>${values.length > 1 && html`<polyline points=${points} />`}</svg>`;
}

/** @param {{name: any, children?: any}} props */
const Row = ({ name, children }) => html`<div class="fact"><dt>${name}</dt><dd>${children}</dd></div>`;

/** @param {{pool: Pool}} props */
function Workers({ pool }) {
  const off = Object.entries(pool.sandbox).filter(([, on]) => !on).map(([name]) => name);
  return html`<${Row} name=${t("status.workers")}>${t("status.workers_of", { ready: pool.workers.ready, busy: pool.workers.busy, queued: pool.workers.queued })}<//>
    ${pool.quarantined > 0 && html`<${Row} name=${t("status.quarantined")}><strong class="error">${number(pool.quarantined)}</strong><//>`}
    ${off.length > 0 && html`<${Row} name=${t("status.sandbox")}>${t("status.sandbox_off", { layers: off.join(", ") })}<//>`}`;
}

/** @param {{proxy: Proxy, readings: Reading[]}} props */
function ProxyCard({ proxy, readings }) {
  if (!proxy.status) return html`<section class="tile"><h2>${t("status.proxy")}</h2><p class="break">${proxy.url}</p><p class="error" role="alert">${proxy.error}</p></section>`;
  const served = rates(readings, proxy.url, (each) => sum(each, "requests_total"));
  // The store is asked for what memory has not got.
  const of = (/** @type {string} */ name, /** @type {string} */ cache) => sum(proxy, name, (labels) => labels.cache === cache);
  const hits = of("cache_hits_total", "variants") + of("cache_hits_total", "store");
  const lookups = Math.max(of("cache_hits_total", "variants") + of("cache_misses_total", "variants"), of("cache_hits_total", "store") + of("cache_misses_total", "store"));
  const renders = sum(proxy, "request_duration_seconds_count");
  const errors = proxy.status.figures.filter((each) => each.name === "errors_total" && each.value > 0).sort((one, other) => other.value - one.value).slice(0, 6);
  return html`<section class="tile"><h2>${t("status.proxy")} <span class="faint small break">${proxy.url}</span></h2><dl class="facts">
    <${Row} name=${t("status.requests")}>${number(sum(proxy, "requests_total"))}${served.length > 0 && html` · ${number(Math.round(10 * (served.at(-1) ?? 0)) / 10)} / s <${Sparkline} values=${served} label=${t("status.requests")} />`}<//>
    <${Row} name=${t("status.hits")}>${lookups ? `${number(Math.round((100 * hits) / lookups))} %` : "–"}<//>
    <${Row} name=${t("status.mean")}>${renders ? `${number(Math.round((1000 * sum(proxy, "request_duration_seconds_sum")) / renders))} ms` : "–"}<//>
    <${Workers} pool=${proxy.status.pool} />
    <${Row} name=${t("status.caches")}>${size(sum(proxy, "cache_bytes"))}<//>
    ${errors.length > 0 && html`<${Row} name=${t("status.errors")}>${errors.map((each) => html`<span class="line-item"><code>${each.labels.code}</code> ${number(each.value)}</span> `)}<//>`}
    <${Row} name=${t("status.version")}>${proxy.status.version}<//></dl></section>`;
}

/** @param {Record<string, number>} counts */
const counted = (counts) => Object.entries(counts).filter(([, count]) => count).map(([name, count]) => `${name} ${number(count)}`).join(", ") || t("status.none");

/** @param {{status: Status}} props */
function ServiceCard({ status }) {
  const { backlog } = status;
  return html`<section class="tile"><h2>${t("status.service")}</h2><dl class="facts">
    <${Workers} pool=${status.pool} />
    <${Row} name=${t("status.uploads")}>${number(status.uploads_in_progress)} · ${counted(backlog.open_uploads)}<//>
    <${Row} name=${t("status.outbox")}>${backlog.outbox ? `${number(backlog.outbox)}${backlog.oldest_purge ? `, ${date(new Date(1000 * backlog.oldest_purge).toISOString(), true)}` : ""}` : t("status.none")}<//>
    <${Row} name=${t("status.assets")}>${counted(backlog.assets)}<//>
    <${Row} name=${t("status.scrub")}>${backlog.oldest_check ? date(new Date(1000 * backlog.oldest_check).toISOString(), true) : "–"}, ${t("status.unchecked", { count: backlog.unchecked })}<//>
    <${Row} name=${t("status.jobs")}>${Object.entries(backlog.jobs).map(([kind, states]) => `${kind}: ${counted(states)}`).join("; ") || t("status.none")}<//>
    ${status.storages.map((each) => html`<${Row} name=${t("status.storage", { name: each.name || "–" })}>${number(each.requests)} · ${size(each.bytes_read)} ↓ ${size(each.bytes_written)} ↑ ${Object.keys(each.errors).length ? counted(each.errors) : ""}<//>`)}
    <${Row} name=${t("status.database")}>${status.database}${status.read_only ? `, ${t("status.read_only")}` : ""}<//>
    <${Row} name=${t("status.version")}>${status.version}, Python ${status.python}<//></dl></section>`;
}

/** @typedef {{url: string, dropped: Record<string, number> | null, error: string}} PurgeAnswer */

/** What each proxy dropped, or why it has not answered. @param {{source: string, answers: PurgeAnswer[]}} props */
function PurgeAnswers({ source, answers }) {
  if (!answers.length) return html`<p role="status">${t("purge.feed", { source })}</p>`;
  return html`<div role="status"><p>${t("purge.answers", { source })}</p><dl class="facts">
    ${answers.map((each) => html`<${Row} name=${html`<span class="break">${each.url}</span>`}>${each.dropped
      ? Object.entries(each.dropped).map(([place, count]) => html`<span class="line-item">${t(/** @type {any} */ (`purge.${place}`))} ${number(count)}</span> `)
      : html`<span class="error">${each.error}</span> ${t("purge.again")}`}<//>`)}</dl></div>`;
}

function PurgeForm() {
  const source = useSignal("");
  const answered = useSignal(/** @type {{source: string, proxies: PurgeAnswer[]} | null} */ (null));
  const busy = useSignal(false);
  const error = useSignal("");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    error.value = "";
    try {
      busy.value = true;
      answered.value = await request("POST", "/purges", { json: { source: source.value.trim() } });
      source.value = "";
    } catch (problem) {
      error.value = sentence(problem);
    } finally {
      busy.value = false;
    }
  };
  return html`<section aria-labelledby="purge"><h2 id="purge">${t("purge.title")}</h2><p class="faint">${t("purge.help")}</p>
    <form class="line" onSubmit=${submit}><label>${t("playground.source")}<input value=${source} placeholder="alias://shop/cup" spellcheck=${false} aria-describedby="purge-error"
      onInput=${(/** @type {any} */ event) => { source.value = event.target.value; }} /></label><button class="primary" disabled=${busy.value || !source.value.trim()}>${t("purge.do")}</button></form>
    <p id="purge-error" class="error" role="alert">${error}</p>
    ${answered.value && html`<${PurgeAnswers} source=${answered.value.source} answers=${answered.value.proxies} />`}</section>`;
}

/** @param {Entry} entry */
function link(entry) {
  if (entry.action.startsWith("alias.")) return html`<a href=${href(`/aliases/${encodeURI(entry.subject)}`)}>${entry.subject}</a>`;
  if (entry.action.startsWith("asset.")) return html`<a href=${href(`/assets/${entry.subject}`)}><code>${entry.subject.slice(0, 12)}</code></a>`;
  return html`<code>${entry.subject}</code>`;
}

function Audit() {
  const entries = useSignal(/** @type {Entry[]} */ ([]));
  const cursor = useSignal(/** @type {string | null} */ (""));
  const load = async () => {
    const page = await get(`/audit?limit=25${cursor.value ? `&cursor=${cursor.value}` : ""}`);
    entries.value = [...entries.value, ...page.entries];
    cursor.value = page.cursor;
  };
  useEffect(() => { load().catch(fail); }, []);
  return html`<section aria-labelledby="audit"><h2 id="audit">${t("audit.title")}</h2>
    ${entries.value.length ? html`<div class="scroll" tabindex="0" role="group" aria-labelledby="audit"><table><thead><tr><th>${t("audit.time")}</th><th>${t("audit.action")}</th><th>${t("audit.subject")}</th><th>${t("audit.by")}</th></tr></thead>
      <tbody>${entries.value.map((each) => html`<tr><td class="amount">${date(each.time, true)}</td><td>${each.action}${each.version ? ` v${each.version}` : ""}</td><td class="break">${link(each)}</td><td class="break faint">${each.by ?? ""}</td></tr>`)}</tbody></table></div>`
      : html`<p class="faint">${t("status.none")}</p>`}
    ${cursor.value && html`<p><button onClick=${() => load().catch(fail)}>${t("audit.more")}</button></p>`}</section>`;
}

export function Operation() {
  const readings = useSignal(/** @type {Reading[]} */ ([]));
  const error = useSignal("");
  useEffect(() => {
    const abort = new AbortController();
    const read = async () => {
      if (document.hidden) return;
      try {
        const status = await get("/status", abort.signal);
        readings.value = [...readings.value.slice(1 - MOST_READINGS), { time: performance.now(), status }];
        error.value = "";
      } catch (problem) {
        if (!abort.signal.aborted) error.value = sentence(problem);
      }
    };
    read();
    const timer = setInterval(read, INTERVAL);
    return () => { clearInterval(timer); abort.abort(); };
  }, []);
  const status = readings.value.at(-1)?.status;
  return html`<main class="page" id="main" tabindex="-1" aria-busy=${status || error.value ? null : "true"}>
    <h1>${t("nav.operation")}</h1>
    ${error.value && html`<p class="error" role="alert">${error}</p>`}
    ${status && html`<div class="tiles"><${ServiceCard} status=${status} />${status.proxies.map((proxy) => html`<${ProxyCard} key=${proxy.url} proxy=${proxy} readings=${readings.value} />`)}</div>
      <${PurgeForm} /><${Audit} />`}
  </main>`;
}
