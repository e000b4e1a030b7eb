// API keys, tenants with their quotas, and tokens for uploads from browsers.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, request, session } from "../api.js";
import { html } from "../html.js";
import { date, number, size, t } from "../text.js";
import { Dialog } from "../ui/dialog.js";
import { fail, notify, sentence } from "../ui/notices.js";

/**
 * @typedef {{id: string, tenant: string, role: string, prefix: string, label: string, created: string, expires?: string, revoked?: string}} Key
 * @typedef {{name: string, max_bytes: number | null, max_assets: number | null, requests_per_minute: number | null, assets: number, bytes: number, reserved: number}} Tenant
 */

const DAY = 86400;

/** @param {{title: string, text: string, onClose: () => void}} props */
function Once({ title, text, onClose }) {
  return html`<${Dialog} title=${title} onClose=${onClose}><p>${t("keys.once")}</p><pre class="code break" tabindex="0">${text}</pre>
    <p class="actions"><button onClick=${() => navigator.clipboard.writeText(text).then(() => notify(t("copied"))).catch(fail)}>${t("copy")}</button>
      <button class="primary" autofocus onClick=${onClose}>${t("close")}</button></p><//>`;
}

/** @param {{tenants: Tenant[], onMade: (key: string) => void, onClose: () => void}} props */
function NewKey({ tenants, onMade, onClose }) {
  const error = useSignal("");
  const submit = async (/** @type {any} */ event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const json = { tenant: form.get("tenant"), role: form.get("role"), prefix: form.get("prefix"), label: form.get("label"), expires_in: form.get("days") ? Number(form.get("days")) * DAY : null };
    try {
      onMade((await request("POST", "/keys", { json })).key);
    } catch (problem) {
      error.value = sentence(problem);
    }
  };
  return html`<${Dialog} title=${t("keys.new")} onClose=${onClose}><form onSubmit=${submit}>
    <label>${t("keys.label")}<input name="label" autofocus maxlength="200" /></label>
    <label>${t("keys.role")}<select name="role"><option value="read">read – ${t("role.read")}</option><option value="write" selected>write – ${t("role.write")}</option><option value="admin">admin – ${t("role.admin")}</option></select></label>
    <label>${t("keys.tenant")}<select name="tenant">${tenants.map((each) => html`<option>${each.name}</option>`)}</select></label>
    <label>${t("keys.prefix")}<input name="prefix" placeholder="shop/" spellcheck=${false} /></label>
    <label>${t("keys.days")}<input name="days" type="number" min="1" max="3650" /></label>
    <p class="error" role="alert">${error}</p>
    <p class="actions"><button type="button" onClick=${onClose}>${t("cancel")}</button><button class="primary">${t("keys.make")}</button></p></form><//>`;
}

/** @param {{used: number, most: number | null, text: (value: number) => string, label: string}} props */
function Quota({ used, most, text, label }) {
  return html`<span>${text(used)}${most === null ? "" : ` / ${text(most)}`}</span>${most !== null && html`<meter min="0" max=${most || 1} high=${0.9 * (most || 1)} value=${used} aria-label=${label}></meter>`}`;
}

/** @param {{tenants: Tenant[], onChange: () => void}} props */
function Tenants({ tenants, onChange }) {
  const edited = useSignal(/** @type {Tenant | null} */ (null));
  const error = useSignal("");
  const submit = async (/** @type {any} */ event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const limit = (/** @type {string} */ name, factor = 1) => (form.get(name) ? Math.round(Number(form.get(name)) * factor) : null);
    try {
      await request("PUT", `/tenants/${encodeURIComponent(String(form.get("name") ?? edited.value?.name))}`, { json: { max_bytes: limit("megabytes", 1e6), max_assets: limit("assets"), requests_per_minute: limit("rate") } });
      edited.value = null;
      error.value = "";
      onChange();
    } catch (problem) {
      error.value = sentence(problem);
    }
  };
  const open = (/** @type {Tenant | null} */ tenant) => { error.value = ""; edited.value = tenant ?? { name: "", max_bytes: null, max_assets: null, requests_per_minute: null, assets: 0, bytes: 0, reserved: 0 }; };
  const now = edited.value;
  return html`<section aria-labelledby="tenants"><h2 id="tenants">${t("tenants.title")}</h2><div class="scroll" tabindex="0" role="group" aria-labelledby="tenants"><table>
    <thead><tr><th>${t("keys.tenant")}</th><th>${t("tenants.bytes")}</th><th>${t("tenants.assets")}</th><th>${t("tenants.rate")}</th><th><span class="visually-hidden">${t("tenants.edit")}</span></th></tr></thead>
    <tbody>${tenants.map((each) => html`<tr><th scope="row">${each.name}</th><td><${Quota} used=${each.bytes + each.reserved} most=${each.max_bytes} text=${size} label=${t("tenants.bytes")} /></td>
      <td><${Quota} used=${each.assets} most=${each.max_assets} text=${number} label=${t("tenants.assets")} /></td><td>${each.requests_per_minute === null ? "–" : number(each.requests_per_minute)}</td>
      <td><button onClick=${() => open(each)}>${t("tenants.edit")}</button></td></tr>`)}</tbody></table></div>
    <p><button onClick=${() => open(null)}>${t("tenants.new")}</button></p>
    ${now && html`<${Dialog} title=${now.name || t("tenants.new")} onClose=${() => { edited.value = null; }}><form onSubmit=${submit}>
      ${!now.name && html`<label>${t("tenants.name")}<input name="name" autofocus required pattern="[a-z0-9][a-z0-9_-]*" maxlength="63" /></label>`}
      <label>${t("tenants.megabytes")}<input name="megabytes" type="number" min="0" step="any" defaultValue=${now.max_bytes === null ? "" : now.max_bytes / 1e6} /></label>
      <label>${t("tenants.assets")}<input name="assets" type="number" min="0" defaultValue=${now.max_assets ?? ""} /></label>
      <label>${t("tenants.rate")}<input name="rate" type="number" min="0" defaultValue=${now.requests_per_minute ?? ""} /></label>
      <p class="faint">${t("tenants.help")}</p><p class="error" role="alert">${error}</p>
      <p class="actions"><button type="button" onClick=${() => { edited.value = null; }}>${t("cancel")}</button><button class="primary">${t("save")}</button></p></form><//>`}
  </section>`;
}

/** @param {{onMade: (token: string) => void}} props */
function TokenForm({ onMade }) {
  const prefix = useSignal(session.value?.prefix || "uploads/");
  const minutes = useSignal("60");
  const megabytes = useSignal("20");
  const types = useSignal("image/jpeg, image/png");
  const error = useSignal("");
  const claims = { expires_in: Math.round(Number(minutes.value) * 60), prefix: prefix.value, max_size: Math.round(Number(megabytes.value) * 1e6), types: types.value.split(",").map((each) => each.trim()).filter(Boolean) };
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    error.value = "";
    try {
      onMade((await request("POST", "/tokens", { json: claims })).token);
    } catch (problem) {
      error.value = sentence(problem);
    }
  };
  const field = (/** @type {string} */ label, /** @type {import("@preact/signals").Signal<string>} */ value, type = "text") => html`<label>${label}<input type=${type} min=${type === "number" ? 1 : null} value=${value} onInput=${(/** @type {any} */ event) => { value.value = event.target.value; }} /></label>`;
  const code = `curl --request POST ${location.origin}/tokens \\\n  --header "Authorization: Bearer $API_KEY" --json '${JSON.stringify(claims)}'`;
  return html`<section aria-labelledby="tokens"><h2 id="tokens">${t("tokens.title")}</h2><p class="faint">${t("tokens.help")}</p>
    <form onSubmit=${submit}><div class="line">${field(t("keys.prefix"), prefix)}${field(t("tokens.minutes"), minutes, "number")}${field(t("tenants.megabytes"), megabytes, "number")}${field(t("tokens.types"), types)}</div>
      <pre class="code" tabindex="0" aria-labelledby="tokens">${code}</pre><p class="error" role="alert">${error}</p><p><button class="primary">${t("tokens.make")}</button></p></form></section>`;
}

export function Keys() {
  const keys = useSignal(/** @type {Key[] | null} */ (null));
  const tenants = useSignal(/** @type {Tenant[]} */ ([]));
  const dialog = useSignal(/** @type {{kind: string, text?: string, key?: Key} | null} */ (null));
  const error = useSignal("");
  const close = () => { dialog.value = null; };
  const load = async () => {
    const [found, others] = await Promise.all([get("/keys"), get("/tenants")]);
    keys.value = found.keys;
    tenants.value = others.tenants;
  };
  const reload = () => load().catch((problem) => { error.value = sentence(problem); });
  useEffect(() => { reload(); }, []);
  const revoke = (/** @type {Key} */ key) => request("DELETE", `/keys/${key.id}`).then(reload).catch(fail);
  const shown = dialog.value;
  return html`<main class="page" id="main" tabindex="-1" aria-busy=${keys.value || error.value ? null : "true"}>
    <h1>${t("nav.keys")}</h1>
    ${error.value && html`<p class="error" role="alert">${error}</p>`}
    ${keys.value && html`<p><button class="primary" onClick=${() => { dialog.value = { kind: "new" }; }}>${t("keys.new")}</button></p>
      ${keys.value.length ? html`<div class="scroll" tabindex="0" role="group" aria-label=${t("nav.keys")}><table>
        <thead><tr><th>${t("keys.label")}</th><th>${t("keys.role")}</th><th>${t("keys.tenant")}</th><th>${t("keys.prefix")}</th><th>${t("keys.created")}</th><th>${t("keys.ends")}</th><th><span class="visually-hidden">${t("keys.revoke")}</span></th></tr></thead>
        <tbody>${keys.value.map((key) => html`<tr class=${key.revoked ? "faint" : ""}><th scope="row">${key.label || html`<code>${key.id.slice(0, 8)}</code>`}</th><td>${key.role}</td><td>${key.tenant}</td><td>${key.prefix || "–"}</td><td class="amount">${date(key.created)}</td>
          <td class="amount">${key.revoked ? t("keys.revoked", { date: date(key.revoked) }) : key.expires ? date(key.expires) : "–"}</td>
          <td>${!key.revoked && html`<button class="danger" onClick=${() => { dialog.value = { kind: "revoke", key }; }}>${t("keys.revoke")}</button>`}</td></tr>`)}</tbody></table></div>`
        : html`<p class="faint">${t("keys.none")}</p>`}
      <${Tenants} tenants=${tenants.value} onChange=${reload} />
      <${TokenForm} onMade=${(/** @type {string} */ text) => { dialog.value = { kind: "token", text }; }} />`}
    ${shown?.kind === "new" && html`<${NewKey} tenants=${tenants.value} onClose=${close} onMade=${(/** @type {string} */ text) => { dialog.value = { kind: "key", text }; reload(); }} />`}
    ${(shown?.kind === "key" || shown?.kind === "token") && html`<${Once} title=${t(shown.kind === "key" ? "keys.made" : "tokens.made")} text=${shown.text ?? ""} onClose=${close} />`}
    ${shown?.kind === "revoke" && shown.key && html`<${Dialog} title=${t("keys.revoke_title", { name: shown.key.label || shown.key.id.slice(0, 8) })} onClose=${close}><p>${t("keys.revoke_help")}</p>
      <p class="actions"><button autofocus onClick=${close}>${t("cancel")}</button><button class="danger" onClick=${() => { const key = /** @type {Key} */ (shown.key); close(); revoke(key); }}>${t("keys.revoke")}</button></p><//>`}
  </main>`;
}
